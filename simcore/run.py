"""Scenario in, result out."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import pandas as pd

import gpu_catalog
from simcore.costs import COST_MODELS, CostModel
from simcore.costs.memory import PoolMemory, pool_memory
from simcore.engine.execute import execute
from simcore.engine.trace import Trace
from simcore.errors import DoesNotFit, ScenarioError
from simcore.metrics import Metrics, measure
from simcore.pipelines import PipelinePlan, make_plan, pipeline_graph
from simcore.remedies import remedies_for
from simcore.scenario import Scenario
from simcore.topologies import ReferenceFabric
from simcore.units import GIB

MOST_EVENTS = 5_000_000

# A fabric remembers rates it has solved for: moving a slider does not solve for them again.
MOST_FABRICS = 16


@dataclass(frozen=True)
class Result:
    """What a run gives.

    Attributes
    ----------
    memory : of the prefill and of the decode pool
    """

    scenario: Scenario
    table: Trace
    metrics: Metrics
    memory: tuple[PoolMemory, PoolMemory]

    @cached_property
    def trace(self) -> pd.DataFrame:
        """A row for each job and transfer, in order of completion; see the docs for its columns."""
        return self.table.to_frame()


def run(scenario: Scenario, *, max_events: int = MOST_EVENTS) -> Result:
    """Simulate `scenario`.

    Raises DoesNotFit where a pool's memory is too small, and ScenarioError where the scenario makes
    no sense or its run would take more than `max_events` events.
    """
    costs = cost_model_of(scenario)
    refuse_if_too_long(scenario, max_events)
    memory = _memory(scenario, costs)
    for pool in memory:
        if not pool.fits:
            raise _does_not_fit(scenario, pool)
    topology = topology_of(scenario, costs)
    graph = pipeline_graph(plan_of(scenario, costs, topology))
    trace = Trace.of_graph(graph, *execute(graph))
    return Result(scenario, trace, measure(trace, topology.channels), memory)


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


def topology_of(scenario: Scenario, costs: CostModel) -> ReferenceFabric:
    """The machine the scenario runs on; scenarios on like machines share one."""
    return _fabric(
        scenario.pp,
        scenario.decode_stages,
        scenario.prefill_nics,
        costs.link,
        costs.semantics.full_duplex,
        gpu_catalog.llm(scenario.llm).layers,
    )


@lru_cache(maxsize=MOST_FABRICS)
def _fabric(prefill_gpus, decode_gpus, prefill_nics, link, full_duplex, layers):
    # Which routes are in use, and so their numbers, depends on where the layers meet. Were a fabric
    # shared by models of other depths, last digits would depend on which of them had run before.
    del layers
    return ReferenceFabric(
        prefill_gpus=prefill_gpus,
        decode_gpus=decode_gpus,
        prefill_nics=prefill_nics,
        link=link,
        full_duplex=full_duplex,
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
        decode_part = scenario.output_tokens * (3 * scenario.decode_stages - 2)
        field, way = ("chunk_tokens", "raise chunk_tokens or lower prompt_tokens or pp")
        if decode_part > events / 2:
            field, way = ("output_tokens", "lower output_tokens or decode_pp")
        raise ScenarioError(
            f"this run would take {events:,} events, more than {max_events:,}; {way}", field=field
        )


def _does_not_fit(scenario, pool: PoolMemory) -> DoesNotFit:
    remedies = remedies_for(scenario, memory_of)
    ways = [f"{name} = {value:,}" for name, value in remedies.items()]
    if "pp" in remedies and "decode_pp" in remedies:
        ways[:2] = [" and ".join(ways[:2])]
    advice = f"it fits with {' or '.join(ways)}" if ways else "no PP, N or T alone helps"
    return DoesNotFit(
        f"the {pool.pool} pool does not fit: {pool.gpu} stage {pool.stage} needs "
        f"{pool.need / GIB:.1f} GiB ({pool.weights / GIB:.1f} weights + {pool.kv / GIB:.1f} KV "
        f"cache) of {pool.limit / GIB:.1f} GiB allowed; {advice}",
        pool=pool.pool,
        need=pool.need,
        limit=pool.limit,
        remedies=remedies,
        field="decode_pp" if pool.pool == "decode" and scenario.decode_pp else "pp",
    )
