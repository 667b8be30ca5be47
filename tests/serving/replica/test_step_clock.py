"""Times of steps: those of the cost models for pipelines where these have one, and in between."""

import random
from dataclasses import replace

import numpy as np
import pytest

import gpu_catalog
from simcore.costs import transformer as tf
from simcore.costs.deployment import Deployment
from simcore.costs.model import COST_MODELS
from simcore.costs.operators.moe import Routing
from simcore.costs.plan import Pool, Workload
from simcore.costs.release_steps import LayerCounts, decode_parts, products_factor
from simcore.costs.serving_engines import KERNELS_ALONE, serving_engine
from simcore.errors import DoesNotFit, ScenarioError, SimulationError
from simcore.serving.replica import EngineSettings, ReplicaPlan, StepClock
from simcore.topologies.base import Joining

VLLM = serving_engine("vLLM 0.19").release


def plan_of(llm="Llama-3.1-8B", gpu="NVIDIA H100", *, release=VLLM, cost_model="calibrated",
            settings=None, joining=None, onward=None, pp=1, **degrees):  # fmt: skip
    return ReplicaPlan(
        llm=gpu_catalog.llm(llm),
        pool=Pool(name="decode", gpu=gpu_catalog.gpu(gpu), pp=pp, release=release, **degrees),
        settings=settings or EngineSettings(),
        cost_model=cost_model,
        joining=joining,
        onward=onward,
    )


def pipeline_costs(plan, **workload):
    workload = {"batch_size": 1, "chunk_tokens": workload["prompt_tokens"], **workload}
    pools = {name: replace(plan.pool, name=name) for name in ("prefill", "decode")}
    costs = COST_MODELS[plan.cost_model]
    return costs(llm=plan.llm, workload=Workload(output_tokens=1, **workload), **pools)


@pytest.mark.parametrize("cost_model", ["calibrated", "physical"])
@pytest.mark.parametrize(
    ("llm", "gpu"),
    [
        ("Llama-3.1-8B", "NVIDIA H100"),
        ("Mixtral-8x7B", "NVIDIA H200"),
        ("gemma-3-27b", "NVIDIA H200"),
        ("gpt-oss-20b", "NVIDIA H100"),
    ],
)
def test_a_decode_step_is_that_of_a_pipeline(llm, gpu, cost_model):
    plan = plan_of(llm, gpu, cost_model=cost_model)
    for requests, context in ((1, 100), (7, 1000), (64, 3333), (256, 777)):
        costs = pipeline_costs(plan, batch_size=requests, prompt_tokens=context)
        expected = costs.decode_passes(0).seconds[0]
        time, _, _ = plan.clock.piece(requests, requests * context)
        assert time == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize("cost_model", ["calibrated", "physical"])
@pytest.mark.parametrize("llm", ["Llama-3.1-8B", "Qwen3-30B-A3B", "gpt-oss-20b"])
def test_a_prefill_step_is_that_of_a_pipeline(llm, cost_model):
    plan = plan_of(llm, "NVIDIA H200", cost_model=cost_model)
    for prompt, chunk in ((100, 100), (5000, 5000), (8192, 1000), (30000, 4096)):
        costs = pipeline_costs(plan, prompt_tokens=prompt, chunk_tokens=chunk)
        expected = costs.prefill_passes(0).seconds
        starts = range(0, prompt, chunk)
        times = [
            sum(
                plan.clock.mixed_stages(
                    [(min(chunk, prompt - start), start)], 0, 0.0, int(start + chunk >= prompt)
                )
            )
            for start in starts
        ]
        assert times == pytest.approx(expected, rel=0.02)
        assert sum(times) == pytest.approx(expected.sum(), rel=0.01)


@pytest.mark.parametrize(
    ("llm", "degrees"),
    [
        ("Llama-3.1-70B", {"tp": 4}),
        ("Qwen3-235B-A22B", {"tp": 8, "ep": 8}),
        ("DeepSeek-V3", {"tp": 1, "dp": 16, "ep": 16}),
    ],
)
def test_a_decode_step_of_many_gpus_is_what_tables_of_engines_are_predicted_with(llm, degrees):
    plan = plan_of(llm, "NVIDIA H200", **degrees)
    dp = degrees.get("dp", 1)
    deployment = Deployment(
        llm=plan.llm, gpu=plan.pool.gpu, tp=degrees["tp"], dp=dp,
        expert_groups=degrees.get("ep", 1), routing=Routing.RANDOM,
    )  # fmt: skip
    for requests, context in ((1, 500), (16, 2000)):
        load = {"requests": float(requests), "context": float(context)}
        bare = deployment.without_launches().decode_times(**load)
        form = deployment.ranks.chip.runs(plan.llm.gemm_dtype)
        floors = pipeline_costs(
            replace(plan, cost_model="physical"),
            batch_size=requests * dp,
            prompt_tokens=context,
        )
        parts = decode_parts(
            bare,
            launches=deployment.decode_times(**load).total - bare.total,
            products=products_factor(VLLM, fp8=form == "fp8", fp4=form == "fp4"),
            layers=LayerCounts.of(plan.llm, deployment.whole),
            steps=1,
            requests=requests,
            release=VLLM,
            least=floors.decode_passes(0).seconds[0],
        )
        time, _, _ = plan.clock.piece(requests * dp, requests * dp * context)
        assert time == pytest.approx(float(sum(parts.values())), rel=5e-3)


