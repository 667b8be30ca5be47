"""Sizes of models, against what their makers publish and against plain loops."""

import itertools
import math
import random

import pytest

import gpu_catalog
from simcore.costs import transformer as tf
from simcore.costs.plan import split_evenly
from simcore.costs.roofline import roofline_seconds

KV_BYTES_PER_TOKEN = {
    # 2 (K and V) x layers x KV heads x width of a head x 2 B
    "LLaMA-3.1-70B": 2 * 80 * 8 * 128 * 2,
    "LLaMA-3.1-405B": 2 * 126 * 8 * 128 * 2,
    "Qwen2.5-72B": 2 * 80 * 8 * 128 * 2,
    "Mistral-Small-24B": 2 * 40 * 8 * 128 * 2,
    "Mixtral-8x22B": 2 * 56 * 8 * 128 * 2,
    "GPT-OSS-20B": 2 * 24 * 8 * 64 * 2,
    # One latent vector of 512 and one rotary key of 64 for all heads.
    "DeepSeek-V3": 61 * (512 + 64) * 2,
}


def whole(llm):
    return tf.slice_of(llm, range(llm.layers))


def test_every_model_of_the_specification_is_here():
    named = {llm.name for llm in gpu_catalog.llms() if llm.reference}
    assert named == set(KV_BYTES_PER_TOKEN)


@pytest.mark.parametrize("llm", gpu_catalog.llms(), ids=lambda llm: llm.name)
def test_a_token_keeps_what_the_catalog_counts(llm):
    per_token = gpu_catalog.kv_elements_per_token(llm) * llm.kv_bytes_per_element
    assert llm.layers * tf.kv_bytes_per_token(llm) == per_token


def test_the_products_above_are_the_published_figures():
    assert KV_BYTES_PER_TOKEN == {
        "LLaMA-3.1-70B": 327680,
        "LLaMA-3.1-405B": 516096,
        "Qwen2.5-72B": 327680,
        "Mistral-Small-24B": 163840,
        "Mixtral-8x22B": 229376,
        "GPT-OSS-20B": 49152,
        "DeepSeek-V3": 70272,
    }


@pytest.mark.parametrize("name", KV_BYTES_PER_TOKEN)
def test_kv_cache_of_a_token(name):
    llm = gpu_catalog.llm(name)
    assert llm.layers * tf.kv_bytes_per_token(llm) == KV_BYTES_PER_TOKEN[name]
    # A single token lies in every window.
    assert tf.kv_held(llm, whole(llm), 1) == KV_BYTES_PER_TOKEN[name]


@pytest.mark.parametrize("name", KV_BYTES_PER_TOKEN)
def test_weights_are_the_published_parameters(name):
    """Parameters rebuilt from the memory that the weights fill, each kind at its own width."""
    llm = gpu_catalog.llm(name)
    experts = shared = 0
    if llm.experts:
        sparse = llm.layers - llm.experts.dense_layers
        experts = sparse * llm.experts.experts * tf.expert_parameters(llm)
        shared = sparse * llm.experts.shared * tf.expert_parameters(llm)
    tables = 2 * llm.vocabulary * llm.hidden
    dense_layers = llm.experts.dense_layers if llm.experts else llm.layers
    plain = llm.layers * tf.attention_parameters(llm)
    plain += dense_layers * 3 * llm.hidden * llm.intermediate
    router = (llm.layers - dense_layers) * llm.hidden * llm.experts.experts if llm.experts else 0
    total = plain + experts + shared + tables + router
    assert total == pytest.approx(llm.published_parameters, rel=0.005)
    expert_bytes = llm.experts.bytes_per_parameter if llm.experts else 0
    held = (
        plain * llm.bytes_per_parameter
        + (experts + shared) * expert_bytes
        + (tables + router) * llm.embedding_bytes_per_parameter
    )
    assert tf.weights_held(llm, whole(llm)) == pytest.approx(held, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "active"),
    [("Mixtral-8x22B", 39e9), ("DeepSeek-V3", 37e9), ("GPT-OSS-20B", 3.6e9)],
)
def test_a_token_costs_two_operations_per_published_active_parameter(name, active):
    llm = gpu_catalog.llm(name)
    flop = tf.projection_flop(llm, whole(llm), 1, outputs=1)
    # The makers round, and count the input embedding or not: a token looks one row of it up.
    assert flop / 2 == pytest.approx(active, rel=0.025)


@pytest.mark.parametrize("name", ["LLaMA-3.1-70B", "LLaMA-3.1-405B", "Qwen2.5-72B"])
def test_a_dense_token_costs_two_operations_per_parameter_but_the_embedding_s(name):
    llm = gpu_catalog.llm(name)
    flop = tf.projection_flop(llm, whole(llm), 1, outputs=1)
    active = llm.published_parameters - llm.vocabulary * llm.hidden
    assert flop / 2 == pytest.approx(active, rel=2e-3)


