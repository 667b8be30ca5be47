"""The walk from the first token back to arrival, and what each stretch of it was spent on."""

import numpy as np

from simcore.engine.critical import critical_tasks
from simcore.engine.graph import TaskGraph
from simcore.pipelines.critical_path import CriticalPath, PathKind, Segment
from simcore.pipelines.plan import PipelinePlan
from simcore.pipelines.tags import (
    Activations,
    DecodeActivations,
    DecodePass,
    Handoff,
    PrefillPass,
)

# Of the end of a transfer: what it took longer than alone by less than this is rounding.
ROUNDING = 1e-12


def critical_path(
    graph: TaskGraph, plan: PipelinePlan, start_s, end_s, rows, *, ttds_s: float, ttft_s: float
) -> CriticalPath:
    """The critical path of an executed pipeline.

    The walk goes back from the end of the first step's last decode pass; see `critical_tasks`.

    - A prefill pass entered from the stage before is pipeline fill, and so are activations. The
      others, one a chunk, are prefill, split by what bounds them.
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
    chain = critical_tasks(graph, start_s, end_s, _last_decode_pass(graph))
    tasks = chain.tasks
    starts, ends = start_s[tasks].tolist(), end_s[tasks].tolist()
    tags = [graph.tag(task) for task in tasks.tolist()]
    path_rows = rows[tasks]
    segments: list[Segment] = []
    for i, (task, tag) in enumerate(zip(tasks.tolist(), tags, strict=True)):
        kind = _kind(tag, plan, queued=bool(chain.queued[i]))
        waits_from = _alone_until(graph, task, starts[i], ends[i])
        if i + 1 < len(tasks) and chain.queued[i + 1] and _from_another_stage(tags[i + 1]):
            waited = starts[i] - float(chain.ready_s[i])
            waits_from = min(max(float(chain.ready_s[i + 1]) + waited, starts[i]), ends[i])
        row = int(path_rows[i])
        if starts[i] < waits_from:
            segments.append(Segment(row, kind, starts[i], waits_from))
        if waits_from < ends[i]:
            segments.append(Segment(row, PathKind.WAITING, waits_from, ends[i]))
    return CriticalPath(tuple(segments), path_rows, ttds_s, ttft_s)


def _last_decode_pass(graph) -> int:
    """The last stage's, in the first step."""
    stage, step = graph.facts["stage"], graph.facts["step"]
    first = np.flatnonzero((graph.kind == graph.kinds.index(DecodePass)) & (step == 0))
    return int(first[np.argmax(stage[first])])


def _kind(tag, plan, *, queued) -> PathKind:
    match tag:
        case PrefillPass(stage, _) if stage and not queued:
            return PathKind.PIPELINE_FILL
        case PrefillPass():
            costs, chunk = plan.costs_of(tag)
            bound = costs.compute_bound[chunk]
            return PathKind.PREFILL_COMPUTE if bound else PathKind.PREFILL_MEMORY
        case Activations():
            return PathKind.PIPELINE_FILL
        case Handoff():
            return PathKind.KV_TRANSFER
        case DecodePass():
            return PathKind.DECODE_COMPUTE
        case DecodeActivations():
            return PathKind.DECODE_TRANSFER
    raise TypeError(f"{tag!r} is no part of a pipeline")


def _alone_until(graph, task, start, end) -> float:
    """When a transfer would have ended with its path to itself; the end of a job."""
    route = graph.route[task]
    if route < 0:
        return end
    alone = start + graph.routes.latency[route] + graph.amount[task] / graph.routes.alone[route]
    return alone if end - alone > ROUNDING * end else end


def _from_another_stage(tag) -> bool:
    return isinstance(tag, PrefillPass) and tag.stage > 0
