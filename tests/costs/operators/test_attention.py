"""Attention against what it must compute and read."""

from dataclasses import replace

import numpy as np
import pytest

from simcore.costs.operators.attention import (
    decode_seconds,
    latent_seconds,
    mean_keys,
    prefill_seconds,
)
from simcore.costs.transformer import causal_pairs
from tests.costs.operators.chips import CHIP, IDEAL_DECODE, IDEAL_PREFILL

HEADS = {"heads": 32, "kv_heads": 8, "width": 128}


def prefill(new, context=0.0, requests=1.0, **more):
    return prefill_seconds(
        requests=requests,
        new=new,
        context=context,
        **HEADS | more,
        chip=CHIP,
        constants=IDEAL_PREFILL,
    )


def decode(context, requests=1.0, constants=IDEAL_DECODE, **more):
    return decode_seconds(
        requests=requests, context=context, **HEADS | more, chip=CHIP, constants=constants
    )


@pytest.mark.parametrize("window", [np.inf, 512, 4096])
@pytest.mark.parametrize("context", [0, 100, 5000])
def test_mean_keys_are_the_causal_pairs_of_each_token(context, window):
    new = 777.0
    pairs = causal_pairs(new, float(context), window=None if np.isinf(window) else window)
    assert mean_keys(new=new, context=float(context), window=window) == pytest.approx(pairs / new)


def test_a_long_prompt_computes_half_a_square():
    """Causality: T²/2 pairs, 4 operations for each element of a head."""
    assert prefill(16384.0) == pytest.approx(4 * 32 * 128 * 16384**2 / 2 / 1e15, rel=1e-3)


def test_chunks_together_compute_what_the_whole_prompt_does():
    chunks = prefill(np.full(4, 4096.0), context=np.arange(4) * 4096.0)
    assert chunks.sum() == pytest.approx(prefill(16384.0), rel=1e-3)


def test_a_window_bounds_the_work():
    """Twice the prompt is twice the work where each token looks back over a window alone."""
    twice, once = prefill(32768.0, window=1024), prefill(16384.0, window=1024)
    assert twice / once == pytest.approx(2, rel=0.05)


def test_decode_reads_the_cache_once_for_the_heads_that_share_it():
    assert decode(9999.0) == pytest.approx(2 * 2 * 8 * 128 * 10000 / 1e12, rel=1e-6)
    assert decode(9999.0, heads=64) == decode(9999.0)
    assert decode(9999.0, kv_bytes=1.0) == pytest.approx(decode(9999.0) / 2)
    assert decode(9999.0, window=100) == pytest.approx(decode(99.0))


def test_a_benchmark_finds_a_small_cache_again_and_a_model_does_not():
    fast = replace(IDEAL_DECODE, cached=10.0)
    small, large = 99.0, 1e6
    assert decode(small, constants=fast, repeated=True) == pytest.approx(decode(small) / 10)
    assert decode(large, constants=fast, repeated=True) == pytest.approx(decode(large), rel=1e-3)
    assert decode(small, constants=fast) == decode(small)


def test_no_requests_take_no_time():
    assert decode(1000.0, requests=0.0) == 0.0
    assert prefill(0.0) == 0.0
    assert prefill(100.0, requests=0.0) == 0.0


def test_latent_attention_reads_one_vector_for_all_heads_until_they_are_many():
    def latent(heads):
        return latent_seconds(
            requests=1.0,
            context=9999.0,
            heads=heads,
            latent=512,
            rope=64,
            chip=CHIP,
            constants=IDEAL_DECODE,
            compute=1.0,
        )

    assert latent(16) == pytest.approx(10000 * 576 * 2 / 1e12, rel=1e-3)
    many = 2 * 4096 * 10000 * (2 * 512 + 64) / 1e15
    assert latent(4096) == pytest.approx(many, rel=1e-3)
