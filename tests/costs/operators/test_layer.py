"""Whole steps: sums of their kernels, divided as tensor parallelism divides them."""

from dataclasses import replace

import numpy as np
import pytest

import gpu_catalog
from simcore.costs.hardware import chip_of, fabric_of, kernels_of
from simcore.costs.operators.layer import Batch, Ranks, shared_heads, step_times
from simcore.costs.operators.sharing import Sharing
from simcore.costs.transformer import slice_of

H100 = gpu_catalog.gpu("NVIDIA H100")
LLAMA = gpu_catalog.llm("LLaMA-3.1-70B")


def ranks(tp=1, gpu=H100, **more):
    kernels = kernels_of(gpu)
    fabric = fabric_of(gpu) if tp > 1 else None
    return Ranks(
        chip=chip_of(gpu, kernels),
        kernels=kernels,
        sharing=Sharing(tp=tp),
        fabric=fabric,
        all_reduce="vllm",
        **more,
    )


def times(llm, batch, on, layers=None):
    return step_times(llm, slice_of(llm, layers or range(llm.layers)), batch, on)


DECODE = Batch(decodes=np.array([1.0, 16.0, 128.0]), context=2000.0, outputs=1.0)
PREFILL = Batch(prompts=1.0, new=np.array([128.0, 1024.0]), before=np.array([0.0, 128.0]))


@pytest.mark.parametrize("llm", gpu_catalog.llms(), ids=lambda llm: llm.name)
def test_every_model_has_a_time_for_every_kind_of_step(llm):
    for batch in (DECODE, PREFILL, replace(DECODE, prompts=1.0, new=512.0)):
        total = times(llm, batch, ranks()).total
        assert np.isfinite(total).all() and (total > 0).all()
        assert (np.diff(total) > 0).all()


def test_stages_add_up_to_the_model():
    whole = times(LLAMA, DECODE, ranks())
    halves = [times(LLAMA, DECODE, ranks(), part) for part in (range(40), range(40, 80))]
    assert sum(half.total for half in halves) == pytest.approx(whole.total)
    # The head lies on the last stage, the embedding on the first.
    assert not halves[0].head.any() and halves[1].head.all()


def test_tensor_parallelism_makes_a_step_faster_but_not_by_its_degree():
    one, eight = times(LLAMA, DECODE, ranks()).total, times(LLAMA, DECODE, ranks(8)).total
    assert (eight < one).all() and (eight > one / 8).all()
    assert (times(LLAMA, DECODE, ranks(8)).collectives > 0).all()
    assert not times(LLAMA, DECODE, ranks()).collectives.any()


def test_kv_heads_fewer_than_ranks_are_copied():
    assert shared_heads(8, 4) == 2
    assert shared_heads(4, 8) == 1
    assert shared_heads(3, 2) == 2


def test_a_longer_context_costs_attention_alone():
    near, far = (
        times(LLAMA, Batch(decodes=8.0, context=c, outputs=8.0), ranks()) for c in (500.0, 50000.0)
    )
    assert far.attention > 10 * near.attention
    assert far.products == near.products and far.head == near.head


def test_a_step_is_no_faster_than_reading_its_weights():
    reading = LLAMA.published_parameters * 2 / H100.bandwidth
    assert (times(LLAMA, DECODE, ranks()).total > reading).all()
