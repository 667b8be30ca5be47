"""What a run gives back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from simcore.errors import SimulationError
from simcore.serving.cluster.ledger import Ledger
from simcore.serving.cluster.members import Phase
from simcore.serving.cluster.outcome import Course
from simcore.serving.cluster.spec import ClusterSpec
from simcore.serving.replica.state import Counts
from simcore.serving.request import Client


class Verdict(Enum):
    """Whether a cluster keeps up.

    Attributes
    ----------
    STABLE : it does
    BACKLOGGED : while requests came, more waited than were worked on, but they did not become ever
        more
    OVERLOADED : they became ever more while requests came, or more than the bound
    """

    STABLE = "stable"
    BACKLOGGED = "backlogged"
    OVERLOADED = "overloaded"


@dataclass(frozen=True, slots=True)
class ReplicaFacts:
    """What a replica did.

    Attributes
    ----------
    index, pool, slot : which it is
    phases : of its life, and when each began [s]
    counts : what its engine has done
    total_blocks : of its KV cache
    """

    index: int
    pool: str
    slot: int
    phases: tuple[tuple[Phase, float], ...]
    counts: Counts
    total_blocks: int

    def lasted_s(self, until_s: float) -> float:
        """How long it was there, from being provisioned to being gone [s]."""
        last, at = self.phases[-1]
        return (at if last is Phase.GONE else until_s) - self.phases[0][1]


Table = Mapping[str, np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Served:
    """What a run gives back.

    Attributes
    ----------
    courses : of all requests, by number; empty where a sink was told of them
    unfinished : of requests that were under way at the end; empty for a run that was not stopped
    end_s : last moment [s]
    last_arrival_s : [s]
    replicas : what each did, by index
    replica_timeline, pool_timeline, cluster_timeline : a row for each replica, each pool, and one,
        at each point
    link_timeline : "time_s", and by name of a channel the share of its bandwidth that was used in
        the span that ends there
    scaling : (time [s], pool, replicas that were started or, if negative, drained)
    stopped : why the run did not go on to the end; None where it did
    """

    spec: ClusterSpec
    clients: tuple[Client, ...]
    seed: int
    courses: Sequence[Course]
    unfinished: Sequence[Course]
    end_s: float
    last_arrival_s: float
    ledger: Ledger
    replicas: tuple[ReplicaFacts, ...]
    replica_timeline: Table
    pool_timeline: Table
    cluster_timeline: Table
    link_timeline: Table
    scaling: tuple[tuple[float, str, int], ...]
    verdict: Verdict
    stopped: str | None = None

    @property
    def partial(self) -> bool:
        """Whether the run was stopped."""
        return self.stopped is not None


class ServingStopped(SimulationError):
    """A run that could not go on: a policy, or the source of requests, raised an error.

    Attributes
    ----------
    served : what there is up to then
    """

    def __init__(self, message: str, served: Served | None = None):
        super().__init__(message)
        self.served = served


def verdict_of(times, arrived, waiting, running, last_arrival_s: float) -> Verdict:
    """Whether a cluster kept up, from points in time.

    Only the time in which requests came counts. It is overloaded where from the second quarter of
    that time to the last, each on average, the requests that wait became half as many more, 10 more
    at least, and that by more than 5 % of those that arrived between; backlogged where more waited
    than ran, on average over its second half.

    Parameters
    ----------
    times : of the points [s]
    arrived : requests up to then
    waiting, running : requests of the cluster at these
    """
    times, arrived, waiting = (np.asarray(v, dtype=float) for v in (times, arrived, waiting))
    share = times / last_arrival_s if last_arrival_s > 0 else np.full(len(times), 2.0)
    second, last = (share > 0.25) & (share <= 0.5), (share > 0.75) & (share <= 1.0)
    if second.any() and last.any():
        before, after = waiting[second].mean(), waiting[last].mean()
        came = arrived[last].mean() - arrived[second].mean()
        if after > 1.5 * before and after > before + max(10, 0.05 * came):
            return Verdict.OVERLOADED
    later = (share > 0.5) & (share <= 1.0)
    if later.any() and waiting[later].mean() > np.mean(np.asarray(running)[later]):
        return Verdict.BACKLOGGED
    return Verdict.STABLE
