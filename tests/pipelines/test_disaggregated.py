"""The system as a user drives it: built by hand, on a simulator of one's own."""

import numpy as np
import pandas as pd
import pytest

from simcore import (
    CommNetworkSimulator,
    DataBatch,
    DisaggregatedPDSystemPP,
    LimitReached,
    Scenario,
    run,
)
from simcore.pipelines.blocks import FACTS
from simcore.run import cost_model_of, plan_of, topology_of

SCENARIOS = {
    "default": Scenario(),
    "reference": Scenario(cost_model="reference"),
    "odd": Scenario(
        llm="GPT-OSS-20B",
        pp=5,
        decode_pp=7,
        prompt_tokens=1111,
        chunk_tokens=96,
        batch_size=3,
        output_tokens=5,
        prefill_nics=2,
    ),
    "congested": Scenario(
        llm="Mistral-Small-24B", pp=16, batch_size=8, chunk_tokens=96, prompt_tokens=4096
    ),
    "congested reference": Scenario(
        llm="Mistral-Small-24B",
        pp=16,
        batch_size=8,
        chunk_tokens=96,
        prompt_tokens=4096,
        cost_model="reference",
    ),
    # Each stage computes faster than its NIC carries: transfers pile up on every route.
    "crowded": Scenario(
        llm="Mistral-Small-24B",
        prefill_gpu="AMD Instinct MI300X",
        pp=16,
        batch_size=16,
        chunk_tokens=64,
        prompt_tokens=2000,
    ),
    # Collectives as flows that share lanes with handoffs, in parts and micro-batches.
    "parallel": Scenario(
        llm="Mistral-Small-24B",
        pp=2,
        tp=4,
        decode_tp=2,
        batch_size=4,
        decode_microbatches=2,
        prompt_tokens=900,
        chunk_tokens=250,
        output_tokens=3,
        handoff="per layer group",
        handoff_layers=8,
    ),
    "others": Scenario(background="prefill NIC cables: 20 %; prefill NIC 0 lane: 3 GB @ 0.1 s"),
    "one stage": Scenario(llm="Mistral-Small-24B", pp=1, chunk_tokens=3000, output_tokens=3),
}


def built(scenario):
    costs = cost_model_of(scenario)
    simulator = CommNetworkSimulator()
    plan = plan_of(scenario, costs, topology_of(scenario, costs))
    return simulator, DisaggregatedPDSystemPP(simulator, plan)


def in_order_of_facts(table):
    facts = ["kind", *FACTS]
    return table.astype({"kind": str}).sort_values(facts, ignore_index=True)


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_callback_driven_system_gives_what_run_gives(name):
    scenario = SCENARIOS[name]
    simulator, system = built(scenario)
    system.start()
    simulator.run(system)
    table = simulator.trace.to_frame()
    # Jobs without a tag hold back what starts later.
    ours = in_order_of_facts(table[table.kind != "compute"])
    theirs = in_order_of_facts(run(scenario).trace)
    assert set(ours.columns) == set(theirs.columns)
    for column in ("kind", *FACTS, "device", "path", "bytes"):
        assert ours[column].astype(object).tolist() == theirs[column].astype(object).tolist()
    for column in ("start_s", "end_s"):
        assert np.allclose(ours[column], theirs[column], rtol=1e-11, atol=1e-15), column


def test_the_trace_has_the_documented_columns():
    table = run(Scenario(output_tokens=2)).trace
    columns = ["start_s", "end_s", "kind", "stage", "to_stage", "chunk", "step", "microbatch",
               "part", "rank", "to_rank", "shards", "device", "path", "bytes"]  # fmt: skip
    assert list(table.columns) == columns
    assert isinstance(table.kind.dtype, pd.CategoricalDtype)
    assert set(table.kind) == {
        "prefill", "handoff", "activations", "decode", "decode activations"
    }  # fmt: skip
    for name in columns[3:12]:
        assert np.issubdtype(table[name].dtype, np.integer)
    jobs = table.kind.isin(["prefill", "decode"])
    assert (table.device[jobs] != "").all()
    assert (table.device[~jobs] == "").all()
    assert (table.path[~jobs] != "").all()
    assert (table.path[jobs] == "").all()
    assert (table.to_stage[jobs] == -1).all()
    assert (table.bytes[jobs] == 0).all()
    in_decode = table.kind.isin(["decode", "decode activations"])
    assert (table.chunk[in_decode] == -1).all()
    assert (table.step[~in_decode] == -1).all()
    assert table.end_s.is_monotonic_increasing


def test_the_system_can_share_its_simulator_with_other_work():
    """A flood over a lane that handoffs cross delays the start of decode."""
    scenario = SCENARIOS["default"]
    alone = run(scenario).metrics.ttds_s
    costs = cost_model_of(scenario)
    simulator = CommNetworkSimulator()
    plan = plan_of(scenario, costs, topology_of(scenario, costs))
    system = DisaggregatedPDSystemPP(simulator, plan)
    system.start()
    flood = DataBatch("flood", 100e9, plan.prefill_parts[0][0].handoffs[0].sending.path)
    simulator.add_batch(flood)
    simulator.run(system)
    decode = [job for job in simulator.completed_compute if job.tag.kind == "decode"]
    assert decode[0].start_time > alone
    assert flood.end_time > alone


def test_a_run_of_the_system_can_be_bounded_read_and_resumed():
    simulator, system = built(SCENARIOS["default"])
    system.start()
    with pytest.raises(LimitReached):
        simulator.run(system, until=0.1)
    assert simulator.current_time == 0.1
    running = [job for job in simulator.active_compute if job.start_time is not None]
    assert running
    assert all(0 <= job.rem_duration <= job.total_duration for job in running)
    simulator.run(system)
    ends = max(job.end_time for job in simulator.completed_compute)
    assert ends == pytest.approx(run(SCENARIOS["default"]).trace.end_s.max(), rel=1e-12)


def test_tags_carry_the_facts():
    simulator, system = built(SCENARIOS["one stage"])
    system.start()
    simulator.run(system)
    tags = [job.tag for job in simulator.completed_compute]
    assert [(t.kind, t.stage, getattr(t, "chunk", None)) for t in tags[:3]] == [
        ("prefill", 0, 0), ("prefill", 0, 1), ("prefill", 0, 2)
    ]  # fmt: skip
    assert [t.step for t in tags[3:]] == [0, 1, 2]
    assert {(b.tag.stage, b.tag.to_stage) for b in simulator.completed_batches} == {(0, 0)}
