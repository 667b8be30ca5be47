"""A task graph changed in the middle of its run: other ways for transfers, another pace of jobs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from simcore.engine.bundles import Path
from simcore.engine.execute import Halted
from simcore.engine.graph import TaskGraph
from simcore.engine.routes import RouteTable


@dataclass(frozen=True)
class Detour:
    """Another way for what a transfer has left.

    Attributes
    ----------
    path : to be taken now
    latency_s : in flight again, before the payload moves [s]
    """

    path: Path
    latency_s: float


def changed(
    graph: TaskGraph,
    halted: Halted,
    detours: Mapping[int, Detour],
    paces: Mapping[int, float],
    lost: frozenset[int] = frozenset(),
) -> tuple[TaskGraph, Halted]:
    """The graph from the moment on at which its run was halted, and that moment in it.

    A transfer under way that is sent another way is two from then on: what has arrived of it, which
    ends at that moment, and the rest, under the old number, which begins then.

    Parameters
    ----------
    detours : by transfer that has not ended
    paces : by job that has not ended, what is left of its duration times this
    lost : transfers that have not ended and whose payload goes nowhere: they end at once
    """
    routes = RouteTable()
    for path, one in zip(graph.routes.paths, graph.routes.one, strict=True):
        routes.number(path, one)
    amount, route, latency = list(graph.amount), list(graph.route), list(graph.latency_s)
    successors, waits_for = list(graph.successors), list(graph.waits_for)
    start, end, still = list(halted.start), list(halted.end), list(halted.waits_for)
    under_way = dict(halted.under_way)
    parts = []  # of those under way, their numbers
    for task, detour in detours.items():
        number = routes.number(detour.path)
        if task in under_way and start[task] < halted.at_s:
            flying, left = under_way[task]
            parts.append(task)
            moved = amount[task] - left
            amount.append(moved)
            route.append(route[task])
            # One that was still in flight has moved nothing.
            latency.append(halted.at_s - start[task] if flying else latency[task])
            start.append(start[task])
            end.append(halted.at_s)
            still.append(0)
            waits_for.append(waits_for[task])
            successors.append((task,))
            waits_for[task] = 1
            start[task], amount[task] = halted.at_s, left
        if task in under_way:
            under_way[task] = detour.latency_s, amount[task]
        route[task], latency[task] = number, detour.latency_s
    for task, pace in paces.items():
        if task in under_way:
            _, left = under_way[task]
            amount[task] += left * (pace - 1.0)
            under_way[task] = 0.0, left * pace
        else:
            amount[task] *= pace
    for task in lost:
        if task in under_way:
            flying, left = under_way[task]
            amount[task] -= left
            under_way[task] = flying, 0.0
        else:
            amount[task] = 0.0
    if parts:
        stands_before = {task: len(graph) + place for place, task in enumerate(parts)}
        for before, following in enumerate(successors[: len(graph)]):
            if any(task in stands_before for task in following):
                successors[before] = tuple(stands_before.get(task, task) for task in following)
    again = np.array(parts, dtype=int)
    graph = replace(
        graph,
        amount=amount,
        route=route,
        latency_s=latency,
        successors=successors,
        waits_for=waits_for,
        routes=routes,
        device=np.concatenate([graph.device, graph.device[again]]),
        kind=np.concatenate([graph.kind, graph.kind[again]]),
        facts={name: np.concatenate([c, c[again]]) for name, c in graph.facts.items()},
        release={
            stands_before[task] if parts and task in stands_before else task: at
            for task, at in graph.release.items()
        },
    )
    return graph, Halted(halted.at_s, start, end, still, under_way)
