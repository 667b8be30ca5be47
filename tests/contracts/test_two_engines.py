"""The integer loop and the callback simulator give the same times for the same tasks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simcore import CommChannel, CommNetworkSimulator, DisaggregatedPDSystemPP, Scenario
from simcore.engine.execute import execute
from simcore.engine.graph import COMPUTE, TaskGraph
from simcore.engine.graph_system import GraphSystem
from simcore.engine.routes import RouteTable
from simcore.engine.trace import Trace
from simcore.errors import SimulationError
from simcore.pipelines import DecodePass, Handoff, pipeline_graph
from simcore.run import cost_model_of, plan_of, topology_of

SCENARIOS = {
    "calm": {},
    "uneven": {"pp": 7, "decode_pp": 3, "prompt_tokens": 1000, "chunk_tokens": 300},
    "congested": {"pp": 16, "batch_size": 8, "chunk_tokens": 96, "prompt_tokens": 4096},
    # Each stage hands over faster than its NIC carries: transfers pile up on every route.
    "crowded": {"llm": "Mixtral-8x22B", "prefill_gpu": "AMD Instinct MI300X", "batch_size": 8},
    "one stage": {"llm": "GPT-OSS-20B", "pp": 1, "output_tokens": 5},
}


@pytest.mark.parametrize("cost_model", ["reference", "physical"])
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_pipeline_runs_alike_in_both(name, cost_model):
    values = dict(SCENARIOS[name])
    if cost_model == "reference":
        values.pop("decode_pp", None)
    scenario = Scenario(cost_model=cost_model, **values)
    costs = cost_model_of(scenario)
    plan = plan_of(scenario, costs, topology_of(scenario, costs))
    graph = pipeline_graph(plan)
    quick = Trace.of_graph(graph, *execute(graph)).to_frame()

    simulator = CommNetworkSimulator()
    system = DisaggregatedPDSystemPP(simulator, plan)
    system.start()
    simulator.run(system)
    slow = simulator.trace.to_frame()

    facts = ["kind", "stage", "to_stage", "chunk", "step"]
    both = []
    for table in (quick, slow):
        table = table.assign(kind=table.kind.astype(str)).sort_values(facts, ignore_index=True)
        both.append(table)
    quick, slow = both
    assert quick[facts].equals(slow[facts])
    for column in ("device", "path"):
        assert list(quick[column]) == list(slow[column])
    assert np.array_equal(quick.bytes, slow.bytes)
    np.testing.assert_allclose(quick.start_s, slow.start_s, rtol=1e-12)
    np.testing.assert_allclose(quick.end_s, slow.end_s, rtol=1e-12)


@st.composite
def graphs(draw):
    """A random acyclic graph over a few channels that many routes share."""
    channels = [
        CommChannel(
            str(i), draw(st.sampled_from([1.0, 2.0, 5.0])), draw(st.sampled_from([0, 0.25]))
        )
        for i in range(draw(st.integers(1, 4)))
    ]
    routes = RouteTable()
    count = draw(st.integers(1, 30))
    amount, route, successors, waits_for = [], [], [[] for _ in range(count)], []
    for task in range(count):
        amount.append(draw(st.sampled_from([0.0, 0.5, 1.0, 3.0])))
        path = tuple(draw(st.lists(st.sampled_from(channels), max_size=3)))
        route.append(routes.number(path) if path else COMPUTE)
        before = draw(st.sets(st.integers(0, task - 1), max_size=3)) if task else set()
        for earlier in before:
            successors[earlier].append(task)
        waits_for.append(len(before))
    job = np.array(route) == COMPUTE
    return TaskGraph(
        amount=amount,
        route=route,
        successors=successors,
        waits_for=waits_for,
        routes=routes,
        device=np.full(count, -1),
        devices=(None,),
        kind=np.where(job, 0, 1),
        kinds=(DecodePass, Handoff),
        facts={name: np.arange(count) for name in ("stage", "to_stage", "chunk", "step")},
    )


@given(graphs())
def test_random_graphs_run_alike_in_both(graph):
    start, end = execute(graph)
    simulator = CommNetworkSimulator()
    system = GraphSystem(simulator, graph)
    system.start()
    simulator.run(system)
    done = [*simulator.completed_batches, *simulator.completed_compute]
    assert len(done) == len(graph)
    for item in done:
        assert item.start_time == pytest.approx(start[item.tag.stage], rel=1e-12, abs=1e-12)
        assert item.end_time == pytest.approx(end[item.tag.stage], rel=1e-12, abs=1e-12)


def test_tasks_that_wait_for_each_other_are_an_error():
    graph = TaskGraph(
        amount=[1.0, 1.0],
        route=[COMPUTE, COMPUTE],
        successors=[[1], [0]],
        waits_for=[1, 1],
        routes=RouteTable(),
        device=np.array([-1, -1]),
        devices=(),
        kind=np.array([0, 0]),
        kinds=(DecodePass,),
        facts={"stage": np.array([4, 5]), "step": np.array([0, 0])},
    )
    with pytest.raises(SimulationError, match=r"2 tasks wait for each other.*stage=4"):
        execute(graph)
