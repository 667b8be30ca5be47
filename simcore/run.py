"""Scenario in, result out."""

from collections.abc import Mapping

import numpy as np

import gpu_catalog
from simcore.costs import COST_MODELS, CostModel
from simcore.costs.expected_error import ExpectedError
from simcore.costs.memory import PoolMemory, pool_memory
from simcore.costs.plan import CollectiveForm, HandoffIn
from simcore.costs.serving_engines import serving_engine
from simcore.engine.execute import execute
from simcore.engine.trace import Trace
from simcore.errors import LimitReached, ScenarioError
from simcore.machine import factors_of, later_failures_of, rules_of, topology_of
from simcore.metrics import Work, measure
from simcore.pipelines import PipelinePlan, make_plan, pipeline_graph
from simcore.pipelines.failures import execute_with_failures
from simcore.remedies import refusal_of
from simcore.result import Result
from simcore.scenario import Scenario
from simcore.topologies import NicMapping, Topology

MOST_EVENTS = 5_000_000
CHUNKS = HandoffIn.CHUNKS.value
STRIPED = NicMapping.STRIPED.value


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
    time_limit_s : processor time that planning and execution may take, each [s]; None for no
        limit
    faster : what if links or wires were faster: a factor on the bandwidth, by the name of a link
        that the topology is made of, or of one of its wires or channels

    Raises DoesNotFit where a pool's memory is too small, and ScenarioError where the scenario makes
    no sense, its run would take more than `max_events` events or takes longer than `time_limit_s`,
    or `faster` names nothing of its machine.
    """
    if time_limit_s is not None and not time_limit_s >= 0:  # NaN is not, either
        raise ScenarioError(
            f"time_limit_s = {time_limit_s} is no limit; give seconds, or None for no limit"
        )
    factors = factors_of(faster)
    costs = cost_model_of(scenario)
    _refuse_above(scenario, _known_events(scenario) or _least_events(scenario), max_events)
    memory = _memory(scenario, costs)
    for pool in memory:
        if not pool.fits:
            raise refusal_of(scenario, pool, memory_of, links_of)
    topology = topology_of(scenario, costs, factors)
    try:
        plan = plan_of(scenario, costs, topology, time_limit_s=time_limit_s)
    except LimitReached as reached:
        raise _planned_too_long(scenario, time_limit_s) from reached
    _refuse_above(scenario, plan.events, max_events)
    graph = pipeline_graph(plan)
    failures = later_failures_of(scenario)
    try:
        if failures:
            graph, *times = execute_with_failures(
                graph,
                failures,
                costs=costs,
                topology=topology,
                pools=(scenario.prefill_pool, scenario.decode_pool),
                all_reduce=scenario.all_reduce,
                time_limit_s=time_limit_s,
            )
        else:
            times = execute(graph, time_limit_s=time_limit_s)
    except LimitReached as reached:
        raise _takes_too_long(scenario, time_limit_s) from reached
    start_s, end_s = map(np.array, times)
    trace = Trace.of_graph(graph, start_s, end_s)
    return Result(
        scenario=scenario,
        table=trace,
        metrics=measure(trace, topology.channels, work_of(scenario)),
        memory=memory,
        faster=factors,
        plan=plan,
        graph=graph,
        start_s=start_s,
        end_s=end_s,
    )


def work_of(scenario: Scenario) -> Work:
    """What the scenario has to do, and on how many GPUs."""
    return Work(
        prompt_tokens=scenario.batch_size * scenario.prompt_tokens,
        output_tokens=scenario.batch_size * scenario.output_tokens,
        prefill_gpus=scenario.prefill_pool.gpus,
        decode_gpus=scenario.decode_pool.gpus,
    )


def expected_errors_of(scenario: Scenario) -> Mapping[str, ExpectedError]:
    """How far the times of a run may be off, by the names that `Metrics` gives them.

    It depends on the model, the GPUs and whether a stage has several, the engine and the cost model
    alone; nothing is simulated.
    """
    return COST_MODELS[scenario.cost_model].expected_errors(
        llm=gpu_catalog.llm(scenario.llm),
        prefill=scenario.prefill_pool,
        decode=scenario.decode_pool,
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


def plan_of(
    scenario: Scenario, costs: CostModel, topology: Topology, *, time_limit_s: float | None = None
) -> PipelinePlan:
    """The scenario, costed and routed; raises LimitReached where that takes too long."""
    return make_plan(
        costs,
        topology,
        workload=scenario.workload,
        prefill=scenario.prefill_pool,
        decode=scenario.decode_pool,
        rules=rules_of(scenario, topology),
        time_limit_s=time_limit_s,
    )


def links_of(scenario: Scenario) -> tuple[str, ...]:
    """Names of the catalog's links that the scenario's machine is made of.

    Raises ScenarioError where there is no such machine.
    """
    return topology_of(scenario, cost_model_of(scenario)).links


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

    Exact where all latencies are positive, but for handoffs of single GPUs between pools of
    different PP, where it is an upper bound.

    Raises ScenarioError where the scenario makes no sense.
    """
    known = _known_events(scenario)
    if known is not None:
        return known
    costs = cost_model_of(scenario)
    return plan_of(scenario, costs, topology_of(scenario, costs)).events


