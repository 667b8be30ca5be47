"""The critical path of pipelines whose answer is known, and its laws on the real ones."""

import math

import numpy as np
import pytest

import gpu_catalog
from simcore import Scenario, run
from simcore.costs import HandoffShare, PassCosts, Pool, Semantics, Workload
from simcore.engine.execute import execute
from simcore.engine.trace import Trace, completion_order
from simcore.metrics import Work, measure
from simcore.pipelines import DecodePass, Handoff, PrefillPass, make_plan, pipeline_graph
from simcore.pipelines.critical_path import PathKind, Segment, seconds_by_kind
from simcore.pipelines.walk_back import critical_path
from simcore.topologies import ReferenceFabric

DECODE_S = 0.0625


class Wire:
    """1 byte/s, at once."""

    bandwidth = 1.0
    latency = 0.0


class MadeUp:
    """Prefill passes of given durations, handoffs of given sizes [byte] and free activations."""

    def __init__(self, seconds, *, handoff=0.0, memory_bound=(), reference=False):
        self.seconds = np.array(seconds, dtype=float)
        self.handoff = handoff
        self.memory_bound = np.array([c in memory_bound for c in range(self.seconds.shape[1])])
        self.semantics = Semantics(
            stage_waits_for_handoff=reference,
            decode_waits_for_all=not reference,
            exclusive_devices=not reference,
            full_duplex=not reference,
        )

    def prefill_passes(self, stage):
        seconds = self.seconds[stage]
        return self._passes(seconds, self.memory_bound)

    def decode_passes(self, stage):
        return self._passes(np.full(1, DECODE_S), np.zeros(1, dtype=bool))

    def prefill_activation_bytes(self):
        return np.zeros(self.seconds.shape[1])

    def decode_activation_bytes(self):
        return 0.0

    def handoff_shares(self, sender, receiver, layers=None):
        sizes = np.full(self.seconds.shape[1], self.handoff)
        return (HandoffShare(sender=0, receiver=0, bytes=sizes),) if sender == receiver else ()

    def _passes(self, seconds, memory_bound):
        return PassCosts.roofline(
            flop=np.where(memory_bound, 0.0, seconds),
            attention=np.zeros_like(seconds),
            traffic=np.where(memory_bound, seconds, 0.0),
            weights=np.zeros_like(seconds),
            flops=1.0,
            bandwidth=1.0,
        )


def path_of(costs, *, nics=1):
    """The critical path, and the trace it belongs to."""
    stages, chunks = costs.seconds.shape
    workload = Workload(batch_size=1, prompt_tokens=chunks, chunk_tokens=1, output_tokens=1)
    gpu = gpu_catalog.gpus()[0]
    pools = {name: Pool(name=name, gpu=gpu, pp=stages) for name in ("prefill", "decode")}
    fabric = ReferenceFabric(
        prefill_gpus=stages,
        decode_gpus=stages,
        prefill_nics=nics,
        link=lambda name: Wire,
        full_duplex=costs.semantics.full_duplex,
    )
    plan = make_plan(costs, fabric, workload=workload, **pools)
    graph = pipeline_graph(plan)
    start, end = map(np.array, execute(graph))
    trace = Trace.of_graph(graph, start, end)
    metrics = measure(trace, fabric.channels, Work(1, 1, 1, 1))
    rows = np.argsort(completion_order(graph, end))
    path = critical_path(
        graph, plan, start, end, rows, ttds_s=metrics.ttds_s, ttft_s=metrics.ttft_s
    )
    return path, trace.to_frame()


def spent(path, until="ttds"):
    """What is not nothing."""
    return {kind: s for kind, s in path.seconds(until).items() if s}


@pytest.mark.parametrize("chunks", [1, 2, 7, 30])
@pytest.mark.parametrize("stages", [1, 2, 5, 16])
@pytest.mark.parametrize("reference", [False, True])
def test_an_ideal_pipeline_is_a_pass_a_chunk_and_a_fill_a_stage(chunks, stages, reference):
    """(chunks + stages - 1) t is chunks · t of prefill and (stages - 1) · t of fill."""
    t = 0.25
    path, _ = path_of(MadeUp([[t] * chunks] * stages, reference=reference))
    expected = {PathKind.PREFILL_COMPUTE: chunks * t}
    if stages > 1:
        expected[PathKind.PIPELINE_FILL] = (stages - 1) * t
    assert spent(path) == expected
    assert spent(path, "ttft") == {**expected, PathKind.DECODE_COMPUTE: stages * DECODE_S}


def test_what_bounds_each_chunk_is_told_apart():
    path, _ = path_of(MadeUp([[1.0, 2.0, 4.0]] * 2, memory_bound=(1,)))
    # The first chunk at the first stage, then the second, then the last at both.
    assert spent(path) == {
        PathKind.PREFILL_COMPUTE: 1.0 + 4.0,
        PathKind.PREFILL_MEMORY: 2.0,
        PathKind.PIPELINE_FILL: 4.0,
    }


