"""Which collectives a pass has, and what they take alone."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

import gpu_catalog
from simcore import Scenario
from simcore.costs.constants import FabricConstants, shipped
from simcore.costs.deployment import Deployment
from simcore.costs.hardware import chip_of, fabric_joining, fabric_of, kernels_of
from simcore.costs.operators.collectives import (
    Collective,
    between_nodes_seconds,
    direct_seconds,
    peer_seconds,
)
from simcore.costs.operators.exchange_times import alone_seconds
from simcore.costs.operators.exchanges import exchanges_of
from simcore.costs.operators.layer import Batch
from simcore.costs.operators.moe import ExpertPlacement, Routing
from simcore.costs.operators.sharing import Sharing
from simcore.costs.release_steps import LayerCounts, decode_parts, prefill_parts, products_factor
from simcore.costs.serving_engines import KERNELS_ALONE, serving_engine
from simcore.costs.transformer import slice_of
from simcore.run import cost_model_of
from tests.costs.parallel import parallel_scenarios

H200 = gpu_catalog.gpu("NVIDIA H200")
LLAMA, DEEPSEEK = gpu_catalog.llm("LLaMA-3.1-70B"), gpu_catalog.llm("DeepSeek-V3")
NVLINK = {"bandwidth": gpu_catalog.link("NVLink").bandwidth,
          "rated": gpu_catalog.link("NVLink").bandwidth, "latency_s": 6.5e-6, "switched": True,
          "nodes": 1}  # fmt: skip


def exchanges(llm, layers, tokens=100.0, received=False, everyone=None, **degrees):
    sharing = Sharing(**degrees)
    return exchanges_of(
        llm, slice_of(llm, layers), sharing, tokens=tokens, everyone=everyone, received=received
    )


def test_a_layer_adds_up_twice_and_so_does_the_embedding_once():
    (first,) = exchanges(LLAMA, range(20), tp=8)
    assert (first.kind, first.times) == (Collective.ALL_REDUCE, 2 * 20 + 1)
    assert first.groups == (tuple(range(8)),)
    assert first.bytes == 100 * 8192 * 2
    gather, later = exchanges(LLAMA, range(20, 40), tp=8, received=True)
    assert (gather.kind, gather.times, gather.bytes) == (Collective.ALL_GATHER, 1, 100 * 8192 * 2)
    assert (later.kind, later.times) == (Collective.ALL_REDUCE, 2 * 20)


def test_one_gpu_exchanges_nothing():
    assert exchanges(LLAMA, range(20), received=True) == ()
    assert exchanges(DEEPSEEK, range(20), received=True) == ()


def test_norms_over_all_heads_add_up_too():
    joint = [llm for llm in gpu_catalog.llms() if getattr(llm.attention, "joint_norm", False)]
    assert joint
    for llm in joint:
        small, _ = exchanges(llm, range(1, 5), tp=2)
        assert (small.kind, small.times, small.bytes) == (Collective.ALL_REDUCE, 4, 100 * 8)


def test_one_attention_group_adds_up_what_its_experts_make():
    """All its GPUs have all tokens: nothing is to be dispatched, however experts are spread."""
    (found,) = exchanges(DEEPSEEK, range(10, 20), tp=8, ep=8)
    assert (found.kind, found.times) == (Collective.ALL_REDUCE, 20)


def test_attention_groups_send_tokens_to_experts_and_back():
    """DeepSeek-V3: 3 dense layers, then experts; 8 of 256 for each token, on 8 GPUs."""
    reduce, there, back = exchanges(DEEPSEEK, range(1, 6), tp=2, dp=4, ep=8)
    assert reduce.groups == ((0, 1), (2, 3), (4, 5), (6, 7))
    # Two dense layers with two sums each, three of experts with one.
    assert (reduce.kind, reduce.times) == (Collective.ALL_REDUCE, 2 * 2 + 3)
    assert there.groups == back.groups == (tuple(range(8)),)
    assert (there.kind, there.times, there.back) == (Collective.ALL_TO_ALL, 3, False)
    assert (back.kind, back.times, back.back) == (Collective.ALL_TO_ALL, 3, True)
    # Each of 2 GPUs sends half the tokens, to the GPUs that 8 draws of 8 meet.
    met = 8 * (1 - (7 / 8) ** 8)
    assert there.bytes == pytest.approx(50 * met * 7168 * 2)
    assert back.bytes == there.bytes and there.shares is None


def test_where_experts_are_split_all_their_gpus_get_the_token():
    _, whole, _ = exchanges(DEEPSEEK, range(10, 20), tp=2, dp=4, ep=8)
    _, split, _ = exchanges(DEEPSEEK, range(10, 20), tp=2, dp=4, ep=2)
    assert split.bytes / whole.bytes == pytest.approx(
        4 * 2 * (1 - (1 / 2) ** 8) / (8 * (1 - (7 / 8) ** 8))
    )


def test_experts_in_demand_get_the_larger_shares():
    skewed = {"routing": Routing.POWER_LAW, "placement": ExpertPlacement.LINEAR, "tp": 2,
              "dp": 4, "ep": 4}  # fmt: skip
    by_seed = [exchanges(DEEPSEEK, range(10, 20), seed=seed, **skewed)[1] for seed in (0, 1)]
    for found in by_seed:
        shares = np.array(found.shares)
        assert shares.sum() == pytest.approx(1) and shares.max() > 1.01 / 8
        # Two GPUs hold each expert between them.
        assert (shares[::2] == shares[1::2]).all()
        # A token goes to 4 groups at most, so to 8 GPUs.
        assert found.bytes <= 50 * 8 * 7168 * 2
    assert by_seed[0].shares != by_seed[1].shares
    dealt = exchanges(
        DEEPSEEK, range(10, 20), **skewed | {"placement": ExpertPlacement.ROUND_ROBIN}
    )
    assert dealt[1].shares != by_seed[0].shares


@given(parallel_scenarios(routing="power law", seed=3))
@settings(max_examples=60)
def test_every_gpu_takes_part_once_in_each(scenario):
    costs = cost_model_of(scenario)
    for pool, found, length in (
        (scenario.prefill_pool, costs.prefill_exchanges, scenario.workload.chunks),
        (scenario.decode_pool, costs.decode_exchanges, scenario.output_tokens),
    ):
        for exchange in (each for stage in range(pool.pp) for each in found(stage)):
            assert sorted(sum(exchange.groups, ())) == list(range(pool.stage_gpus))
            assert exchange.bytes.shape == (length,) and (exchange.bytes > 0).all()
            assert exchange.times > 0
            if exchange.shares is not None:
                assert len(exchange.shares) == len(exchange.groups[0])
                assert sum(exchange.shares) == pytest.approx(1)


def alone(found, fabric, **more):
    return alone_seconds(found, fabric=fabric, all_reduce="vllm", **more)


def test_times_alone_are_those_of_the_fabric_s_formulas():
    fabric = fabric_of(H200)
    (sums,) = exchanges(LLAMA, range(20, 40), tp=8)
    where = {"ranks": 8, "size": sums.bytes, "bandwidth": fabric.bandwidth}
    direct = direct_seconds(**where, constants=fabric.direct["vllm"], ring=fabric.rings["nccl"])
    assert alone(sums, fabric) == direct
    _, there, back = exchanges(DEEPSEEK, range(10, 20), tp=2, dp=4, ep=8)
    where["size"] = there.bytes
    peer = peer_seconds(kind=Collective.ALL_TO_ALL, **where, constants=fabric.peer)
    assert alone(there, fabric) == alone(back, fabric) == peer
    skewed = replace(there, shares=(0.3, *(0.1 for _ in range(7))))
    where["size"] = there.bytes * 0.3 * 8
    heavier = peer_seconds(kind=Collective.ALL_TO_ALL, **where, constants=fabric.peer)
    assert alone(skewed, fabric) == heavier > peer


def test_between_machines_it_is_their_network_s():
    fabric = fabric_joining(H200, 50e9, rated=50e9, ranks=16, switched=False, nodes=2)
    known = shipped(FabricConstants, "fabrics").values()
    assert fabric.fabric in {each.fabric for each in known if not each.gpus and each.switched}
    (sums,) = exchanges(LLAMA, range(20, 40), tp=16)
    found = alone(sums, fabric, nodes=2)
    assert found == between_nodes_seconds(
        kind=Collective.ALL_REDUCE,
        ranks=16,
        nodes=2,
        size=sums.bytes,
        bandwidth=fabric.bandwidth,
        constants=fabric.rings["nccl"],
    )
    # Far apart, each of the 30 rounds waits for the way.
    far = alone(sums, fabric, nodes=2, further_s=1e-2)
    assert far - found == pytest.approx(0.3, rel=1e-9)


@pytest.mark.parametrize(
    ("gpu", "bandwidth", "ranks", "switched", "fabric"),
    [
        ("NVIDIA H100", NVLINK["bandwidth"], 8, True, "nvlink-4"),
        ("NVIDIA H100", 53.5e9, 8, False, "pcie-5"),
        ("NVIDIA L40S", 23e9, 4, False, "pcie-4"),
        ("NVIDIA H100 PCIe", 250e9, 2, False, "nvlink-bridge"),
        ("AMD Instinct MI300X", 7 * 47.5e9, 8, False, "nvlink-4"),
    ],
)
def test_what_joins_gpus_is_the_measured_fabric_most_like_it(
    gpu, bandwidth, ranks, switched, fabric
):
    item = gpu_catalog.gpu(gpu)
    how = {"rated": bandwidth, "ranks": ranks, "switched": switched, "nodes": 1}
    found = fabric_joining(item, bandwidth, **how)
    assert found.fabric == fabric
    twice = fabric_joining(item, 2 * bandwidth, **how)
    assert (twice.fabric, twice.bandwidth) == (fabric, pytest.approx(2 * found.bandwidth))
    assert not twice.calibrated


def pass_and_collectives(costs, pool, name, stage=0):
    """Time of a stage's passes with their collectives, one after the other [s]."""
    total = getattr(costs, f"{name}_passes")(stage).seconds
    for exchange in getattr(costs, f"{name}_exchanges")(stage):
        total = total + exchange.times * costs.exchange_seconds(pool, exchange, **NVLINK)
    return total