def _known_events(scenario):
    """Those of a scenario with one GPU a stage, which need no plan; else None."""
    if max(scenario.prefill_pool.stage_gpus, scenario.decode_pool.stage_gpus) > 1:
        return None
    if scenario.handoff != CHUNKS or scenario.nic_mapping == STRIPED or scenario.background:
        return None
    prefill, decode = scenario.pp, scenario.decode_stages
    # Every border between two slices of layers adds a route at most.
    routes = prefill if prefill == decode else prefill + decode - 1
    return _least_events(scenario) + 2 * scenario.workload.chunks * routes


def _least_events(scenario):
    """Those of passes, of activations and of a handoff after each part, all between single GPUs."""
    passes = scenario.output_tokens * scenario.decode_microbatches
    prefill, decode = scenario.pp, scenario.decode_stages
    parts, handed = prefill, 0
    if scenario.handoff == HandoffIn.LAYERS.value:
        layers = gpu_catalog.llm(scenario.llm).layers
        held = map(len, scenario.prefill_pool.layers(layers))
        parts = sum(-(-each // scenario.handoff_layers) for each in held)
        handed = 2 * parts
    return scenario.workload.chunks * (parts + handed + 2 * prefill - 2) + passes * (3 * decode - 2)


def _refuse_above(scenario, events, max_events):
    """Raises ScenarioError if `events` are more than a run may take."""
    if events > max_events:
        field, way = _ways_to_fewer_events(scenario, events)
        raise ScenarioError(
            f"this run would take {events:,} events, more than {max_events:,}; {way}", field=field
        )


def _ways_to_fewer_events(scenario, events):
    """The field to change before others, and advice."""
    if scenario.collectives == CollectiveForm.FLOWS.value and events > 2 * _least_events(scenario):
        return "collectives", "choose aggregated collectives"
    decode_part = scenario.output_tokens * scenario.decode_microbatches
    if decode_part * (3 * scenario.decode_stages - 2) > events / 2:
        return "output_tokens", "lower output_tokens or decode_pp"
    return "chunk_tokens", "raise chunk_tokens or lower prompt_tokens or pp"


def _planned_too_long(scenario, time_limit_s):
    gpus = scenario.prefill_pool.gpus + scenario.decode_pool.gpus
    return ScenarioError(
        f"to plan what {gpus:,} GPUs send each other takes longer than the {time_limit_s:g} s of "
        "computing it may; lower tp or pp, or run it without a limit",
        field="tp",
    )


def _takes_too_long(scenario, time_limit_s):
    events = predicted_events(scenario)
    field, way = _ways_to_fewer_events(scenario, events)
    return ScenarioError(
        f"this run of {events:,} events takes longer than the {time_limit_s:g} s of computing it "
        f"may; {way}, or have fewer transfers wait: lower batch_size or raise prefill_nics",
        field=field,
    )
