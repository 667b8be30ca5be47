"""NICs and wires that fail while a pipeline runs: what is left goes other ways."""

from collections.abc import Sequence
from itertools import groupby, pairwise
from time import thread_time

import numpy as np

from simcore.costs import CostModel, Pool
from simcore.engine.execute import Halted, execute_until
from simcore.engine.graph import COMPUTE, TaskGraph
from simcore.engine.resume import Detour, changed
from simcore.pipelines.exchanges import exchanges_alone, timed_exchanges
from simcore.pipelines.tags import (
    Activations,
    Background,
    DecodeActivations,
    DecodeCollective,
    Handoff,
    PrefillCollective,
)
from simcore.topologies import Place, Topology
from simcore.topologies.trouble import Failure

# Between which pools the transfers of a kind go.
ENDS = {
    PrefillCollective: ("prefill", "prefill"),
    Activations: ("prefill", "prefill"),
    Handoff: ("prefill", "decode"),
    DecodeCollective: ("decode", "decode"),
    DecodeActivations: ("decode", "decode"),
}


def execute_with_failures(
    graph: TaskGraph,
    failures: Sequence[Failure],
    *,
    costs: CostModel,
    topology: Topology,
    pools: tuple[Pool, Pool],
    all_reduce: str,
    time_limit_s: float | None = None,
) -> tuple[TaskGraph, list[float], list[float]]:
    """Run a graph in which no transfer stands for several, while parts of its machine fail.

    What is under way over a part that fails goes on another way, with what is left of it, and is in
    flight again; what has not begun takes the new way at once. A path that works stays. Traffic of
    others over a wire that fails is lost. Collectives that are one job go on at the pace of the
    machine that is left.

    Parameters
    ----------
    failures : in order of time
    topology : before any of them
    pools : prefill and decode
    all_reduce : the name of an algorithm, or AUTO
    time_limit_s : processor time that this may take [s]; None for no limit

    Returns the graph as it was run in the end, and when each task started and ended [s].

    Raises ScenarioError where something cannot be reached any more, or nothing is called what is to
    fail; else as `execute` does.
    """
    began = thread_time()

    def left_of_it():
        return None if time_limit_s is None else time_limit_s - (thread_time() - began)

    machines = [(0.0, topology)]
    for at_s, together in groupby(failures, key=lambda failure: failure.at_s):
        names = tuple(failure.what for failure in together)
        machines.append((at_s, machines[-1][1].without(names)))
    halted: Halted | None = None
    for (_, before), (at_s, after) in pairwise(machines):
        halted = execute_until(graph, at_s, since=halted, time_limit_s=left_of_it())
        if None not in halted.end:
            break
        down = down_channels(after)
        detours, lost = _detours(graph, halted, before, after, down, pools)
        paces = _paces(graph, halted, costs, before, after, down, pools, all_reduce)
        graph, halted = changed(graph, halted, detours, paces, lost)
    done = execute_until(graph, since=halted, time_limit_s=left_of_it())
    return graph, done.start, done.end


def down_channels(topology: Topology) -> frozenset:
    """The channels of wires that are down, or end at a node that is."""
    down = topology.down
    return frozenset(
        channel
        for wire in topology.wires
        if wire.name in down or any(topology.nodes[end].name in down for end in wire.ends)
        for channel in wire.channels
    )


def _detours(graph, halted, before, after, down, pools):
    """The new ways of all that has not ended and cannot go on as it is; and what is lost."""
    hit = {n for n, path in enumerate(graph.routes.paths) if not down.isdisjoint(path)}
    stage, to_stage = graph.facts["stage"], graph.facts["to_stage"]
    rank, to_rank = graph.facts["rank"], graph.facts["to_rank"]
    gpus = {pool.name: pool.stage_gpus for pool in pools}
    detours, lost = {}, set()
    for task in (n for n, end in enumerate(halted.end) if end is None and graph.route[n] in hit):
        kind = graph.kinds[graph.kind[task]]
        if kind is Background:
            lost.add(task)
            continue
        source, target = ENDS[kind]
        at = int(stage[task])
        to = int(to_stage[task]) if to_stage[task] >= 0 else at
        a = Place(source, at * gpus[source] + int(rank[task]))
        b = Place(target, to * gpus[target] + int(to_rank[task]))
        old = graph.routes.paths[graph.route[task]]
        path = _instead(old, a, b, before, after, large=kind is Handoff)
        flight = sum(channel.latency_s for channel in old)
        longer = sum(channel.latency_s for channel in path)
        # What it waits beside the wires' latency, as for being asked for, grows with that.
        latency = graph.latency_s[task]
        detours[task] = Detour(path, latency * longer / flight if flight else latency + longer)
    return detours, frozenset(lost)


def _instead(old, a, b, before, after, *, large):
    """The path that takes the place of `old`; of several, each of the old ones takes its own."""
    if not large:
        return after.path(a, b)
    paths = after.paths(a, b)
    known = before.paths(a, b)
    return paths[known.index(old) % len(paths) if old in known else 0]


def _paces(graph, halted, costs, before, after, down, pools, all_reduce):
    """By collective that is one job and has not ended, how much longer it takes from now on."""
    route = np.array(graph.route)
    paces = {}
    for pool, kind, fact in zip(
        pools, (PrefillCollective, DecodeCollective), ("chunk", "step"), strict=True
    ):
        if pool.stage_gpus == 1:
            continue
        jobs = np.flatnonzero((graph.kind == graph.kinds.index(kind)) & (route == COMPUTE))
        jobs = [task for task in jobs.tolist() if halted.end[task] is None]
        if not jobs or not _crosses(timed_exchanges(costs, before, pool, all_reduce), down):
            continue
        old, new = (
            [exchanges_alone(each) for each in timed_exchanges(costs, machine, pool, all_reduce)]
            for machine in (before, after)
        )
        for task in jobs:
            at, place = int(graph.facts["stage"][task]), int(graph.facts[fact][task])
            paces[task] = float(new[at][place] / old[at][place]) if old[at][place] else 1.0
    return paces


def _crosses(stages, down):
    return any(
        not down.isdisjoint(send.path)
        for exchanges in stages
        for each in exchanges
        for turn in each.routed.rounds
        for send in turn.sends
    )