PLANS = {
    "one GPU": {},
    "TP 4": {"llm": "Llama-3.1-70B", "tp": 4},
    "TP 4, kernels alone": {"llm": "Llama-3.1-70B", "tp": 4, "release": KERNELS_ALONE},
    "roofline": {"llm": "Llama-3.1-70B", "tp": 4, "cost_model": "physical"},
    "PP 2 x TP 2": {"llm": "Llama-3.1-70B", "tp": 2, "pp": 2},
    "EP 8": {"llm": "Qwen3-235B-A22B", "tp": 8, "ep": 8},
    "DP 16": {"llm": "DeepSeek-V3", "gpu": "NVIDIA H200", "tp": 1, "dp": 16, "ep": 16},
    "a window": {"llm": "gemma-3-27b", "gpu": "NVIDIA H200"},
    "latent": {"llm": "DeepSeek-V3", "gpu": "NVIDIA B200", "tp": 8, "ep": 8},
    "proposals": {"settings": EngineSettings(draft_tokens=3, acceptance_rate=0.7)},
}


def some_step(rng, plan):
    chunks = [
        (rng.choice([1, 17, 128, 500, 2000]), rng.choice([0, 100, 3000]))
        for _ in range(rng.randrange(1, 4))
    ]
    requests = rng.choice([0, 1, 5, 60, 200])
    context = requests * rng.choice([10, 300, 2000])
    return chunks, requests, context, requests + rng.randrange(len(chunks) + 1)


@pytest.mark.parametrize("name", PLANS)
def test_no_step_beats_the_hardware(name):
    """Operations of all active weights at the peak, and all dense weights at full bandwidth."""
    plan = plan_of(**PLANS[name])
    rng = random.Random(1)
    llm, gpu, gpus = plan.llm, plan.pool.gpu, plan.pool.gpus
    whole = tf.slice_of(llm, range(llm.layers))
    dense = replace(llm, experts=replace(llm.experts, experts=0)) if llm.experts else llm
    for _ in range(60):
        chunks, requests, context, outputs = some_step(rng, plan)
        tokens = sum(new for new, _ in chunks) + requests
        flop = tf.projection_flop(llm, whole, tokens, outputs=outputs)
        computing = float(flop) / gpus / gpu.peak(llm.gemm_dtype)
        reading = tf.weights_read(dense, whole, 1, head=outputs > 0, experts=0)
        # Attention groups hold copies of what is not an expert.
        floor = max(computing, float(reading) / (gpus / plan.pool.dp) / gpu.bandwidth)
        assert sum(plan.clock.mixed_stages(chunks, requests, context, outputs)) >= floor
        if requests:
            assert (
                plan.clock.piece(requests, context)[0]
                >= float(reading) / (gpus / plan.pool.dp) / gpu.bandwidth
            )


@pytest.mark.parametrize("name", PLANS)
def test_more_work_takes_no_less_time(name):
    plan = plan_of(**PLANS[name])
    rng = random.Random(2)

    def time(*step):
        return sum(plan.clock.mixed_stages(*step))

    for _ in range(40):
        chunks, requests, context, outputs = some_step(rng, plan)
        base = time(chunks, requests, context, outputs)
        (new, before), *others = chunks
        # Kernels' times have steps and dents of some per cent in the number of tokens.
        slack = 0.97 * base
        assert time([(new, before + 1000), *others], requests, context, outputs) >= slack
        assert time([(2 * new, before), *others], requests, context, outputs) >= slack
        assert time(chunks, requests + 5, context + 500, outputs + 5) >= slack
        if requests:
            assert base >= sum(plan.clock.decode_stages(requests, context))


