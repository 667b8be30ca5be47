"""As what the collectives of a plan are run: jobs, or flows, each by itself or several in one."""

from dataclasses import dataclass, replace

from simcore.costs import Pool
from simcore.costs.plan import CollectiveForm
from simcore.errors import ScenarioError
from simcore.pipelines.collectives_used import CollectivesUsed, Why
from simcore.pipelines.exchanges import MOST_SENDS, TimedExchange
from simcore.pipelines.rules import TransferRules
from simcore.pipelines.wiring import Wanted, WantedCollective, Wiring, wired
from simcore.topologies import Topology

# Events of collectives that are run as flows: unasked; asked for, with each transfer by itself; and
# asked for, as many of a pass in one as it takes.
MOST_UNASKED = 24_000
MOST_ONE_BY_ONE = 60_000
MOST_ASKED_FOR = 80_000
# However few of them there are; more would fill the memory before they can be counted.
MOST_AT_ALL = 2_000_000


@dataclass(frozen=True)
class PoolExchanges:
    """The collectives of a pool.

    Attributes
    ----------
    stages : of each pass of each stage
    passes : of each stage
    parts : into which its passes are cut anyway
    """

    pool: Pool
    stages: list[tuple[TimedExchange, ...]]
    passes: int
    parts: int


@dataclass(frozen=True)
class Chosen:
    """A choice.

    Attributes
    ----------
    wiring : with collectives where they are flows
    used : None where there are no collectives
    parts : into which collectives cut a pass at most
    """

    wiring: Wiring
    used: CollectivesUsed | None
    parts: int


def chosen_form(
    topology: Topology,
    wanted: tuple[Wanted, ...],
    pools: tuple[PoolExchanges, ...],
    rules: TransferRules,
) -> Chosen:
    """As what the collectives are run, beside the transfers that are `wanted`.

    Flows where these are asked for. Else where they share a channel with other transfers and are
    few enough, several in one if need be. What is chosen depends on the scenario alone.

    Raises ScenarioError where flows are asked for and are too many to be listed.
    """
    floods = tuple(flood.channel for flood in rules.floods)
    every = [
        (of, stage, each)
        for of in pools
        for stage, exchanges in enumerate(of.stages)
        for each in exchanges
    ]

    def aggregated(why=None, shared=None):
        wiring = wired(topology, wanted, (), floods, rules.one_by_one)
        form = CollectiveForm.AGGREGATED
        used = CollectivesUsed(form, why, algorithms, shared=shared) if why else None
        return Chosen(wiring, used, 1)

    algorithms = tuple(
        dict.fromkeys(
            (of.pool.name, each.kind.value, each.routed.algorithm) for of, _, each in every
        )
    )
    if not every:
        return aggregated()
    if rules.collectives is CollectiveForm.AGGREGATED:
        return aggregated(Why.ASKED)
    asked = rules.collectives is CollectiveForm.FLOWS
    if not all(each.routed.as_flows for *_, each in every):
        if not asked:
            return aggregated(Why.TOO_MANY)
        raise ScenarioError(
            f"collectives = {rules.collectives.value!r}: from each to each the GPUs of a stage "
            f"send more than {MOST_SENDS:,} messages at a time; use "
            f"{CollectiveForm.AGGREGATED.value!r}, or lower dp or tp",
            field="collectives",
        )
    collectives = tuple(
        WantedCollective(each.key, stage * of.pool.stage_gpus, each.routed)
        for of, stage, each in every
    )
    wiring = wired(topology, wanted, collectives, floods, rules.one_by_one)
    shared = wiring.shared.name if wiring.shared else None
    if not asked and not shared:
        return aggregated(Why.ALONE)
    most = max(each.times for *_, each in every)
    why = Why.ASKED if asked else Why.SHARED
    used = CollectivesUsed(
        CollectiveForm.FLOWS, why, algorithms, one_by_one=rules.one_by_one, shared=shared
    )
    if asked and not rules.one_by_one:
        single = wired(topology, wanted, collectives, floods, True)
        if _flow_events(single, every, most) <= MOST_ONE_BY_ONE:
            return Chosen(single, replace(used, one_by_one=True), most)
    bound = MOST_ASKED_FOR if asked else MOST_UNASKED
    parts = most
    while parts > 1 and _flow_events(wiring, every, parts) > bound:
        parts = (parts + 1) // 2
    events = _flow_events(wiring, every, parts)
    if not asked and events > bound:
        return aggregated(Why.TOO_MANY, shared)
    if events > MOST_AT_ALL:
        raise ScenarioError(
            f"collectives = {rules.collectives.value!r}: these would be {events:,} events; use "
            f"{CollectiveForm.AGGREGATED.value!r}, raise chunk_tokens or lower output_tokens",
            field="collectives",
        )
    return Chosen(wiring, replace(used, merged=most / parts), parts)


def _flow_events(wiring, every, parts):
    """Of collectives that cut a pass into so many parts."""
    return sum(
        of.passes
        * min(each.times, max(parts, of.parts))
        * 2
        * sum(map(len, wiring.rounds[each.key]))
        for of, _, each in every
    )
