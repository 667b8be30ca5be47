"""What is to happen when: timers of the simulator that also moves the transfers."""

from collections.abc import Callable
from dataclasses import dataclass

from simcore.engine import CommNetworkSimulator, ComputeJob, DataBatch
from simcore.engine.bottleneck import WatchedNetwork
from simcore.serving.cluster.members import Member


@dataclass(frozen=True, slots=True)
class Arrival:
    """Requests arrive."""


@dataclass(frozen=True, slots=True, eq=False)
class Wake:
    """Something happens on a replica; out of date unless it has this version."""

    member: Member
    version: int


@dataclass(frozen=True, slots=True, eq=False)
class PhaseOver:
    """A phase of a replica's life is over; out of date unless it has this version."""

    member: Member
    version: int


@dataclass(frozen=True, slots=True)
class Tick:
    """The ledger is checked, and the timelines get a point."""


@dataclass(frozen=True, slots=True)
class Tell:
    """Replicas say how they are."""


@dataclass(frozen=True, slots=True)
class Scrape:
    """Metrics of a pool are read."""

    pool: str


@dataclass(frozen=True, slots=True)
class Look:
    """An autoscaler looks at metrics."""

    pool: str
    metrics: dict


class Timers:
    """The simulator of a cluster.

    Attributes
    ----------
    simulator : another one after each fault
    """

    def __init__(self):
        self._network = WatchedNetwork()
        self.simulator = CommNetworkSimulator(self._network)

    @property
    def now(self) -> float:
        """The simulated time [s]."""
        return self.simulator.current_time

    def at(self, time: float, what) -> None:
        """Let something happen at a time [s], or now if that is past."""
        simulator = self.simulator
        simulator.add_compute(ComputeJob("", max(0.0, time - simulator.current_time), tag=what))

    def bottleneck(self, batch: DataBatch):
        """The channel that held a transfer back that has ended; None where it had no path."""
        return self._network.bottleneck.pop(batch, None)

    def forget(self) -> None:
        """What has ended is told; keep it no longer."""
        self.simulator.completed_compute.clear()
        self.simulator.completed_batches.clear()

    def restart(self, onward: Callable[[DataBatch], DataBatch | None]) -> None:
        """Go on with other transfers in place of those under way.

        Rates depend on nothing but what is under way, so a new simulator goes on where the old one
        stops.

        Parameters
        ----------
        onward : what takes the place of a transfer; None for nothing
        """
        old = self.simulator
        self._network = WatchedNetwork()
        self.simulator = new = CommNetworkSimulator(self._network)
        new.current_time = old.current_time
        for job in old.active_compute:
            new.add_compute(ComputeJob("", job.rem_duration, tag=job.tag))
        for batch in old.active_batches:
            other = onward(batch)
            if other is not None:
                new.add_batch(other)