def test_a_chunk_that_is_ready_while_its_gpu_is_busy_waits():
    """Stage 1 takes 4 s where stage 0 takes 1 s: chunk 1 is there at 2, and begins at 5."""
    path, trace = path_of(MadeUp([[1.0, 1.0], [4.0, 4.0]]))
    assert spent(path) == {
        PathKind.PREFILL_COMPUTE: 1.0 + 4.0,
        PathKind.PIPELINE_FILL: 1.0,
        PathKind.WAITING: 3.0,
    }
    waiting = next(s for s in path.segments if s.kind is PathKind.WAITING)
    held = trace.iloc[waiting.row]
    assert (held.kind, held.stage, held.chunk) == ("prefill", 1, 0)
    assert (waiting.start_s, waiting.end_s) == (2.0, 5.0)


@pytest.mark.parametrize("chunks", [2, 3, 10])
def test_a_queue_that_grows_is_counted_once(chunks):
    """Before a stage of 4 s behind one of 1 s each chunk waits 3 s more than the one before.

    The waiting is what the slow stage costs; the rest is what a chunk takes at the fast one, but
    for the last chunk, behind which nobody waits.
    """
    path, _ = path_of(MadeUp([[1.0] * chunks, [4.0] * chunks]))
    assert path.ttds_s == 1.0 + 4.0 * chunks
    assert spent(path) == {
        PathKind.PREFILL_COMPUTE: 1.0 + (chunks - 2) * 1.0 + 4.0,
        PathKind.PIPELINE_FILL: 1.0,
        PathKind.WAITING: 3.0 * (chunks - 1),
    }


def test_the_first_stage_s_chunks_wait_for_none():
    path, _ = path_of(MadeUp([[1.0, 2.0, 3.0]]))
    assert spent(path) == {PathKind.PREFILL_COMPUTE: 6.0}


def test_a_handoff_that_shares_a_nic_waits_for_what_it_lost():
    """Two stages end 1 s apart and send 4 bytes each at 1 byte/s through one NIC."""
    path, trace = path_of(MadeUp([[1.0]] * 2, handoff=4.0))
    # From 2 to 8 both share; the second has the wire to itself for its last byte.
    assert spent(path) == {
        PathKind.PREFILL_COMPUTE: 1.0,
        PathKind.PIPELINE_FILL: 1.0,
        PathKind.KV_TRANSFER: 4.0,
        PathKind.WAITING: 3.0,
    }
    assert path.ttds_s == 9.0
    assert trace.iloc[path.segments[-3].row].kind == "handoff"
    alone, _ = path_of(MadeUp([[1.0]] * 2, handoff=4.0), nics=2)
    assert PathKind.WAITING not in spent(alone)


def test_handoffs_may_stand_in_the_middle_where_a_stage_waits_for_them():
    path, trace = path_of(MadeUp([[1.0]] * 3, handoff=2.0, reference=True))
    assert [trace.kind[row] for row in path.rows][:6] == ["prefill", "handoff"] * 3
    assert spent(path) == {
        PathKind.PREFILL_COMPUTE: 1.0,
        PathKind.PIPELINE_FILL: 2.0,
        PathKind.KV_TRANSFER: 6.0,
    }


def test_sums_are_exact_where_lengths_are_not():
    borders = [0.0, 0.1, 0.3, 0.1 + 0.6, 1 / 3 + 1, 1e3 + 0.1]
    kinds = [PathKind.WAITING, PathKind.PIPELINE_FILL, PathKind.KV_TRANSFER] * 2
    segments = [
        Segment(0, kind, a, b) for kind, a, b in zip(kinds, borders[:-1], borders[1:], strict=False)
    ]
    for end in borders[1:]:
        assert math.fsum(seconds_by_kind(segments, end).values()) == end


def test_until_what_is_checked():
    path = run(Scenario(prompt_tokens=256)).critical_path
    with pytest.raises(ValueError, match='use "ttds" or "ttft"'):
        path.seconds("decode")


def test_what_is_returned_is_the_caller_s_own():
    path = run(Scenario(prompt_tokens=256)).critical_path
    path.seconds("ttds").clear()
    assert set(path.seconds("ttds")) == set(PathKind)


def test_stretches_of_one_kind_are_merged():
    path, _ = path_of(MadeUp([[1.0] * 3] * 2))
    whole = [(s.kind, s.start_s, s.end_s, s.segments) for s in path.stretches]
    assert whole == [
        (PathKind.PREFILL_COMPUTE, 0.0, 3.0, 3),
        (PathKind.PIPELINE_FILL, 3.0, 4.0, 1),
        (PathKind.DECODE_COMPUTE, 4.0, 4.0 + 2 * DECODE_S, 2),
    ]


def test_a_plan_tells_the_costs_of_each_pass_and_of_nothing_else():
    plan = run(Scenario(prompt_tokens=256, output_tokens=2)).plan
    for tag, passes in (
        (PrefillPass(3, 1), plan.prefill_costs[3]),
        (DecodePass(5, 1), plan.decode_costs[5]),
    ):
        costs, place = plan.costs_of(tag)
        assert costs is passes
        assert place == 1
    with pytest.raises(TypeError, match="is no pass"):
        plan.costs_of(Handoff(0, 0, 0))
