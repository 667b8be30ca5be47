"""What a release makes of a step: laws of the sum of its parts."""

from dataclasses import replace

import numpy as np
import pytest

import gpu_catalog
from simcore.costs.operators.layer import StepTimes
from simcore.costs.release_steps import (
    COLLECTIVES,
    ENGINE,
    LAUNCHES,
    LayerCounts,
    decode_parts,
    prefill_parts,
    products_factor,
)
from simcore.costs.serving_engines import KERNELS_ALONE, engine_names, serving_engine
from simcore.costs.transformer import slice_of

KERNELS = StepTimes(
    products=np.array([4e-3, 6e-3]),
    attention=np.array([1e-3, 1e-3]),
    experts=np.array([0.0, 2e-3]),
    small=np.array([3e-4, 3e-4]),
    collectives=np.array([0.0, 1e-4]),
    head=np.array([0.0, 5e-4]),
)
LAYERS = LayerCounts(layers=10, expert_layers=4, norm_layers=10, latent_layers=0)


def decode(release, **changes):
    given = {"launches": 1e-4, "products": release.products_bf16, "layers": LAYERS, "steps": 1.0,
             "requests": 8.0, "release": release}  # fmt: skip
    return decode_parts(KERNELS, **given | changes)


def test_without_an_engine_a_step_is_its_kernels():
    total = sum(decode(KERNELS_ALONE).values())
    assert total == pytest.approx(KERNELS.total + 1e-4, rel=1e-12)
    assert not np.any(decode(KERNELS_ALONE)[ENGINE])
    prompts = prefill_parts(KERNELS, layers=LAYERS, release=KERNELS_ALONE)
    assert sum(prompts.values()) == pytest.approx(KERNELS.total, rel=1e-12)


@pytest.mark.parametrize("engine", engine_names())
def test_no_part_takes_less_than_no_time(engine):
    release = serving_engine(engine).release
    for parts in (decode(release), prefill_parts(KERNELS, layers=LAYERS, release=release)):
        assert all(np.all(seconds >= 0) for seconds in parts.values())


def test_what_a_step_takes_beside_its_kernels():
    host = {"step_s": 5e-4, "sequence_s": 1e-5, "expert_layer_s": 2e-5, "norm_layer_s": 1e-6,
            "latent_layer_s": 1.0}  # fmt: skip
    added = decode(replace(KERNELS_ALONE, **host))[ENGINE]
    assert added == pytest.approx(5e-4 + 8 * 1e-5 + 4 * 2e-5 + 10 * 1e-6, rel=1e-9)


def test_a_host_that_launches_slower_than_gpus_compute_decides():
    slow = replace(KERNELS_ALONE, launch_layer_s=1.0, eager_layer_s=2.0)
    assert sum(decode(slow).values()) == pytest.approx(10.0, rel=1e-6)
    prompts = prefill_parts(KERNELS, layers=LAYERS, release=slow)
    assert sum(prompts.values()) == pytest.approx(20.0, rel=1e-6)


def test_no_release_outruns_the_hardware():
    fast = replace(
        KERNELS_ALONE, attention=0.1, experts=0.1, collectives=0.1, small=0.1, prefill=0.1
    )
    least = np.array([4e-3, 1e-9])
    for parts in (
        decode(fast, products=0.1, launches=0.0, least=least),
        prefill_parts(KERNELS, layers=LAYERS, release=fast, least=least),
    ):
        total = sum(parts.values())
        assert total[0] == pytest.approx(4e-3, rel=1e-12)
        assert total[1] == pytest.approx(0.1 * KERNELS.total[1], rel=1e-12)


def test_launches_and_wires_come_on_top_of_what_the_gpu_must_do():
    parts = decode(KERNELS_ALONE, least=1.0)
    assert sum(parts.values()) == pytest.approx(1.0 + KERNELS.collectives + 1e-4, rel=1e-12)
    assert parts[LAUNCHES] == 1e-4
    assert parts[COLLECTIVES].tolist() == KERNELS.collectives.tolist()


def test_products_have_the_factor_of_their_format():
    release = replace(KERNELS_ALONE, products_bf16=1.0, products_fp8=2.0, products_fp4=3.0)
    fp8, fp4 = np.array([False, True, False]), np.array([False, False, True])
    assert products_factor(release, fp8=fp8, fp4=fp4).tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("name", "experts", "norms", "latents"),
    [("LLaMA-3.1-70B", 0, 0, 0), ("DeepSeek-V3", 7, 0, 10), ("Qwen3-32B", 0, 10, 0)],
)
def test_layers_of_each_kind_are_counted(name, experts, norms, latents):
    llm = gpu_catalog.llm(name)
    counts = LayerCounts.of(llm, slice_of(llm, range(10)))
    assert (counts.layers, counts.expert_layers) == (10, experts)
    assert (counts.norm_layers, counts.latent_layers) == (norms, latents)
