"""A cluster of one prefill and one decode replica with one request is the single pipeline."""

import pytest

import gpu_catalog
from simcore import Scenario, run
from simcore.machine import topology_of
from simcore.run import cost_model_of
from simcore.serving.cluster import ClusterSpec, PoolSpec, serve
from simcore.serving.replica import EngineSettings, ReplicaPlan, Role
from simcore.serving.request import Request
from tests.serving.cluster.clusters import Listed

CHUNK, OUTPUT = 512, 32


@pytest.mark.parametrize("cost_model", ["physical", "calibrated"])
@pytest.mark.parametrize("prompt", [512, 4096])
@pytest.mark.parametrize("topology", ["reference", "hgx-fat-tree"])
def test_one_request_takes_as_long_as_in_the_pipeline(cost_model, prompt, topology):
    """Its prefill by chunks, its KV cache at the end of prefill, its decode steps.

    The engine of a replica gives the first token at the end of prefill, so the pipeline's O decode
    steps are those of O + 1 tokens. Before prefill, calibrated engines spend time on the host; and
    their step times are read from tables, between whose contexts they are taken as straight lines.
    """
    scenario = Scenario(
        llm="Llama-3.1-8B",
        prefill_gpu="NVIDIA H100",
        decode_gpu="NVIDIA A100-80GB",
        cost_model=cost_model,
        batch_size=1,
        prompt_tokens=prompt,
        chunk_tokens=CHUNK,
        output_tokens=OUTPUT,
        pp=1,
        handoff="at the end",
        topology=topology,
    )
    llm = gpu_catalog.llm(scenario.llm)
    pools = []
    for role, pool in ((Role.PREFILL, scenario.prefill_pool), (Role.DECODE, scenario.decode_pool)):
        settings = EngineSettings(max_num_batched_tokens=CHUNK)
        plan = ReplicaPlan(llm=llm, pool=pool, cost_model=cost_model, settings=settings)
        pools.append(PoolSpec(name=role.value, plan=plan, role=role))
    machine = topology_of(scenario, cost_model_of(scenario))
    spec = ClusterSpec(pools=tuple(pools), topology=machine)
    [course] = serve(spec, Listed([Request(0, 0.0, prompt, OUTPUT + 1)])).courses
    host_s = pools[0].plan.clock.request_s
    assert (host_s > 0) == (cost_model == "calibrated")
    close = 1e-9 if cost_model == "physical" else 1e-5
    metrics = run(scenario).metrics
    assert course.transfer.ended_s - host_s == pytest.approx(metrics.ttds_s, rel=close)
    steps_s = course.ended_s - course.job.decode_started_s
    assert steps_s / OUTPUT == pytest.approx(metrics.tpot_s, rel=close)
