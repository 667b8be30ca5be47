"""Decode in micro-batches against closed forms, and what it gives for real models."""

import numpy as np
import pytest

import gpu_catalog
from simcore import Scenario, ScenarioError, run
from simcore.costs import HandoffShare, PassCosts, Pool, Semantics, Workload
from simcore.engine.execute import execute
from simcore.engine.trace import Trace
from simcore.metrics import Work, measure
from simcore.pipelines import make_plan, pipeline_graph
from simcore.topologies import ReferenceFabric
from tests.pipelines.planned import ROOMY

T = 0.25


class Wire:
    """As good as none."""

    bandwidth = 1e30
    latency = 0.0


class Equal:
    """Decode passes of T seconds on every stage; prefill and transfers take no time."""

    semantics = Semantics(
        stage_waits_for_handoff=False,
        decode_waits_for_all=True,
        exclusive_devices=True,
        full_duplex=True,
    )

    def __init__(self, steps):
        self.steps = steps

    def prefill_passes(self, stage):
        return self._passes(np.zeros(1))

    def decode_passes(self, stage):
        return self._passes(np.full(self.steps, T))

    def prefill_activation_bytes(self):
        return np.zeros(1)

    def decode_activation_bytes(self):
        return 0.0

    def handoff_shares(self, sender, receiver, layers=None):
        share = HandoffShare(sender=0, receiver=0, bytes=np.zeros(1))
        return (share,) if sender == receiver else ()

    def _passes(self, seconds):
        zero = np.zeros_like(seconds)
        return PassCosts.roofline(
            flop=seconds, attention=zero, traffic=zero, weights=zero, flops=1.0, bandwidth=1.0
        )


def measured(stages, microbatches, steps):
    """Metrics and trace of so many equal stages."""
    workload = Workload(
        batch_size=microbatches, prompt_tokens=1, chunk_tokens=1, output_tokens=steps,
        decode_microbatches=microbatches,
    )  # fmt: skip
    gpu = gpu_catalog.gpus()[0]
    pools = {name: Pool(name=name, gpu=gpu, pp=stages) for name in ("prefill", "decode")}
    fabric = ReferenceFabric(
        prefill_gpus=stages, decode_gpus=stages, prefill_nics=1, link=lambda name: Wire,
        full_duplex=True,
    )  # fmt: skip
    graph = pipeline_graph(make_plan(Equal(steps), fabric, workload=workload, **pools))
    trace = Trace.of_graph(graph, *map(np.array, execute(graph)))
    work = Work(microbatches, microbatches * steps, stages, stages)
    return measure(trace, fabric.channels, work), trace.to_frame()


@pytest.mark.parametrize("steps", [2, 3, 10])
@pytest.mark.parametrize("microbatches", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("stages", [1, 2, 4, 5])
def test_a_full_pipeline_gives_a_token_of_each_micro_batch_in_m_passes(stages, microbatches, steps):
    """As many micro-batches as stages keep all of them busy: m t; fewer wait for one another: PP t.

    All is over when the last micro-batch has left, which began m - 1 passes after the first.
    """
    metrics, _ = measured(stages, microbatches, steps)
    period = max(microbatches, stages) * T
    assert metrics.tpot_s == pytest.approx(period)
    whole = (steps - 1) * period + (microbatches - 1 + stages) * T
    assert metrics.decode_tokens_per_s == pytest.approx(microbatches * steps / whole)
    assert metrics.decode_tokens_per_s_per_gpu == pytest.approx(
        metrics.decode_tokens_per_s / stages
    )
    assert metrics.ttft_s == pytest.approx((microbatches - 1 + stages) * T)


def test_of_one_step_alone_it_is_what_that_takes():
    metrics, _ = measured(4, 4, 1)
    assert metrics.tpot_s == pytest.approx(4 * T)
    assert metrics.ttft_s == pytest.approx(7 * T)


def test_a_stage_takes_the_micro_batches_of_a_step_in_turn():
    _, table = measured(3, 4, 2)
    for stage, rows in table[table.kind == "decode"].groupby("stage"):
        order = list(zip(rows.step, rows.microbatch, strict=True))
        assert order == sorted(order), stage
        assert (np.diff(rows.start_s) >= T - 1e-12).all()


REAL = Scenario(
    pp=4, decode_pp=4, batch_size=64, prompt_tokens=6000, chunk_tokens=6000, output_tokens=8,
    llm="Mistral-Small-24B", decode_microbatches=1, **ROOMY,
)  # fmt: skip


def test_micro_batches_give_more_tokens_a_second_where_the_cache_is_most_of_what_is_read():
    one, four = (run(REAL.replace(decode_microbatches=m)).metrics for m in (1, 4))
    assert four.decode_tokens_per_s > 1.2 * one.decode_tokens_per_s
    assert four.ttds_s == one.ttds_s


def test_the_critical_path_goes_through_the_micro_batches_before():
    result = run(REAL.replace(decode_microbatches=4))
    path = result.critical_path
    assert path.segments[-1].end_s == result.metrics.ttft_s
    tags = [result.graph.tag(result.task_of_row[row]) for row in path.rows]
    assert tags[-1].microbatch == 3
    assert {tag.microbatch for tag in tags if tag.kind == "decode"} == {0, 1, 2, 3}


def test_parts_that_do_not_divide_the_batch_are_refused():
    with pytest.raises(ScenarioError, match="decode_microbatches = 3") as raised:
        run(REAL.replace(decode_microbatches=3))
    assert raised.value.field == "decode_microbatches"
