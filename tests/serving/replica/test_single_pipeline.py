"""One request alone takes what the pipeline of a scenario takes, wires left out."""

import numpy as np
import pytest

import gpu_catalog
from simcore.costs.model import COST_MODELS
from simcore.costs.plan import Pool, Workload
from simcore.costs.serving_engines import serving_engine
from simcore.serving.replica import EngineSettings, ReplicaPlan
from simcore.serving.request import Request
from tests.serving.replica.driver import drive

PROMPT, CHUNK, OUTPUT = 5000, 768, 40


def last_end(durations):
    """When the last chunk leaves the last stage: each waits for the one before, on every stage."""
    free = np.zeros(len(durations))
    for chunk in zip(*durations, strict=True):
        at = 0.0
        for stage, seconds in enumerate(chunk):
            at = free[stage] = max(at, free[stage]) + seconds
    return free[-1]


@pytest.mark.parametrize(("cost_model", "error"), [("physical", 1e-9), ("calibrated", 0.01)])
@pytest.mark.parametrize("pp", [1, 4])
@pytest.mark.parametrize("llm", ["Llama-3.1-8B", "Mixtral-8x7B"])
def test_a_request_alone_is_a_pipeline(llm, pp, cost_model, error):
    llm, gpu = gpu_catalog.llm(llm), gpu_catalog.gpu("NVIDIA H200")
    release = serving_engine("vLLM 0.19").release
    pools = {
        name: Pool(name=name, gpu=gpu, pp=pp, release=release) for name in ("prefill", "decode")
    }
    workload = Workload(
        batch_size=1, prompt_tokens=PROMPT, chunk_tokens=CHUNK, output_tokens=OUTPUT - 1
    )
    costs = COST_MODELS[cost_model](llm=llm, workload=workload, **pools)
    prefill = [costs.prefill_passes(stage).seconds for stage in range(pp)]
    decode = sum(costs.decode_passes(stage).seconds.sum() for stage in range(pp))
    plan = ReplicaPlan(
        llm=llm,
        pool=pools["decode"],
        settings=EngineSettings(max_num_batched_tokens=CHUNK),
        cost_model=cost_model,
    )
    [job], _ = drive(plan.replica(0), [Request(0, 2.0, PROMPT, OUTPUT)])
    assert job.started_s == pytest.approx(2.0 + plan.clock.request_s)
    assert job.first_token_s - job.started_s == pytest.approx(last_end(prefill), rel=error)
    assert job.finished_s - job.first_token_s == pytest.approx(decode, rel=error)
