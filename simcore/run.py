"""Scenario in, result out."""

from collections.abc import Mapping

import numpy as np

import gpu_catalog
from simcore.costs import COST_MODELS, CostModel
from simcore.costs.expected_error import ExpectedError
from simcore.costs.memory import PoolMemory, pool_memory
from simcore.costs.serving_engines import serving_engine
from simcore.engine.execute import execute
from simcore.engine.trace import Trace
from simcore.errors import LimitReached, ScenarioError
from simcore.machine import factors_of, topology_of
from simcore.metrics import measure
from simcore.pipelines import PipelinePlan, make_plan, pipeline_graph
from simcore.remedies import refusal_of
from simcore.result import Result
from simcore.scenario import Scenario
from simcore.topologies import ReferenceFabric

MOST_EVENTS = 5_000_000


def run(
    scenario: Scenario,
    *,
    max_events: int = MOST_EVENTS,
    time_limit_s: float | None = None,
    faster: Mapping[str, float] | None = None,
) -> Result:
    """Simulate `scenario`.

    Parameters
    ----------
    time_limit_s : processor time that the execution may take [s]; None for no limit
    faster : what if links were faster: by the name of a link in `topologies.reference.LINKS`, a
        factor on its bandwidth

    Raises DoesNotFit where a pool's memory is too small, and ScenarioError where the scenario makes
    no sense, its run would take more than `max_events` events or takes longer than `time_limit_s`,
    or `faster` names no link in use.
    """
    if time_limit_s is not None and not time_limit_s >= 0:  # NaN is not, either
        raise ScenarioError(
            f"time_limit_s = {time_limit_s} is no limit; give seconds, or None for no limit"
        )
    factors = factors_of(faster)
    costs = cost_model_of(scenario)
    refuse_if_too_long(scenario, max_events)
    memory = _memory(scenario, costs)
    for pool in memory:
        if not pool.fits:
            raise refusal_of(scenario, pool, memory_of)
    topology = topology_of(scenario, costs, factors)
    plan = plan_of(scenario, costs, topology)
    graph = pipeline_graph(plan)
    try:
        start_s, end_s = map(np.array, execute(graph, time_limit_s=time_limit_s))
    except LimitReached as reached:
        raise _takes_too_long(scenario, time_limit_s) from reached
    trace = Trace.of_graph(graph, start_s, end_s)
    return Result(
        scenario=scenario,
        table=trace,
        metrics=measure(trace, topology.channels),
        memory=memory,
        faster=factors,
        plan=plan,
        graph=graph,
        start_s=start_s,
        end_s=end_s,
    )


def expected_errors_of(scenario: Scenario) -> Mapping[str, ExpectedError]:
    """How far the times of a run may be off, by the names that `Metrics` gives them.

    It depends on the model, the GPUs, the engine and the cost model alone; nothing is simulated.
    """
    return COST_MODELS[scenario.cost_model].expected_errors(
        llm=gpu_catalog.llm(scenario.llm),
        prefill=gpu_catalog.gpu(scenario.prefill_gpu),
        decode=gpu_catalog.gpu(scenario.decode_gpu),
        engine=serving_engine(scenario.engine),
    )


def cost_model_of(scenario: Scenario) -> CostModel:
    """The costs of the scenario; raises ScenarioError where the model cannot describe it."""
    llm = gpu_catalog.llm(scenario.llm)
    for field, pp in (("pp", scenario.pp), ("decode_pp", scenario.decode_stages)):
        if pp > llm.layers:
            raise ScenarioError(
                f"{field} = {pp} exceeds the {llm.layers} layers of {llm.name}; use {llm.layers} "
                "or less",
                field=field,
            )
    return COST_MODELS[scenario.cost_model](
        llm=llm,
        workload=scenario.workload,
        prefill=scenario.prefill_pool,
        decode=scenario.decode_pool,
    )


def plan_of(scenario: Scenario, costs: CostModel, topology: ReferenceFabric) -> PipelinePlan:
    """The scenario, costed and routed."""
    return make_plan(
        costs,
        topology,
        workload=scenario.workload,
        prefill=scenario.prefill_pool,
        decode=scenario.decode_pool,
    )


def memory_of(scenario: Scenario) -> tuple[PoolMemory, PoolMemory]:
    """Memory of the prefill and of the decode pool, whether it suffices or not.

    Raises ScenarioError where the cost model cannot describe the scenario.
    """
    return _memory(scenario, cost_model_of(scenario))


def _memory(scenario, costs):
    return tuple(
        pool_memory(costs, pool, scenario.vram_limit_ratio)
        for pool in (scenario.prefill_pool, scenario.decode_pool)
    )


def predicted_events(scenario: Scenario) -> int:
    """Events of a run: two for each transfer, one for each job.

    Exact where all latencies are positive, but for handoffs between pools of different PP, where
    it is an upper bound.
    """
    chunks, steps = scenario.workload.chunks, scenario.output_tokens
    prefill, decode = scenario.pp, scenario.decode_stages
    # Every border between two slices of layers adds a route at most.
    routes = prefill if prefill == decode else prefill + decode - 1
    return chunks * (prefill + 2 * routes + 2 * (prefill - 1)) + steps * (3 * decode - 2)


def refuse_if_too_long(scenario: Scenario, max_events: int) -> None:
    """Raises ScenarioError if a run would take more than `max_events` events."""
    events = predicted_events(scenario)
    if events > max_events:
        field, way = _ways_to_fewer_events(scenario, events)
        raise ScenarioError(
            f"this run would take {events:,} events, more than {max_events:,}; {way}", field=field
        )


def _ways_to_fewer_events(scenario, events):
    """The field to change before others, and advice."""
    decode_part = scenario.output_tokens * (3 * scenario.decode_stages - 2)
    if decode_part > events / 2:
        return "output_tokens", "lower output_tokens or decode_pp"
    return "chunk_tokens", "raise chunk_tokens or lower prompt_tokens or pp"


def _takes_too_long(scenario, time_limit_s):
    events = predicted_events(scenario)
    field, way = _ways_to_fewer_events(scenario, events)
    return ScenarioError(
        f"this run of {events:,} events takes longer than the {time_limit_s:g} s of computing it "
        f"may; {way}, or have fewer transfers wait: lower batch_size or raise prefill_nics",
        field=field,
    )
