"""Every model and every GPU of the catalog can be served."""

import pytest

import gpu_catalog
from simcore.costs.degrees import tp_degrees
from simcore.costs.plan import Pool
from simcore.costs.serving_engines import serving_engine
from simcore.errors import DoesNotFit
from simcore.serving.replica import ReplicaPlan
from tests.serving.replica.driver import drive, random_requests

REQUESTS = random_requests(0, count=10, rate=5, prompt=500, output=30)


def served(llm, gpu, cost_model):
    """Requests that were answered, on the fewest GPUs that hold the model; None where none do."""
    release = serving_engine("vLLM 0.19").release
    for pp in (1, 2):
        for tp in (tp for tp in tp_degrees(llm) if tp <= 8):
            pool = Pool(name="decode", gpu=gpu, pp=pp, tp=tp, release=release)
            plan = ReplicaPlan(llm=llm, pool=pool, cost_model=cost_model)
            try:
                replica = plan.replica(0)
            except DoesNotFit:
                continue
            jobs, _ = drive(replica, REQUESTS)
            return sum(job.finished_s > job.first_token_s for job in jobs)
    return None


@pytest.mark.parametrize("cost_model", ["calibrated", "physical"])
@pytest.mark.parametrize("llm", gpu_catalog.llms(), ids=lambda llm: llm.name)
def test_every_model_can_be_served(llm, cost_model):
    assert served(llm, gpu_catalog.gpu("NVIDIA B200"), cost_model) == len(REQUESTS)


@pytest.mark.parametrize("gpu", gpu_catalog.gpus(), ids=lambda gpu: gpu.name)
def test_every_gpu_can_serve(gpu):
    assert served(gpu_catalog.llm("Llama-3.1-8B"), gpu, "calibrated") == len(REQUESTS)
