"""A fixed-step simulation converges to ours as its step shrinks: in proportion to the step."""

import pytest

from simcore import Scenario, run
from simcore.run import cost_model_of, plan_of, topology_of
from tests.pipelines.fixed_step import FixedStepPipeline

# Small, but congested: four stages behind one NIC, handoffs longer than passes.
SCENARIOS = {
    "calm": {"pp": 4, "prompt_tokens": 1024, "chunk_tokens": 256, "prefill_nics": 4},
    "congested": {"pp": 6, "prompt_tokens": 1536, "chunk_tokens": 256, "batch_size": 8},
}
# Midpoints of the specification's ranges: GB/s and us.
LANE, CABLE, ETHERNET = (57.5e9, 12.5e-6), (46.5e9, 3.5e-6), (10.5e9, 15e-6)


def fixed_step(scenario, step_s):
    costs = cost_model_of(scenario)
    plan = plan_of(scenario, costs, topology_of(scenario, costs))
    return FixedStepPipeline(
        step_s=step_s,
        stages=scenario.pp,
        chunks=plan.chunks,
        nics=scenario.nics,
        prefill_s=plan.prefill_seconds[0][0],
        decode_s=plan.decode_seconds[0][0],
        handoff=plan.prefill_parts[0][0].handoffs[0].sending.bytes[0],
        activation=plan.activations[0][0].bytes[0],
        decode_activation=plan.decode_activations[0][0].bytes[0],
        lane=LANE,
        cable=CABLE,
        ethernet=ETHERNET,
    ).run()


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_fixed_step_converges_to_the_exact_times(name):
    scenario = Scenario(
        llm="Mistral-Small-24B", cost_model="reference", decode_gpu="NVIDIA H100", **SCENARIOS[name]
    )
    exact = run(scenario).metrics
    # A fixed step is late by up to a step at each event that something waits for: at most every
    # pass, every flight's latency and payload along the longest chain of dependences.
    chunks = scenario.workload.chunks
    chain = 3 * (chunks + scenario.pp)
    errors = []
    for step_s in (40e-6, 20e-6, 10e-6):
        ttds, step = fixed_step(scenario, step_s)
        assert 0 < ttds - exact.ttds_s <= chain * step_s
        assert 0 < step - exact.tpot_s <= 3 * scenario.pp * step_s
        errors.append(ttds - exact.ttds_s)
    # Proportional to the step, but for where each event happens to fall between two of them.
    assert errors[2] < 0.5 * errors[0]
