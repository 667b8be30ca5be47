"""Work whose order is known beforehand, as data: tasks, and which waits for which."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from simcore.engine.routes import RouteTable
from simcore.engine.work import CommChannel

COMPUTE = -1


@dataclass(frozen=True, kw_only=True)
class TaskGraph:
    """Transfers and compute jobs, each of which starts when all it waits for has ended.

    Tasks are numbered from 0. What must not overlap on a device is ordered by the graph itself. A
    transfer may stand for several that are alike: see `bundles`.

    Attributes
    ----------
    amount : of each task, its payload [byte] or its duration [s]
    route : of each task, the number of its path in `routes`; COMPUTE for a job
    latency_s : of each transfer, how long it is in flight before its payload moves [s]; of a job, 0
    successors : of each task, the tasks that wait for it
    waits_for : of each task, how many tasks it waits for; those that wait for none start at 0, or
        when `release` says
    routes : the paths; none of them empty
    device : of each task, an index into `devices`; -1 for a transfer
    devices : what jobs run on
    kind : of each task, an index into `kinds`
    kinds : the tags' types
    facts : of each task, the fields of its tag; -1 where its type has no such field
    release : of tasks that wait for none, when they start [s]
    stands_for : of channels that carry the same as another, which no path crosses, that other one
    """

    amount: list[float]
    route: list[int]
    latency_s: list[float]
    successors: list[Sequence[int]]
    waits_for: list[int]
    routes: RouteTable
    device: np.ndarray
    devices: tuple[Any, ...]
    kind: np.ndarray
    kinds: tuple[type, ...]
    facts: dict[str, np.ndarray]
    release: Mapping[int, float] = field(default_factory=dict)
    stands_for: Mapping[CommChannel, CommChannel] = field(default_factory=dict)

    def __len__(self):
        return len(self.amount)

    def tag(self, task: int):
        """The tag of a task."""
        kind = self.kinds[self.kind[task]]
        return kind(*(int(self.facts[name][task]) for name in kind.__match_args__))
