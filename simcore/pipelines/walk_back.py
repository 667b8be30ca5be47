"""The walk from the first token back to arrival, and what each stretch of it was spent on."""

from itertools import pairwise

import numpy as np

from simcore.engine.critical import critical_tasks
from simcore.engine.graph import TaskGraph
from simcore.pipelines.critical_path import CriticalPath, PathKind, Segment
from simcore.pipelines.plan import PipelinePlan
from simcore.pipelines.tags import (
    Activations,
    DecodeActivations,
    DecodeCollective,
    DecodePass,
    Handoff,
    PrefillCollective,
    PrefillPass,
)

# Of the end of a transfer: what it took longer than alone by less than this is rounding.
ROUNDING = 1e-12


def critical_path(
    graph: TaskGraph, plan: PipelinePlan, start_s, end_s, rows, *, ttds_s: float, ttft_s: float
) -> CriticalPath:
    """The critical path of an executed pipeline.

    The walk goes back from the end of the first step; see `critical_tasks`.

    - A prefill pass entered from the stage before is pipeline fill, with its collectives, and so
      are activations. The others, one a chunk, are prefill, split by what bounds them, and
      collectives.
    - What a transfer took longer than it would have alone is waiting.
    - So is what a chunk from the stage before, there while the GPU was busy with the chunk before
      it, waited longer than that one had: the end of the pass that held the GPU. A queue that
      grows is thus counted once, not once for each chunk in it. The first stage's chunks are all
      there on arrival: they wait for none.

    Parameters
    ----------
    start_s, end_s : of each task [s]
    rows : of each task, its row of the trace
    """
    start_s, end_s = np.asarray(start_s), np.asarray(end_s)
    last = _last_of_the_first_step(graph, end_s)
    chain = critical_tasks(graph, start_s, end_s, last, _lanes(graph, plan))
    tasks = chain.tasks
    starts, ends = start_s[tasks].tolist(), end_s[tasks].tolist()
    tags = [graph.tag(task) for task in tasks.tolist()]
    path_rows = rows[tasks]
    segments: list[Segment] = []
    for i, (task, tag, first, after) in enumerate(
        zip(tasks.tolist(), tags, *_passes(tags), strict=True)
    ):
        fills = _from_another_stage(tags[first]) and not chain.queued[first]
        waits_from = _alone_until(graph, task, starts[i], ends[i])
        if after < len(tags) and chain.queued[after] and _from_another_stage(tags[after]):
            waited = starts[first] - float(chain.ready_s[first])
            held = max(float(chain.ready_s[after]) + waited, starts[i])
            waits_from = min(held, waits_from)
        row = int(path_rows[i])
        if starts[i] < waits_from:
            segments.append(Segment(row, _kind(tag, plan, fills=fills), starts[i], waits_from))
        if waits_from < ends[i]:
            segments.append(Segment(row, PathKind.WAITING, waits_from, ends[i]))
    return CriticalPath(tuple(segments), path_rows, ttds_s, ttft_s)


def _lanes(graph, plan):
    """The device of each task; transfers of a collective are work of their stage's."""
    lane = graph.device.copy()
    stage = graph.facts["stage"]
    for kind, first in ((PrefillCollective, 0), (DecodeCollective, len(plan.prefill_devices))):
        of_kind = graph.kind == graph.kinds.index(kind)
        lane[of_kind] = first + stage[of_kind]
    return lane


def _last_of_the_first_step(graph, end_s) -> int:
    """Of the tasks of the first step at the last stage, the one that ends last."""
    kinds = [graph.kinds.index(kind) for kind in (DecodePass, DecodeCollective)]
    stage, step = graph.facts["stage"], graph.facts["step"]
    first = np.flatnonzero(np.isin(graph.kind, kinds) & (step == 0))
    return int(max(first.tolist(), key=lambda task: (stage[task], end_s[task], task)))


def _kind(tag, plan, *, fills) -> PathKind:
    match tag:
        case PrefillPass() | PrefillCollective() if fills:
            return PathKind.PIPELINE_FILL
        case PrefillPass():
            costs, chunk = plan.costs_of(tag)
            bound = costs.compute_bound[chunk]
            return PathKind.PREFILL_COMPUTE if bound else PathKind.PREFILL_MEMORY
        case PrefillCollective():
            return PathKind.COLLECTIVE
        case Activations():
            return PathKind.PIPELINE_FILL
        case Handoff():
            return PathKind.KV_TRANSFER
        case DecodePass():
            return PathKind.DECODE_COMPUTE
        case DecodeCollective():
            return PathKind.DECODE_COLLECTIVE
        case DecodeActivations():
            return PathKind.DECODE_TRANSFER
    raise TypeError(f"{tag!r} is no part of a pipeline")


def _alone_until(graph, task, start, end) -> float:
    """When a transfer would have ended with its path to itself; the end of a job."""
    route = graph.route[task]
    if route < 0:
        return end
    alone = start + graph.latency_s[task] + graph.amount[task] / graph.routes.alone[route]
    return alone if end - alone > ROUNDING * end else end


def _from_another_stage(tag) -> bool:
    return isinstance(tag, PrefillPass) and tag.stage > 0


def _passes(tags):
    """Of each task on the path, the first of its pass, and the first after it."""
    begins = [i for i in range(len(tags)) if not i or not _one_pass(tags[i - 1], tags[i])]
    bounds = list(pairwise([*begins, len(tags)]))
    return (
        [first for first, after in bounds for _ in range(first, after)],
        [after for first, after in bounds for _ in range(first, after)],
    )


def _one_pass(tag, other) -> bool:
    """Whether two tasks on the path are of one prefill pass."""
    passes = PrefillPass | PrefillCollective
    return (
        isinstance(tag, passes)
        and isinstance(other, passes)
        and (tag.stage, tag.chunk) == (other.stage, other.chunk)
    )
