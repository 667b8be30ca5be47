"""What one GPU of a stage holds and computes, against the whole model."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

import gpu_catalog
from gpu_catalog import GroupedQueryAttention
from simcore import Scenario, memory_of
from simcore.costs import transformer as tf
from simcore.costs.handoff import most_requests, requests_in_pass
from simcore.costs.shard import experts_held, shard_of, weights_on_gpu
from simcore.run import cost_model_of
from tests.costs.parallel import parallel_scenarios


def copied_weights(llm, pool, part):
    """What all GPUs of a stage hold beside one copy of each weight [byte], layer by layer."""
    a, element = llm.attention, llm.bytes_per_parameter
    if isinstance(a, GroupedQueryAttention):
        copies = max(1, pool.tp // a.kv_heads)
        once = 2 * llm.hidden * a.kv_heads * a.head_dim
        attention = tf.attention_parameters(llm)
        extra = pool.dp * ((copies - 1) * once + attention) - attention
    else:
        down = llm.hidden * ((a.query_latent or 0) + a.latent + a.rope_head_dim)
        attention = tf.attention_parameters(llm)
        extra = pool.dp * ((pool.tp - 1) * down + attention) - attention
    total = part.layers * extra * element
    total += (pool.dp - 1) * part.dense_layers * 3 * llm.hidden * llm.intermediate * element
    if llm.experts:
        e = llm.experts
        shared = (pool.dp - 1) * e.shared * tf.expert_parameters(llm) * e.bytes_per_parameter
        router = llm.hidden * e.experts * llm.embedding_bytes_per_parameter
        uneven = experts_held(llm, pool.sharing) * pool.ep - e.experts
        padded = uneven * tf.expert_parameters(llm) * e.bytes_per_parameter
        copied = (pool.stage_gpus - 1) * router + shared + padded
        total += part.sparse_layers * copied
    tables = part.embedding + part.head - (llm.tied_embeddings and part.embedding and part.head)
    table = llm.vocabulary * llm.hidden * llm.embedding_bytes_per_parameter
    return total + (pool.dp - 1) * tables * table


@given(parallel_scenarios())
@settings(max_examples=100)
def test_the_weights_of_all_gpus_are_the_model_s_and_what_is_copied(scenario):
    costs, llm, pool = cost_model_of(scenario), gpu_catalog.llm(scenario.llm), scenario.prefill_pool
    for stage, layers in enumerate(pool.layers(llm.layers)):
        part = tf.slice_of(llm, layers)
        held = pool.stage_gpus * costs.weight_bytes(pool, stage)
        whole = tf.weights_held(llm, part)
        assert held == pytest.approx(whole + copied_weights(llm, pool, part), rel=1e-9)


@given(parallel_scenarios())
@settings(max_examples=100)
def test_kv_cache_is_that_of_the_fullest_group_s_requests_and_the_gpu_s_heads(scenario):
    costs, llm = cost_model_of(scenario), gpu_catalog.llm(scenario.llm)
    for pool, tokens in (
        (scenario.prefill_pool, scenario.prompt_tokens),
        (scenario.decode_pool, scenario.prompt_tokens + scenario.output_tokens),
    ):
        a = llm.attention
        part = 1.0
        if isinstance(a, GroupedQueryAttention):
            part = max(1, a.kv_heads // pool.tp) / a.kv_heads
        for stage, layers in enumerate(pool.layers(llm.layers)):
            each = tf.kv_held(llm, tf.slice_of(llm, layers), tokens)
            held = part * each * most_requests(scenario.workload, pool)
            assert costs.kv_bytes(pool, stage) == pytest.approx(held, rel=1e-9)


def passes_of(scenario):
    costs = cost_model_of(scenario)
    for name, stages in (("prefill", scenario.pp), ("decode", scenario.decode_stages)):
        for stage in range(stages):
            yield name, stage, getattr(costs, f"{name}_passes")(stage)


@pytest.mark.parametrize("tp", [2, 4, 8])
@pytest.mark.parametrize("llm", ["LLaMA-3.1-70B", "LLaMA-2-7B", "Gemma-3-27B"])
def test_all_gpus_together_do_what_one_would(llm, tp):
    """No more KV heads are held than there are, so nothing is copied."""
    one = Scenario(llm=llm, pp=3, batch_size=2, prompt_tokens=900, chunk_tokens=400,
                   output_tokens=3, cost_model="physical")  # fmt: skip
    for (*_, alone), (*_, shard) in zip(passes_of(one), passes_of(one.replace(tp=tp)), strict=True):
        for quantity in ("flop", "attention", "weights", "traffic"):
            assert tp * getattr(shard, quantity) == pytest.approx(
                getattr(alone, quantity), rel=1e-12
            )


def test_copied_kv_heads_are_computed_and_read_by_each():
    one = Scenario(pp=1, vram_limit_ratio=1.0, cost_model="physical", output_tokens=2)
    llm = gpu_catalog.llm(one.llm)
    *_, (_, _, alone) = passes_of(one)
    *_, (_, _, shard) = passes_of(one.replace(tp=32))
    projections = 80 * 2 * 8192 * 8 * 128  # of keys and values
    # Each of 8 heads is on 4 of 32 GPUs.
    assert 32 * shard.flop - alone.flop == pytest.approx(3 * 2 * projections, rel=1e-9)
    cache = one.prompt_tokens + 1 + np.arange(2)
    copied = 3 * (projections * 2 + llm.layers * tf.kv_bytes_per_token(llm) * cache)
    assert 32 * shard.traffic - alone.traffic == pytest.approx(copied, rel=1e-9)


def test_experts_are_spread_over_all_and_attention_over_a_group():
    """DeepSeek-V3 by hand: 4 attention groups of 2, each expert on one of 8 GPUs."""
    base = Scenario(llm="DeepSeek-V3", cost_model="physical", pp=2, batch_size=8,
                    prompt_tokens=1000, chunk_tokens=1000)  # fmt: skip
    spread = base.replace(tp=2, dp=4, ep=8)
    llm = gpu_catalog.llm(base.llm)
    alone = cost_model_of(base).prefill_passes(1)
    shard = cost_model_of(spread).prefill_passes(1)
    part = tf.slice_of(llm, range(31, 61))
    per_token = 2 * part.layers * llm.hidden * (1536 + 512 + 64)  # down to latent vectors
    per_token += 2 * part.sparse_layers * llm.hidden * 256  # the router
    # Both are on either GPU of an attention group.
    assert 8 * shard.flop[0] == pytest.approx(alone.flop[0] + 8000 * per_token, rel=1e-9)
    assert shard.attention[0] == pytest.approx(alone.attention[0] / 8, rel=1e-12)


def test_a_power_law_makes_one_group_s_experts_the_busiest():
    spread = Scenario(llm="DeepSeek-V3", cost_model="physical", pp=2, batch_size=8, tp=2, dp=4,
                      ep=8, chunk_tokens=1024)  # fmt: skip
    even = cost_model_of(spread.replace(routing="balanced")).prefill_passes(1).flop[0]
    skewed = [
        cost_model_of(spread.replace(routing="power law", seed=seed, expert_placement=placement))
        .prefill_passes(1)
        .flop[0]
        for seed in range(4)
        for placement in ("linear", "round robin")
    ]
    assert min(skewed) > even
    assert len(set(skewed)) == len(skewed)


def test_a_pass_of_decode_is_that_of_one_micro_batch():
    base = Scenario(batch_size=12, cost_model="physical", output_tokens=2)
    third = cost_model_of(base.replace(decode_microbatches=3)).decode_passes(0)
    four = cost_model_of(base.replace(batch_size=4)).decode_passes(0)
    assert third.flop.tolist() == four.flop.tolist()
    assert third.seconds.tolist() == four.seconds.tolist()


def test_requests_of_groups_that_do_not_share_evenly():
    scenario = Scenario(llm="Mixtral-8x22B", batch_size=10, decode_microbatches=2, dp=4, pp=7)
    workload = scenario.workload
    # 10 requests in 4 groups: 3, 3, 2, 2; of 5 in a micro-batch: 2, 1, 1, 1.
    assert requests_in_pass(workload, scenario.prefill_pool) == 3
    assert most_requests(workload, scenario.prefill_pool) == 3
    assert requests_in_pass(workload, scenario.decode_pool) == 2
    assert most_requests(workload, scenario.decode_pool) == 4


def test_shared_experts_are_divided_by_tp_and_the_others_by_their_own():
    llm = gpu_catalog.llm("DeepSeek-V3")
    pool = Scenario(llm=llm.name, tp=2, dp=4, ep=8).prefill_pool
    shard, part = shard_of(llm, pool.sharing), tf.slice_of(llm, range(30, 31))
    without = replace(shard, experts=replace(shard.experts, shared=0))
    shared = tf.weights_held(shard, part) - tf.weights_held(without, part)
    assert shared == pytest.approx(tf.expert_parameters(llm) / 2 * llm.experts.bytes_per_parameter)
    held = weights_on_gpu(llm, pool.sharing, part)
    assert held - tf.weights_held(shard, part, experts=0) == pytest.approx(
        32 * tf.expert_parameters(llm) * llm.experts.bytes_per_parameter
    )


def test_stage_borders_and_memory_are_those_of_the_fullest_group():
    scenario = Scenario(llm="Mixtral-8x22B", batch_size=10, dp=4, pp=7, prompt_tokens=300,
                        chunk_tokens=200, cost_model="physical")  # fmt: skip
    costs, hidden = cost_model_of(scenario), 6144
    assert costs.prefill_activation_bytes().tolist() == [3 * m * hidden * 2 for m in (200, 100)]
    assert costs.decode_activation_bytes() == 3 * hidden * 2
    prefill, decode = memory_of(scenario)
    # 8 layers of 8 KV heads of 128, keys and values in two bytes.
    assert prefill.kv == 3 * 300 * 8 * 2 * 8 * 128 * 2
    assert decode.kv == 3 * 301 * 8 * 2 * 8 * 128 * 2
