"""The specification's formulas, written out once more by hand and evaluated for four models.

What is expected here is arithmetic on the specification's own catalog values; nothing is read from
the code under test.
"""

import dataclasses

import pytest

import gpu_catalog
from simcore import DoesNotFit, Scenario, ScenarioError, memory_of, run
from simcore.costs import COST_MODELS
from simcore.run import cost_model_of, plan_of, topology_of

GIB = 2**30


def reference(**changes):
    return Scenario(cost_model="reference", **changes)


def plan(scenario):
    costs = cost_model_of(scenario)
    return plan_of(scenario, costs, topology_of(scenario, costs))


def handoffs(plan, stage):
    """What a stage hands over: to which stage, and how much for each chunk."""
    [part] = plan.prefill_parts[stage]
    return [(route.receiver, route.sending.bytes) for route in part.handoffs]


def sent_on(borders):
    """What each stage sends the next."""
    return [sending.bytes for [sending] in borders]


# LLaMA-3.1-70B (GQA): W 70554470400, L 80, H 8192, 8 KV of 64 heads, B 2; PP 8, N 1, M 128, T 8192.
LLAMA = plan(reference())


def test_gqa_kv_cache_of_a_chunk_by_hand():
    # 2 N B M L H_kv (H / H_q) = 2 * 2 * 128 * 80 * 8 * 128 B, an eighth of it for each stage.
    assert 2 * 2 * 128 * 80 * 8 * 128 == 41943040
    for stage in range(8):
        assert handoffs(LLAMA, stage) == [(stage, [41943040 // 8] * 64)]


def test_activations_are_n_b_m_h_and_n_b_h():
    assert sent_on(LLAMA.activations) == [[1 * 2 * 128 * 8192] * 64] * 7
    assert sent_on(LLAMA.decode_activations) == [[1 * 2 * 8192]] * 7


def test_t_prefill_by_hand():
    per_stage = 80 // 8
    flop = 2 * 1 * 128 * (70554470400 // 80) * per_stage + 4 * 1 * 8192 * 128**2 * per_stage
    traffic = 70554470400 * 2 // 8 + 41943040 // 8
    # H100: 989e12 FLOP/s, 3350e9 B/s. Memory bound.
    expected = max(flop / 989e12, traffic / (0.8 * 3350e9))
    assert expected == traffic / 2680e9
    assert LLAMA.prefill_seconds == [[pytest.approx(expected, rel=1e-14)] * 64] * 8


def test_t_decode_by_hand():
    per_stage = 80 // 8
    flop = 2 * 1 * (70554470400 // 8) + (4 * 1 * 8192 * per_stage * 8192) // 8
    kv = 2 * 1 * 2 * 8192 * 80 * 8 * 128
    traffic = 70554470400 * 2 // 8 + kv // 8
    # RTX PRO 6000 of the specification: 440e12 FLOP/s, 1694.5e9 B/s.
    expected = max(flop / 440e12, traffic / (0.8 * 1694.5e9))
    assert LLAMA.decode_seconds == [[pytest.approx(expected, rel=1e-14)]] * 8


def test_t_prefill_is_compute_bound_for_long_chunks():
    long = plan(reference(chunk_tokens=2048, batch_size=4))
    n, m, per_stage = 4, 2048, 10
    flop = 2 * n * m * (70554470400 // 80) * per_stage + 4 * n * 8192 * m**2 * per_stage
    assert long.prefill_seconds[3] == [pytest.approx(flop / 989e12, rel=1e-14)] * 4


def test_mla_kv_cache_by_hand():
    # DeepSeek-V3: 671e9, L 61, H 7168, H_kv 1, D_latent 512, B 2: 2 N B M L H_kv D_latent.
    deepseek = plan(
        reference(llm="DeepSeek-V3", prefill_gpu="NVIDIA H200", decode_gpu="NVIDIA H200", pp=16)
    )
    kv = 2 * 1 * 2 * 128 * 61 * 1 * 512
    assert handoffs(deepseek, 0) == [(0, [kv // 16] * 64)]
    # L // PP = 3 layers a stage, whatever is left over.
    flop = 2 * 128 * (671 * 10**9 // 61) * 3 + 4 * 7168 * 128**2 * 3
    traffic = 671 * 10**9 * 2 // 16 + kv // 16
    expected = max(flop / 989e12, traffic / (0.8 * 4800e9))
    assert deepseek.prefill_seconds[0][0] == pytest.approx(expected, rel=1e-14)


def test_head_width_is_hidden_over_heads_even_where_the_model_s_is_not():
    # GPT-OSS-20B: L 24, H 2880, 8 of 64 heads: 2880 / 64 = 45; its true heads are 64 wide.
    gpt = plan(reference(llm="GPT-OSS-20B", pp=4))
    assert handoffs(gpt, 0) == [(0, [(2 * 2 * 128 * 24 * 8 * 45) // 4] * 64)]


def test_with_as_many_kv_as_query_heads_it_is_multi_head_attention():
    """2 N B M L H_kv (H / H_q) = 2 N B M L H where H_kv = H_q."""
    llm = gpu_catalog.llm("LLaMA-3.1-70B")
    multi_head = dataclasses.replace(
        llm, reference=dataclasses.replace(llm.reference, kv_heads=llm.reference.query_heads)
    )
    s = reference(batch_size=3)
    costs = COST_MODELS["reference"](
        llm=multi_head, workload=s.workload, prefill=s.prefill_pool, decode=s.decode_pool
    )
    assert costs.handoff_shares(2, 2)[0].bytes[0] == (2 * 3 * 2 * 128 * 80 * 8192) // 8


def test_every_chunk_counts_as_a_whole_one():
    short = plan(reference(prompt_tokens=8192 - 100))
    assert sent_on(short.activations) == sent_on(LLAMA.activations)
    assert short.prefill_seconds == LLAMA.prefill_seconds


def test_each_step_looks_back_on_one_token_more():
    steps = plan(reference(output_tokens=3)).decode_seconds[0]
    traffic = [
        70554470400 * 2 // 8 + (2 * 2 * context * 80 * 8 * 128) // 8
        for context in range(8192, 8195)
    ]
    assert steps == [pytest.approx(t / (0.8 * 1694.5e9), rel=1e-14) for t in traffic]


def test_memory_is_the_layers_of_a_stage_and_its_share_of_the_kv_cache():
    for pool, gib in zip(memory_of(reference()), (80, 96), strict=True):
        assert pool.weights == (70554470400 // 80) * (80 // 8) * 2
        assert pool.kv == 2 * 2 * 8192 * 80 * 8 * 128 // 8
        assert pool.capacity == gib * GIB
        assert pool.limit == 0.95 * gib * GIB


def test_what_exceeds_the_memory_is_refused_prefill_first():
    # PP 1: 141 GB of weights in 80 and 96 GiB.
    with pytest.raises(DoesNotFit) as caught:
        run(reference(pp=1))
    assert caught.value.pool == "prefill"
    assert caught.value.need == (70554470400 // 80) * 80 * 2 + 2 * 2 * 8192 * 80 * 8 * 128
    assert caught.value.limit == 0.95 * 80 * GIB
    # PP 2 needs 71.9 GB a stage, under 0.95 * 80 GiB = 81.6 GB.
    assert run(reference(pp=2)).metrics.ttds_s > 0


def test_a_decode_pool_too_small_is_named():
    with pytest.raises(DoesNotFit) as caught:
        run(reference(pp=2, decode_gpu="NVIDIA L40"))
    assert caught.value.pool == "decode"


def test_both_pools_have_one_pp():
    with pytest.raises(ScenarioError, match=r"decode_pp = 4.*use 8") as caught:
        run(reference(decode_pp=4))
    assert caught.value.field == "decode_pp"
    assert run(reference(decode_pp=8)).metrics.ttds_s == run(reference()).metrics.ttds_s
