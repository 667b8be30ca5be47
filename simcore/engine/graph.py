"""Work whose order is known beforehand, as data: tasks, and which waits for which."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from simcore.engine.routes import RouteTable

COMPUTE = -1


@dataclass(frozen=True, kw_only=True)
class TaskGraph:
    """Transfers and compute jobs, each of which starts when all it waits for has ended.

    Tasks are numbered from 0. What must not overlap on a device is ordered by the graph itself.

    Attributes
    ----------
    amount : of each task, its payload [byte] or its duration [s]
    route : of each task, the number of its path in `routes`; COMPUTE for a job
    successors : of each task, the tasks that wait for it
    waits_for : of each task, how many tasks it waits for; those that wait for none start at 0
    routes : the paths; none of them empty
    device : of each task, an index into `devices`; -1 for a transfer
    devices : what jobs run on
    kind : of each task, an index into `kinds`
    kinds : the tags' types
    facts : of each task, the fields of its tag; -1 where its type has no such field
    """

    amount: list[float]
    route: list[int]
    successors: list[Sequence[int]]
    waits_for: list[int]
    routes: RouteTable
    device: np.ndarray
    devices: tuple[Any, ...]
    kind: np.ndarray
    kinds: tuple[type, ...]
    facts: dict[str, np.ndarray]

    def __len__(self):
        return len(self.amount)

    def tag(self, task: int):
        """The tag of a task."""
        kind = self.kinds[self.kind[task]]
        return kind(*(int(self.facts[name][task]) for name in kind.__match_args__))
