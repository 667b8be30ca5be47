"""How long a collective takes with its wires to itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from simcore.engine.bundles import Path, Shard, bundled
from simcore.engine.execute import execute
from simcore.engine.graph import TaskGraph
from simcore.engine.routes import RouteTable


@dataclass(frozen=True, slots=True)
class RoutedSend:
    """A send of a round, on its way.

    Attributes
    ----------
    source, target : GPUs, by their number in the stage
    share : of the collective's buffer
    """

    source: int
    target: int
    share: float
    path: Path


class RoutedRound:
    """Sends that start together, on their paths.

    Attributes
    ----------
    sends : all of them, of several groups that work at the same time, too
    """

    def __init__(self, sends: Sequence[RoutedSend]):
        self.sends = tuple(sends)
        self._known: dict[float, float] = {}

    def seconds(self, sizes: np.ndarray) -> np.ndarray:
        """Time until all have arrived [s], for buffers of `sizes` [byte]."""
        if not self.sends:
            return np.zeros(len(sizes))
        if self._meet:
            return np.array([self._run(size) for size in sizes.tolist()])
        times = [latency + sizes * slope for latency, slope in self._alone]
        return times[0] if len(times) == 1 else np.maximum.reduce(times)

    @cached_property
    def _bundles(self):
        shards = [Shard(send.share, send.path) for send in self.sends]
        return bundled(shards).bundles

    @cached_property
    def _alone(self):
        """Of each bundle, its latency [s] and the time of each byte of the buffer [s/byte]."""
        return list(
            dict.fromkeys(
                (
                    bundle.latency_s,
                    self._share(bundle)
                    * max(bundle.path.count(c) / c.bandwidth_bps for c in bundle.path),
                )
                for bundle in self._bundles
            )
        )

    @cached_property
    def _meet(self):
        """Whether sends that are not alike share a channel."""
        crossed = [set(bundle.path) for bundle in self._bundles]
        return len(set().union(*crossed)) < sum(map(len, crossed))

    def _share(self, bundle):
        return self.sends[bundle.members[0]].share

    def _run(self, size):
        if size not in self._known:
            routes = RouteTable()
            n = len(self._bundles)
            graph = TaskGraph(
                amount=[self._share(bundle) * size for bundle in self._bundles],
                route=[routes.number(bundle.path) for bundle in self._bundles],
                latency_s=[bundle.latency_s for bundle in self._bundles],
                successors=[()] * n,
                waits_for=[0] * n,
                routes=routes,
                device=np.full(n, -1),
                devices=(),
                kind=np.zeros(n, dtype=int),
                kinds=(RoutedSend,),
                facts={},
            )
            self._known[size] = max(execute(graph)[1])
        return self._known[size]


@dataclass(frozen=True)
class RoutedCollective:
    """A collective as rounds of sends on the wires between its GPUs.

    Attributes
    ----------
    algorithm : its name
    rounds : one after the other; one and the same object may come several times
    """

    algorithm: str
    rounds: tuple[RoutedRound, ...]

    @property
    def as_flows(self) -> bool:
        """Whether it can be run as transfers."""
        return True

    def seconds(self, sizes: np.ndarray) -> np.ndarray:
        """Time that it takes alone [s], for buffers of `sizes` [byte]."""
        times = {round: round.seconds(sizes) for round in dict.fromkeys(self.rounds)}
        total = np.zeros(len(sizes))
        for each, seconds in times.items():
            total = total + self.rounds.count(each) * seconds
        return total


@dataclass(frozen=True)
class AtThePorts:
    """A collective of one round whose sends are too many to be listed: told by the fullest port.

    Attributes
    ----------
    algorithm : its name
    latency_s : of a send [s]
    slope : time at the fullest port for each byte of the buffer [s/byte]
    rounds, as_flows : as of a `RoutedCollective`: none, and no
    """

    algorithm: str
    latency_s: float
    slope: float
    rounds: tuple = ()
    as_flows: bool = False

    def seconds(self, sizes: np.ndarray) -> np.ndarray:
        """Time that it takes alone [s], for buffers of `sizes` [byte]."""
        return self.latency_s + self.slope * sizes
