"""The physical model's passes, by hand from published architectures and data sheets."""

import numpy as np
import pytest

import gpu_catalog
from simcore import Scenario, ScenarioError, memory_of
from simcore.costs import COST_MODELS
from simcore.run import cost_model_of

# LLaMA-3.1-70B: 80 layers of 8192, 64 query and 8 KV heads of 128, feed-forward 28672.
ATTENTION = 2 * 8192 * 64 * 128 + 2 * 8192 * 8 * 128
LAYER = ATTENTION + 3 * 8192 * 28672
HEAD = 128256 * 8192
KV = 2 * 8 * 128 * 2  # of one token in one layer [byte]
H100 = (989.4e12, 3350e9)
RTX = (503.8e12, 1792e9)


def physical(**fields):
    return Scenario(cost_model="physical", **fields)


def roofline(flop, traffic, gpu):
    return max(flop / gpu[0], traffic / gpu[1])


def test_prefill_of_a_middle_stage_by_hand():
    costs = cost_model_of(physical(prompt_tokens=1000, chunk_tokens=400, batch_size=3))
    passes = costs.prefill_passes(3)
    for chunk, (new, context) in enumerate([(400, 0), (400, 400), (200, 800)]):
        pairs = new * context + new * (new + 1) / 2
        flop = 3 * (2 * new * 10 * LAYER + 10 * 64 * 2 * (128 + 128) * pairs)
        traffic = 2 * 10 * LAYER + 3 * 10 * KV * (new + context)
        assert passes.flop[chunk] == pytest.approx(flop, rel=1e-12)
        assert passes.traffic[chunk] == pytest.approx(traffic, rel=1e-12)
        assert passes.seconds[chunk] == pytest.approx(roofline(flop, traffic, H100), rel=1e-12)


def test_the_last_stage_runs_the_head_once_for_the_prompt_s_last_token():
    costs = cost_model_of(physical(prompt_tokens=1000, chunk_tokens=400, batch_size=3))
    middle, last = costs.prefill_passes(3), costs.prefill_passes(7)
    extra_flop = (last.flop - middle.flop).tolist()
    assert extra_flop == pytest.approx([0, 0, 3 * 2 * HEAD], rel=1e-9)
    assert (last.traffic - middle.traffic).tolist() == pytest.approx([0, 0, 2 * HEAD], rel=1e-9)


def test_decode_by_hand():
    costs = cost_model_of(physical(prompt_tokens=1000, batch_size=3, output_tokens=2))
    for stage, head in ((3, 0), (7, 1)):
        passes = costs.decode_passes(stage)
        for step, context in enumerate((1000, 1001)):
            attention = 10 * 64 * 2 * (128 + 128) * (context + 1)
            flop = 3 * (2 * 10 * LAYER + attention + head * 2 * HEAD)
            traffic = 2 * (10 * LAYER + head * HEAD) + 3 * 10 * KV * (context + 1)
            assert passes.flop[step] == pytest.approx(flop, rel=1e-12)
            assert passes.seconds[step] == pytest.approx(roofline(flop, traffic, RTX), rel=1e-12)


def test_a_short_last_chunk_is_charged_what_it_is():
    costs = cost_model_of(physical(prompt_tokens=1000, chunk_tokens=400))
    assert costs.prefill_activation_bytes().tolist() == [2 * 8192 * m for m in (400, 400, 200)]
    (share,) = costs.handoff_shares(0, 0)
    assert (share.sender, share.receiver) == (0, 0)
    assert share.bytes.tolist() == [10 * KV * m for m in (400, 400, 200)]
    assert costs.decode_activation_bytes() == 2 * 8192


def test_a_chunk_longer_than_the_prompt_is_the_prompt():
    longer = cost_model_of(physical(prompt_tokens=100, chunk_tokens=400)).prefill_passes(0)
    exact = cost_model_of(physical(prompt_tokens=100, chunk_tokens=100)).prefill_passes(0)
    assert longer.seconds.tolist() == exact.seconds.tolist()


def test_fp8_models_use_fp8_where_the_gpu_has_it():
    def costs(gpu):
        return cost_model_of(
            physical(llm="DeepSeek-V3", prefill_gpu=gpu, decode_gpu=gpu, pp=8, batch_size=64)
        ).prefill_passes(4)

    with_fp8, without = costs("NVIDIA H100"), costs("NVIDIA A100-80GB")
    assert with_fp8.flop.tolist() == without.flop.tolist()
    compute_bound = with_fp8.flop / 1978.9e12 > with_fp8.traffic / 3350e9
    assert compute_bound.any()
    assert with_fp8.seconds[compute_bound] == pytest.approx(
        with_fp8.flop[compute_bound] / 1978.9e12, rel=1e-12
    )
    assert without.seconds == pytest.approx(
        np.maximum(without.flop / 312e12, without.traffic / 2039e9), rel=1e-3
    )