@pytest.mark.parametrize("name", ["one GPU", "TP 4", "roofline", "EP 8"])
def test_a_mixed_step_takes_less_than_prefill_and_decode_apart(name):
    """Weights are read once, and launches happen once."""
    plan = plan_of(**PLANS[name])
    clock = plan.clock
    chunks, requests, context = [(256, 0)], 32, 32 * 1000
    together = sum(clock.mixed_stages(chunks, requests, context, requests + 1))
    apart = sum(clock.mixed_stages(chunks, 0, 0.0, 1)) + clock.piece(requests, context)[0]
    assert together < 0.95 * apart


@pytest.mark.parametrize("name", PLANS)
def test_pieces_are_lines_that_meet(name):
    clock = plan_of(**PLANS[name]).clock
    for requests in (1, 3, 100):
        context = 0.0
        for _ in range(20):
            time, slope, until = clock.piece(requests, context)
            assert until > context
            middle = (context + until) / 2
            inside, _, _ = clock.piece(requests, middle)
            assert inside == pytest.approx(time + slope * (middle - context), rel=1e-9)
            at_end, _, _ = clock.piece(requests, until)
            assert at_end == pytest.approx(time + slope * (until - context), rel=1e-9)
            context = until * (1 + 1e-12)


def test_stages_and_hops_add_up():
    onward = Joining(bandwidth=50e9, rated=50e9, latency_s=1e-5, switched=False, nodes=2)
    near, far = plan_of(**PLANS["PP 2 x TP 2"]), plan_of(**PLANS["PP 2 x TP 2"], onward=onward)
    hop = far.clock.hop_s(8)
    assert hop == pytest.approx(1e-5 + 8 * 8192 * 2 / 2 / 50e9)
    assert near.clock.piece(8, 8000)[0] == pytest.approx(sum(near.clock.decode_stages(8, 8000)))
    assert far.clock.piece(8, 8000)[0] == pytest.approx(near.clock.piece(8, 8000)[0] + hop)


def test_slow_wires_between_the_gpus_of_a_stage_count():
    wires = Joining(bandwidth=10e9, rated=10e9, latency_s=3e-5, switched=True, nodes=2)
    for cost_model in ("calibrated", "physical"):
        own, slow = (
            plan_of("Llama-3.1-70B", tp=4, cost_model=cost_model, joining=joining).clock
            for joining in (None, wires)
        )
        assert slow.piece(8, 8000)[0] > own.piece(8, 8000)[0]
        prefill = [(4096, 0)], 0, 0.0, 1
        assert sum(slow.mixed_stages(*prefill)) > 1.2 * sum(own.mixed_stages(*prefill))


def test_a_time_below_the_floor_is_an_error():
    class Cheat:
        def __init__(self, stage):
            self.roofline, self.work, self.stage = stage.roofline, stage.work, stage

        def decode(self, requests, context):
            return self.factor * self.stage.decode(requests, context)

        def mixed(self, *step):
            return 1e-6

    clock = plan_of(cost_model="physical").clock
    [stage] = clock._stages
    cheat = Cheat(stage)
    rest = {
        "requests": 4, "contexts": np.array([0.0, 1000.0]), "groups": 1, "each": 1,
        "request_s": 0.0, "tokens_per_step": 1.0, "hop": (1e9, 0.0, 0.0),
    }  # fmt: skip
    cheat.factor = 1.0
    clock = StepClock([cheat], **rest)
    with pytest.raises(SimulationError, match="a step of 1000 tokens takes"):
        clock.mixed_stages([(1000, 0)], 0, 0.0, 1)
    cheat.factor = 0.9
    with pytest.raises(SimulationError, match="decode step takes less time"):
        StepClock([cheat], **rest)


def test_equal_plans_share_a_clock():
    assert plan_of().clock is plan_of().clock
    assert plan_of().clock is not plan_of(release=KERNELS_ALONE).clock


def test_the_kv_cache_gets_what_weights_and_activations_leave():
    plan = plan_of("Llama-3.1-8B", "NVIDIA H100", cost_model="physical")
    token = 2 * 8 * 128 * 2 * 32
    used = plan.total_blocks * 16 * token
    weights = 2 * 8.03e9
    assert used + weights < 0.9 * plan.pool.gpu.memory < used + weights + 2e9
    half = plan_of("Llama-3.1-8B", tp=2)
    assert half.total_blocks > 2 * plan.total_blocks


def test_a_model_that_does_not_fit_is_refused():
    with pytest.raises(DoesNotFit, match=r"LLaMA-3.1-70B .* use more GPUs") as error:
        plan_of("Llama-3.1-70B", tp=1).clock  # noqa: B018
    assert error.value.field == "tp"


def test_a_cost_model_without_mixed_steps_is_refused():
    with pytest.raises(ScenarioError, match="calibrated, physical") as error:
        plan_of(cost_model="reference").clock  # noqa: B018
    assert error.value.field == "cost_model"
