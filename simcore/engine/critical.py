"""Why a task started when it did: the walk back through a task graph that has been executed."""

from dataclasses import dataclass
from itertools import chain

import numpy as np

from simcore.engine.graph import TaskGraph
from simcore.errors import SimulationError


@dataclass(frozen=True)
class CriticalTasks:
    """Tasks each of which started at the instant at which the one before ended.

    Attributes
    ----------
    tasks : their numbers, in order of time
    queued : of each, whether what it waited for last was a job of its own device
    ready_s : of each, when all else that it waits for had ended [s]; 0 if there is nothing else
    """

    tasks: np.ndarray
    queued: np.ndarray
    ready_s: np.ndarray


def critical_tasks(graph: TaskGraph, start_s, end_s, last: int, lane=None) -> CriticalTasks:
    """The chain of tasks that ends with `last`, back to one that waited for none.

    Of what a task waits for, the chain goes on with what ended last. Where several ended at that
    instant, transfers and jobs of other devices come before a job of its own device, and then the
    lowest number.

    Parameters
    ----------
    start_s, end_s : times that executing `graph` gave [s]
    lane : of each task, what it counts as a job of, -1 for none; None for the graph's devices

    Raises SimulationError if a task did not start when what it waited for had ended.
    """
    start_s, end_s = np.asarray(start_s), np.asarray(end_s)
    before, after = _edges(graph)
    device = graph.device if lane is None else lane
    own_device = (device[before] == device[after]) & (device[after] >= 0)
    binding = end_s[before] == start_s[after]
    came_from = np.full(len(graph), -1)
    for edges in (binding & own_device, binding & ~own_device):
        # Of equal indices the last assignment stays: the lowest number, read backwards.
        came_from[after[edges][::-1]] = before[edges][::-1]
    chosen = came_from.tolist()
    found = [last]
    while (task := chosen[found[-1]]) >= 0:
        found.append(task)
    if start_s[found[-1]] != 0.0:
        raise SimulationError(
            f"{graph.tag(found[-1])} starts at {start_s[found[-1]]} s, when nothing that it waits "
            "for ended"
        )
    tasks = np.array(found[::-1])
    device = device[tasks]
    queued = np.zeros(len(tasks), dtype=bool)
    queued[1:] = (device[1:] == device[:-1]) & (device[1:] >= 0)
    ready_s = np.zeros(len(graph))
    on_chain = np.zeros(len(graph), dtype=bool)
    on_chain[tasks] = True
    other = ~own_device & on_chain[after]
    np.maximum.at(ready_s, after[other], end_s[before[other]])
    return CriticalTasks(tasks, queued, ready_s[tasks])


def _edges(graph):
    """Who is waited for, and who waits: two arrays, by the number of the former."""
    counts = np.fromiter(map(len, graph.successors), int, len(graph))
    after = np.fromiter(chain.from_iterable(graph.successors), int, int(counts.sum()))
    return np.repeat(np.arange(len(graph)), counts), after
