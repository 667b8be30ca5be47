"""Puts a topology together, node by node and wire by wire."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from simcore.engine import CommChannel
from simcore.errors import ScenarioError
from simcore.topologies.base import NicMapping, Place
from simcore.topologies.fabric import Fabric
from simcore.topologies.graph import Node, NodeKind, Wire


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """What a wire can do.

    Attributes
    ----------
    bandwidth : of one direction [byte/s]
    latency : of one crossing [s]
    link : the catalog's link that these are of; None where they are of none
    """

    bandwidth: float
    latency: float
    link: str | None = None

    def times(self, bandwidth: float = 1.0, latency: float = 1.0) -> "Values":
        """The same with other values, by factors."""
        return Values(
            bandwidth=self.bandwidth * bandwidth,
            latency=self.latency * latency,
            link=self.link,
        )


class Builder:
    """Nodes and wires of a topology, in the order in which they are added.

    Parameters
    ----------
    link : returns the bandwidth [byte/s] and latency [s] of a catalog link, by its name
    full_duplex : whether the two directions of a wire have a channel each
    """

    def __init__(self, *, link: Callable, full_duplex: bool):
        self._link = link
        self._full_duplex = full_duplex
        self._known: dict[str, Values] = {}
        self.nodes: list[Node] = []
        self.wires: list[Wire] = []

    def node(
        self, kind: NodeKind, name: str, *, label: str = "", machine: str = "", rack: str = ""
    ) -> int:
        """Adds a node; returns its number."""
        number = len(self.nodes)
        self.nodes.append(Node(number, name, kind, label or name, machine, rack))
        return number

    def values(self, link: str) -> Values:
        """Those of a catalog link; raises ScenarioError where the cost model has none for it."""
        if link not in self._known:
            self._known[link] = self._looked_up(link)
        return self._known[link]

    def _looked_up(self, link):
        found = self._link(link)
        if found is None:
            raise ScenarioError(
                f"topology: this cost model has no values for the link {link}; choose another "
                "cost model or topology",
                field="topology",
            )
        return Values(bandwidth=found.bandwidth, latency=found.latency, link=link)

    def wire(
        self, name: str, group: str, a: int, b: int, values: Values | str, *, full_duplex=True
    ):
        """Adds a wire between two nodes, of a catalog link where `values` is its name."""
        if isinstance(values, str):
            values = self.values(values)
        bandwidth, latency = values.bandwidth, values.latency
        if full_duplex and self._full_duplex:
            out = CommChannel(f"{name} out", bandwidth, latency)
            into = CommChannel(f"{name} in", bandwidth, latency)
        else:
            out = into = CommChannel(name, bandwidth, latency)
        self.wires.append(Wire(name, group, (a, b), values.link, out, into))

    def build(
        self, places: Mapping[Place, int], mapping: NicMapping, nics: int | None = None
    ) -> Fabric:
        """The topology, with GPUs of the pools at these nodes."""
        return Fabric(tuple(self.nodes), tuple(self.wires), dict(places), mapping, nics=nics)
