"""The calibrated cost model: times of its own, all else as the physical model has it."""

from dataclasses import replace

import numpy as np
import pytest

import gpu_catalog
from simcore import Scenario, run
from simcore.costs.hardware import chip_of, kernels_of
from simcore.costs.models.calibrated import CalibratedCosts
from simcore.costs.operators.layer import Batch, Ranks, StepKernels, step_times
from simcore.costs.serving_engines import KERNELS_ALONE, engine_names
from simcore.costs.transformer import slice_of
from simcore.explain.rows import explain_row
from simcore.run import cost_model_of

SHAPE = {"prompt_tokens": 4096, "chunk_tokens": 1000, "pp": 4, "output_tokens": 3, "batch_size": 2}


def costs(model, **more):
    return cost_model_of(Scenario(**SHAPE | more, cost_model=model))


def test_without_an_engine_a_stage_s_pass_is_the_step_of_its_slice():
    model = costs("calibrated", prefill_gpu="NVIDIA H200", engine=KERNELS_ALONE.engine)
    gpu = gpu_catalog.gpu("NVIDIA H200")
    kernels = kernels_of(gpu)
    llm = model.llm
    step = step_times(
        llm,
        slice_of(llm, range(20)),
        Batch(prompts=2.0, new=1000.0, before=2000.0),
        Ranks(chip=chip_of(gpu, kernels), kernels=kernels),
    )
    assert model.prefill_passes(0).seconds[2] == pytest.approx(step.total, rel=1e-12)


@pytest.mark.parametrize("engine", engine_names())
def test_only_times_differ_from_the_physical_model(engine):
    ours, theirs = costs("calibrated", engine=engine), costs("physical")
    for stage in range(4):
        for passes in ("prefill_passes", "decode_passes"):
            a, b = getattr(ours, passes)(stage), getattr(theirs, passes)(stage)
            assert (a.flop == b.flop).all() and (a.traffic == b.traffic).all()
            assert (a.compute_bound == b.compute_bound).all()
            # A roofline is a lower bound, whatever a release makes of the kernels.
            assert (a.seconds > b.seconds).all()
            assert sum(a.parts.values()) == pytest.approx(a.seconds)
    (mine,), (other,) = ours.handoff_shares(0, 0), theirs.handoff_shares(0, 0)
    assert (mine.bytes == other.bytes).all()


def test_stages_differ_where_embedding_and_head_lie():
    model = costs("calibrated")
    decode = [model.decode_passes(stage).seconds[0] for stage in range(4)]
    assert decode[1] == decode[2]
    assert decode[0] > decode[1]
    assert decode[3] > decode[0]


def test_kernels_are_timed_once_however_many_stages_slices_and_chunks(monkeypatch):
    counted = []
    timed = StepKernels.attention_products

    def attention_products(self):
        counted.append(self)
        return timed(self)

    monkeypatch.setattr(StepKernels, "attention_products", attention_products)
    run(Scenario(prompt_tokens=8192, chunk_tokens=64, pp=8, output_tokens=100,
                 cost_model="calibrated"))  # fmt: skip
    # In prefill, and in decode with and without the fixed times of kernels.
    assert len(counted) == 3


def decode_step_s(release, pp):
    """Of all stages together, without the transfers between them."""
    scenario = Scenario(**SHAPE | {"pp": pp})
    pools = (replace(pool, release=release) for pool in (scenario.prefill_pool,
                                                         scenario.decode_pool))  # fmt: skip
    prefill, decode = pools
    llm = gpu_catalog.llm(scenario.llm)
    model = CalibratedCosts(llm=llm, workload=scenario.workload, prefill=prefill, decode=decode)
    return sum(model.decode_passes(stage).seconds[0] for stage in range(pp))


@pytest.mark.parametrize("pp", [1, 4, 16])
def test_a_step_pays_its_engine_once_however_many_stages_it_has(pp):
    hosted = replace(KERNELS_ALONE, step_s=3e-4, sequence_s=2e-5)
    added = decode_step_s(hosted, pp) - decode_step_s(KERNELS_ALONE, pp)
    assert added == pytest.approx(3e-4 + SHAPE["batch_size"] * 2e-5, rel=1e-6)


def test_physical_and_reference_know_of_no_engine():
    for model in ("physical", "reference"):
        metrics = [
            run(Scenario(**SHAPE, cost_model=model, engine=engine)).metrics.ttft_s
            for engine in (engine_names()[0], KERNELS_ALONE.engine)
        ]
        assert metrics[0] == metrics[1]


def test_an_uncalibrated_gpu_says_so():
    model = costs("calibrated", prefill_gpu="NVIDIA H100", decode_gpu="AMD Instinct MI300X")
    assert model.kernels["prefill"].calibrated
    assert not model.kernels["decode"].calibrated


def test_a_pass_is_explained_by_its_kernels():
    result = run(Scenario(**SHAPE, cost_model="calibrated"))
    text = "\n".join(explain_row(result, 0).lines)
    assert "products" in text and "attention" in text
    first = result.plan.prefill_costs[0]
    assert explain_row(result, 0).value == pytest.approx(float(first.seconds[0]))


def test_more_tokens_and_longer_contexts_take_longer():
    model = costs("calibrated")
    passes = model.prefill_passes(1).seconds
    # Three chunks of 1000 that look ever further back, then one of 1000 and one of 96.
    assert (np.diff(passes[:4]) > 0).all()
    assert passes[4] < passes[0]
    assert (np.diff(model.decode_passes(1).seconds) > 0).all()