@pytest.mark.parametrize("engine", [KERNELS_ALONE.engine, "vLLM 0.19", "SGLang 0.5.8"])
@pytest.mark.parametrize(
    ("llm", "degrees"),
    [
        ("LLaMA-3.1-70B", {"tp": 8}),
        ("Qwen3-235B-A22B", {"tp": 4, "ep": 4}),
        ("DeepSeek-V3", {"tp": 1, "dp": 8, "ep": 8}),
        ("DeepSeek-V3", {"tp": 8, "dp": 1, "ep": 1}),
    ],
)
def test_a_whole_model_s_pass_and_collectives_are_the_step_that_is_predicted(engine, llm, degrees):
    scenario = Scenario(
        llm=llm, engine=engine, prefill_gpu=H200.name, decode_gpu=H200.name, pp=1, batch_size=16,
        prompt_tokens=1024, chunk_tokens=512, output_tokens=3, **degrees,
    )  # fmt: skip
    costs, release = cost_model_of(scenario), serving_engine(engine).release
    # A release's factors may not make a GPU faster than it can be.
    bound = cost_model_of(scenario.replace(cost_model="physical"))
    item, dp = gpu_catalog.llm(llm), degrees.get("dp", 1)
    deployment = Deployment(
        llm=item, gpu=H200, tp=scenario.tp, dp=dp, expert_groups=degrees.get("ep", 1)
    )
    requests, layers = 16 / dp, LayerCounts.of(item, deployment.whole)
    load = {"requests": np.full(3, requests), "context": 1024 + np.arange(3.0)}
    full = deployment.decode_times(**load)
    bare = deployment.without_launches().decode_times(**load)
    form = chip_of(H200, kernels_of(H200)).runs(item.gemm_dtype)
    step = decode_parts(
        bare,
        launches=full.total - bare.total,
        products=products_factor(release, fp8=form == "fp8", fp4=form == "fp4"),
        layers=layers,
        steps=1.0,
        requests=requests,
        release=release,
        least=bound.decode_passes(0).seconds,
    )
    found = pass_and_collectives(costs, scenario.decode_pool, "decode")
    assert found == pytest.approx(sum(step.values()), rel=1e-9)

    last = np.array([0.0, 1.0])
    chunks = Batch(
        prompts=requests, new=np.full(2, 512.0), before=512 * last, outputs=requests * last
    )
    least = bound.prefill_passes(0).seconds
    parts = prefill_parts(deployment.times(chunks), layers=layers, release=release, least=least)
    found = pass_and_collectives(costs, scenario.prefill_pool, "prefill")
    assert found == pytest.approx(sum(parts.values()), rel=1e-9)
