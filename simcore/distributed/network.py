"""What joins the ranks: a switch with like NICs, or any topology."""

from collections.abc import Callable
from typing import Protocol

import gpu_catalog
from simcore.engine import CommChannel
from simcore.topologies import TOPOLOGIES, Fleet, NicMapping, Place, Placement, PoolSize

Paths = Callable[[int, int], tuple[CommChannel, ...]]
"""The channels from one rank to another."""


class Network(Protocol):
    """Joins any number of ranks."""

    def path(self, ranks: int) -> Paths:
        """For so many ranks: the channels from one to another, the same objects at every call."""


class Star:
    """Every rank has a NIC, and one switch joins them that never is the bottleneck.

    Parameters
    ----------
    bandwidth_bps : of a NIC in each direction [byte/s]
    latency_s : of a message from one rank to another [s]
    full_duplex : whether a NIC sends and receives at once, each at its full bandwidth
    """

    def __init__(self, bandwidth_bps: float, latency_s: float, full_duplex: bool = True):
        self.bandwidth_bps = bandwidth_bps
        self.latency_s = latency_s
        self.full_duplex = full_duplex
        CommChannel("a NIC", bandwidth_bps, latency_s)  # raises for what cannot be

    def path(self, ranks: int) -> Paths:
        if not self.full_duplex:
            nics = [
                CommChannel(f"NIC {rank}", self.bandwidth_bps, self.latency_s / 2)
                for rank in range(ranks)
            ]
            return lambda source, target: (nics[source], nics[target])
        out = [
            CommChannel(f"NIC {rank} transmit", self.bandwidth_bps, self.latency_s)
            for rank in range(ranks)
        ]
        into = [CommChannel(f"NIC {rank} receive", self.bandwidth_bps) for rank in range(ranks)]
        return lambda source, target: (out[source], into[target])


class OnTopology:
    """Ranks are the GPUs of one pool on a topology, by number.

    Parameters
    ----------
    name : of the topology, shipped or one's own
    gpu : name of the catalog's GPU
    """

    def __init__(self, name: str, gpu: str = "NVIDIA H100"):
        self.name = name
        self._build = TOPOLOGIES[name]
        self._gpu = gpu_catalog.gpu(gpu)

    def path(self, ranks: int) -> Paths:
        fabric = self._build(
            Fleet(
                prefill=PoolSize(name="prefill", gpu=self._gpu, stages=ranks, ranks=1),
                decode=PoolSize(name="decode", gpu=self._gpu, stages=1, ranks=1),
                placement=Placement.ACROSS,
                nics=None,
                mapping=NicMapping.NEAREST,
                oversubscription=1.0,
                link=gpu_catalog.link,
                full_duplex=True,
            )
        )
        places = [Place("prefill", rank) for rank in range(ranks)]
        return lambda source, target: fabric.path(places[source], places[target])


def star(bandwidth_bps: float, latency_s: float, full_duplex: bool = True) -> Star:
    """A switch that joins like NICs: see `Star`."""
    return Star(bandwidth_bps, latency_s, full_duplex)


def on_topology(name: str, gpu: str = "NVIDIA H100") -> OnTopology:
    """The GPUs of one pool on a topology: see `OnTopology`."""
    return OnTopology(name, gpu)