@pytest.mark.parametrize("name", KV_BYTES_PER_TOKEN)
@pytest.mark.parametrize("pp", [1, 3, 7, 24])
def test_stages_together_hold_the_model_once(name, pp):
    llm = gpu_catalog.llm(name)
    parts = [tf.slice_of(llm, layers) for layers in split_evenly(llm.layers, pp)]
    assert sum(tf.weights_held(llm, part) for part in parts) == pytest.approx(
        tf.weights_held(llm, whole(llm)), rel=1e-12
    )
    for tokens in (1, 128, 5000):
        held = sum(tf.kv_held(llm, part, tokens) for part in parts)
        assert held == tf.kv_held(llm, whole(llm), tokens)
    assert sum(part.embedding for part in parts) == sum(part.head for part in parts) == 1


@pytest.mark.parametrize("layers", [1, 7, 24, 61, 126])
def test_layers_are_split_as_evenly_as_can_be(layers):
    for pp in range(1, layers + 1):
        shares = split_evenly(layers, pp)
        assert list(itertools.chain(*shares)) == list(range(layers))
        sizes = [len(share) for share in shares]
        assert len(sizes) == pp
        assert max(sizes) - min(sizes) <= 1
        assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize("window", [None, 1, 4, 7, 100])
def test_causal_pairs_are_those_counted_one_by_one(window):
    for new, context in itertools.product(range(9), range(12)):
        pairs = 0
        for token in range(context, context + new):
            for looked_at in range(token + 1):
                if window is None or token - looked_at < window:
                    pairs += 1
        assert tf.causal_pairs(new, context, window=window) == pairs


def test_chunks_of_a_prompt_look_at_what_the_whole_prompt_does():
    for window in (None, 128):
        whole_prompt = tf.causal_pairs(1000, 0, window=window)
        starts = range(0, 1000, 96)
        chunks = [tf.causal_pairs(min(96, 1000 - s), s, window=window) for s in starts]
        assert sum(chunks) == whole_prompt


def test_a_window_layer_keeps_and_touches_the_window_alone():
    gpt = gpu_catalog.llm("GPT-OSS-20B")  # layers alternate: window 128, whole context
    pair = tf.slice_of(gpt, range(2))
    assert (pair.local_layers, pair.global_layers) == (1, 1)
    per_token = 2 * 8 * 64 * 2
    assert tf.kv_held(gpt, pair, 100) == 2 * 100 * per_token
    assert tf.kv_held(gpt, pair, 1000) == (128 + 1000) * per_token
    # A new token in a long context: one written, 127 others read; and all of the other layer's.
    assert tf.kv_touched(gpt, pair, new=1, context=1000) == (128 + 1001) * per_token


def test_expected_experts_are_those_of_all_equally_likely_choices():
    """Exact, by enumeration: 2 tokens, each with its own pair out of 8 experts."""
    mixtral = gpu_catalog.llm("Mixtral-8x22B")
    pairs = list(itertools.combinations(range(8), 2))
    visited = [len({*a, *b}) for a, b in itertools.product(pairs, pairs)]
    assert tf.distinct_experts(mixtral, 1) == pytest.approx(2)
    assert tf.distinct_experts(mixtral, 2) == pytest.approx(sum(visited) / len(visited))
    assert tf.distinct_experts(mixtral, 0) == 0
    assert tf.distinct_experts(mixtral, 10_000) == pytest.approx(8)


def test_expected_experts_agree_with_drawing_them():
    deepseek = gpu_catalog.llm("DeepSeek-V3")
    rng = random.Random(3)
    trials, tokens = 400, 20
    counts = [
        len({e for _ in range(tokens) for e in rng.sample(range(256), 8)}) for _ in range(trials)
    ]
    mean = sum(counts) / trials
    deviation = math.sqrt(sum((c - mean) ** 2 for c in counts) / (trials - 1) / trials)
    assert tf.distinct_experts(deepseek, tokens) == pytest.approx(mean, abs=4 * deviation)


def test_latent_attention_by_hand():
    deepseek = gpu_catalog.llm("DeepSeek-V3")
    layer = tf.slice_of(deepseek, range(10, 11))
    pairs = 5 * 7 + 5 * 6 / 2
    # Per pair and head: a score over 128 + 64, a sum over 128; absorbed, over 512 + 64 and 512.
    plain = tf.attention_flop(deepseek, layer, new=5, context=7, absorbed=False)
    assert plain == 2 * 128 * (128 + 64 + 128) * pairs
    absorbed = tf.attention_flop(deepseek, layer, new=5, context=7, absorbed=True)
    assert absorbed == 2 * 128 * (512 + 64 + 512) * pairs


def test_grouped_query_attention_by_hand():
    llama = gpu_catalog.llm("LLaMA-3.1-70B")
    layer = tf.slice_of(llama, range(4, 5))
    # Per pair: 64 heads, a score and a sum over 128, two operations each.
    flop = tf.attention_flop(llama, layer, new=3, context=10, absorbed=False)
    assert flop == 64 * 2 * (128 + 128) * (3 * 10 + 6)


def test_a_roofline_is_the_longer_of_the_two_times():
    assert roofline_seconds(flop=6.0, traffic=4.0, flops=3.0, bandwidth=1.0) == 4.0
    assert roofline_seconds(flop=60.0, traffic=4.0, flops=3.0, bandwidth=1.0) == 20.0
