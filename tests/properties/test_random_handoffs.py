"""Handoffs between pools of different TP, PP and DP: each GPU receives what it will hold."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings

import gpu_catalog
from gpu_catalog import GroupedQueryAttention
from simcore import Scenario
from simcore.costs import transformer as tf
from simcore.costs.handoff import groups_of_requests, heads_of, kv_heads
from simcore.costs.shard import shard_of
from simcore.run import cost_model_of
from tests.costs.parallel import parallel_scenarios


def shares_of(scenario, costs, layers=None):
    """Each share with the stages that it is of."""
    return [
        (sender, receiver, share)
        for sender in range(scenario.pp)
        for receiver in range(scenario.decode_stages)
        for share in costs.handoff_shares(sender, receiver, layers)
    ]


@given(parallel_scenarios())
@settings(max_examples=150)
def test_a_decode_gpu_receives_the_kv_cache_that_it_will_hold(scenario):
    costs, llm, pool = cost_model_of(scenario), gpu_catalog.llm(scenario.llm), scenario.decode_pool
    received = Counter()
    for _, receiver, share in shares_of(scenario, costs):
        assert share.bytes.shape == (scenario.workload.chunks,)
        received[receiver, share.receiver] += share.bytes.sum()
    requests = np.bincount(groups_of_requests(scenario.workload, pool), minlength=pool.dp)
    assert requests.sum() == scenario.batch_size
    shard = shard_of(llm, pool.sharing)
    for stage, layers in enumerate(pool.layers(llm.layers)):
        each = tf.kv_held(shard, tf.slice_of(llm, layers), scenario.prompt_tokens)
        for gpu in range(pool.stage_gpus):
            held = requests[gpu // pool.tp] * each
            assert received[stage, gpu] == pytest.approx(held, rel=1e-9)


@given(parallel_scenarios())
@settings(max_examples=100)
def test_who_sends_holds_it(scenario):
    """Layers, requests and heads: a share is no more than its sender and receiver both have."""
    costs, llm = cost_model_of(scenario), gpu_catalog.llm(scenario.llm)
    ours, theirs = scenario.prefill_pool, scenario.decode_pool
    heads = kv_heads(llm)
    groups = [groups_of_requests(scenario.workload, pool) for pool in (ours, theirs)]
    each = tf.kv_bytes_per_token(llm) / heads
    for sender, receiver, share in shares_of(scenario, costs):
        (sending, rank), (taking, taker) = (
            divmod(share.sender, ours.tp), divmod(share.receiver, theirs.tp)
        )  # fmt: skip
        shared_heads = {*heads_of(rank, heads=heads, tp=ours.tp)} & {
            *heads_of(taker, heads=heads, tp=theirs.tp)
        }
        both = np.sum((groups[0] == sending) & (groups[1] == taking))
        tokens = costs.handoff_tokens(sender, receiver)
        # Of several holders of a head one sends it: never more than what both have.
        assert (share.bytes <= len(shared_heads) * both * tokens * each * (1 + 1e-9)).all()
        assert share.bytes.any() or not tokens.any()


@given(parallel_scenarios())
@settings(max_examples=50)
def test_layer_groups_add_up_to_the_whole(scenario):
    costs, llm = cost_model_of(scenario), gpu_catalog.llm(scenario.llm)
    whole, parts = Counter(), Counter()
    for sender, receiver, share in shares_of(scenario, costs):
        whole[sender, receiver, share.sender, share.receiver] += share.bytes.sum()
    for start in range(0, llm.layers, 5):
        layers = range(start, min(start + 5, llm.layers))
        for sender, receiver, share in shares_of(scenario, costs, layers):
            parts[sender, receiver, share.sender, share.receiver] += share.bytes.sum()
    assert parts == pytest.approx(whole, rel=1e-9)


def sent_by(**degrees):
    """Bytes that each GPU of the only prefill stage sends, over the mean."""
    scenario = Scenario(pp=1, decode_pp=1, cost_model="physical", batch_size=8, **degrees)
    sent = np.zeros(scenario.prefill_pool.stage_gpus)
    for share in cost_model_of(scenario).handoff_shares(0, 0):
        sent[share.sender] += share.bytes.sum()
    return sent / sent.mean()


@pytest.mark.parametrize(
    "degrees",
    [
        {"tp": 8, "decode_tp": 8},
        {"tp": 8, "decode_tp": 2},
        {"tp": 4, "decode_tp": 64},
        {"tp": 16, "decode_tp": 32},
        {"llm": "DeepSeek-V3", "tp": 8, "decode_tp": 8},
        {"llm": "DeepSeek-V3", "tp": 8, "decode_tp": 1, "decode_dp": 8, "decode_ep": 8},
        {"llm": "DeepSeek-V3", "tp": 2, "dp": 4, "ep": 8, "decode_tp": 16},
    ],
)
def test_all_prefill_gpus_send_as_much(degrees):
    assert sent_by(**degrees) == pytest.approx(1.0)


def test_of_more_holders_than_receivers_every_other_one_sends():
    """16 GPUs hold 8 heads twice, 8 receive one each: neighbours' places on a node alternate."""
    sent = sent_by(tp=16, decode_tp=8)
    assert np.flatnonzero(sent).tolist() == [0, 3, 4, 7, 8, 11, 12, 15]


@pytest.mark.parametrize("llm", ["LLaMA-3.1-70B", "DeepSeek-V3"])
@pytest.mark.parametrize("tp", [1, 4, 32])
def test_between_like_pools_each_gpu_hands_over_to_its_namesake(llm, tp):
    costs = cost_model_of(Scenario(llm=llm, tp=tp, pp=2, cost_model="physical"))
    for stage in range(2):
        shares = costs.handoff_shares(stage, stage)
        assert [(share.sender, share.receiver) for share in shares] == [(i, i) for i in range(tp)]
        assert costs.handoff_shares(stage, 1 - stage) == ()


def test_latent_vectors_go_to_every_gpu_whole():
    llm = gpu_catalog.llm("DeepSeek-V3")
    assert not isinstance(llm.attention, GroupedQueryAttention)
    costs = cost_model_of(
        Scenario(llm=llm.name, tp=2, decode_tp=8, pp=1, prompt_tokens=100, cost_model="physical")
    )
    shares = costs.handoff_shares(0, 0)
    assert [share.bytes.sum() for share in shares] == [llm.layers * 100 * (512 + 64) * 2] * 8