def test_a_sparse_model_reads_only_the_experts_it_visits():
    def decode_traffic(batch_size):
        scenario = physical(llm="Mixtral-8x22B", batch_size=batch_size, prompt_tokens=1)
        return cost_model_of(scenario).decode_passes(3).traffic[0]

    # One token visits 2 of 8 experts in each of 7 layers; 64 visit all but surely all.
    expert = 2 * 3 * 6144 * 16384
    kv = 7 * 2 * 8 * 128 * 2 * 2  # 7 layers, two tokens: the prompt's and the new one
    assert decode_traffic(64) - decode_traffic(1) == pytest.approx(
        7 * 6 * expert + 63 * kv, rel=1e-6
    )


def test_memory_holds_the_prompt_in_the_prefill_pool_and_the_output_too_in_the_decode_pool():
    scenario = Scenario(prompt_tokens=1000, output_tokens=24, batch_size=3, vram_limit_ratio=0.5)
    prefill, decode = memory_of(scenario)
    # Stages are alike, but the first also holds the embedding and the last the head.
    for pool, tokens, gpu in (
        (prefill, 1000, "NVIDIA H100"),
        (decode, 1024, "NVIDIA RTX PRO 6000"),
    ):
        assert pool.stage in (0, 7)
        assert pool.weights == 2 * (10 * LAYER + HEAD)
        assert pool.kv == 3 * 10 * KV * tokens
        assert pool.need == pool.weights + pool.kv
        assert pool.capacity == gpu_catalog.gpu(gpu).memory
        assert pool.limit == 0.5 * pool.capacity
        assert pool.fits


def everywhere():
    """Every model on one GPU of each kind, every GPU with one model of each number format."""
    gpus = ("NVIDIA A100-80GB", "NVIDIA H100", "NVIDIA B300")
    llms = ("LLaMA-3.1-70B", "DeepSeek-V3", "GPT-OSS-20B", "Qwen3-32B-NVFP4")
    pairs = {(llm.name, gpu) for llm in gpu_catalog.llms() for gpu in gpus}
    pairs |= {(llm, gpu.name) for llm in llms for gpu in gpu_catalog.gpus()}
    for name in COST_MODELS.names():
        for llm, gpu in sorted(pairs):
            item, on = gpu_catalog.llm(llm), gpu_catalog.gpu(gpu)
            if name != "reference" or (item.reference and on.reference):
                yield pytest.param(name, item, on, id=f"{name}, {llm} on {gpu}")


@pytest.mark.parametrize(("name", "llm", "gpu"), list(everywhere()))
def test_no_pass_is_faster_than_the_roofline_of_its_hardware(name, llm, gpu):
    scenario = Scenario(
        llm=llm.name,
        prefill_gpu=gpu.name,
        decode_gpu=gpu.name,
        cost_model=name,
        pp=5,
        batch_size=2,
        prompt_tokens=700,
        chunk_tokens=300,
        output_tokens=2,
    )
    costs = cost_model_of(scenario)
    own = gpu.reference or gpu
    fastest = max(gpu.flops, gpu.flops_fp8 or 0, gpu.flops_fp4 or 0, own.flops)
    widest = max(gpu.bandwidth, own.bandwidth)
    for stage in range(5):
        for passes in (costs.prefill_passes(stage), costs.decode_passes(stage)):
            bound = np.maximum(passes.flop / fastest, passes.traffic / widest)
            assert (passes.seconds >= bound * (1 - 1e-12)).all()
            assert np.isfinite(passes.seconds).all()
            assert (passes.seconds > 0).all()


@pytest.mark.parametrize("name", COST_MODELS.names())
def test_more_stages_than_layers_are_refused(name):
    with pytest.raises(ScenarioError, match="24 layers") as caught:
        cost_model_of(Scenario(llm="GPT-OSS-20B", pp=25, cost_model=name))
    assert caught.value.field == "pp"
    with pytest.raises(ScenarioError) as caught:
        cost_model_of(Scenario(llm="GPT-OSS-20B", pp=24, decode_pp=25))
    assert caught.value.field == "decode_pp"


@pytest.mark.parametrize("name", ["physical", "reference"])
@pytest.mark.parametrize("llm", [llm.name for llm in gpu_catalog.llms() if llm.reference])
def test_the_terms_of_a_pass_give_its_duration(name, llm):
    scenario = Scenario(llm=llm, cost_model=name, pp=5, batch_size=2, prompt_tokens=700,
                        chunk_tokens=300, output_tokens=2)  # fmt: skip
    costs = cost_model_of(scenario)
    for stage in range(5):
        for passes in (costs.prefill_passes(stage), costs.decode_passes(stage)):
            computing, moving = passes.flop / passes.flops, passes.traffic / passes.bandwidth
            assert passes.seconds.tolist() == np.maximum(computing, moving).tolist()
            assert passes.compute_bound.tolist() == (computing >= moving).tolist()
            assert (passes.weights > 0).all() and (passes.weights < passes.traffic).all()
            assert (passes.attention > 0).all() and (passes.attention < passes.flop).all()


def test_the_weights_of_a_pass_are_those_of_its_layers():
    passes = cost_model_of(physical()).prefill_passes(3)
    assert passes.weights.tolist() == [2 * 10 * LAYER] * 64
    assert passes.attention[0] == 10 * 64 * 2 * (128 + 128) * 128 * 129 / 2
    assert (passes.flops, passes.bandwidth) == H100
