"""The machine a scenario runs on, and the same with faster links or wires."""

import numbers
from collections.abc import Mapping
from functools import lru_cache

import gpu_catalog
from simcore.costs import CostModel, Pool
from simcore.costs.plan import CollectiveForm, HandoffBy, HandoffIn
from simcore.errors import ScenarioError
from simcore.pipelines.rules import Flood, TransferRules
from simcore.scenario import Scenario
from simcore.topologies import TOPOLOGIES, Fleet, NicMapping, Placement, PoolSize, Topology
from simcore.topologies.trouble import Failure, background_of, failures_of

# Paths that were found once are found: moving a slider does not look for them again. What-if runs
# around one scenario use about a dozen.
MOST_FABRICS = 32

LEAST_FACTOR, MOST_FACTOR = 1e-3, 1e3

# Factors on the bandwidth of links and wires, by name, in the order of names.
Factors = tuple[tuple[str, float], ...]


def factors_of(faster: Mapping[str, float] | None) -> Factors:
    """The factors in `faster`, fit for a cache's key.

    Raises ScenarioError for a factor that is out of range.
    """
    if faster is None:
        return ()
    if not isinstance(faster, Mapping):
        raise ScenarioError(
            "faster maps names of links and wires to factors; "
            f"{type(faster).__name__} is no mapping"
        )
    for name, factor in faster.items():
        if not isinstance(name, str):
            raise ScenarioError(f"faster: {name!r} is no name of a link or wire")
        if isinstance(factor, bool) or not isinstance(factor, numbers.Real):
            raise ScenarioError(f"faster: the factor on {name[:60]} is not a number")
        if not LEAST_FACTOR <= factor <= MOST_FACTOR:  # NaN is not, either
            raise ScenarioError(
                f"faster: the factor on {name[:60]} is not from {LEAST_FACTOR:g} to {MOST_FACTOR:g}"
            )
    return tuple(sorted((name, float(factor)) for name, factor in faster.items()))


def topology_of(scenario: Scenario, costs: CostModel, faster: Factors = ()) -> Topology:
    """The machine the scenario runs on at time 0; scenarios on like machines share one.

    What others take of its bandwidth all the time is taken off, what fails from the start is down.

    Parameters
    ----------
    faster : factors on the bandwidth, by the name of a link in use, or of a channel or wire, in the
        order of names

    Raises ScenarioError for a machine that cannot be, and for names of nothing that it has.
    """
    machine = (
        # Not its name: a file of one's own may change under it.
        TOPOLOGIES[scenario.topology],
        _size(scenario.prefill_pool),
        _size(scenario.decode_pool),
        scenario.placement,
        scenario.nics,
        scenario.nic_mapping,
        scenario.oversubscription,
        costs.link,
        costs.semantics.full_duplex,
        gpu_catalog.overlay_digest(),
    )
    if not faster and scenario.background is None and scenario.failures is None:
        return _fabric(machine)
    shares = tuple(
        (each.where, 1.0 - each.share)
        for each in background_of(scenario.background)
        if each.share is not None
    )
    down = tuple(each.what for each in failures_of(scenario.failures) if not each.at_s)
    return _changed(machine, faster, shares, down)


def later_failures_of(scenario: Scenario) -> tuple[Failure, ...]:
    """What fails while the scenario runs, in order of time."""
    later = [each for each in failures_of(scenario.failures) if each.at_s]
    return tuple(sorted(later, key=lambda each: each.at_s))


def rules_of(scenario: Scenario, topology: Topology) -> TransferRules:
    """How the scenario sends what it sends, on its machine."""
    return TransferRules(
        collectives=CollectiveForm(scenario.collectives),
        all_reduce=scenario.all_reduce,
        handoff=HandoffIn(scenario.handoff),
        handoff_layers=scenario.handoff_layers,
        by=HandoffBy(scenario.handoff_by),
        floods=tuple(
            Flood(channel, each.bytes, each.start_s)
            for each in background_of(scenario.background)
            if each.bytes is not None
            for channel in topology.channels_called(each.where, field="background")
        ),
        # What goes another way is no longer like the others.
        one_by_one=bool(later_failures_of(scenario)),
    )


def _size(pool: Pool):
    return pool.name, pool.gpu.name, pool.pp, pool.stage_gpus


@lru_cache(maxsize=MOST_FABRICS)
def _fabric(machine):
    build, prefill, decode, placement, nics, mapping, oversubscription, link, duplex, _ = machine
    # The last, the overlay's digest: names may mean others where something lies over the catalog.
    prefill, decode = (
        PoolSize(name=pool, gpu=gpu_catalog.gpu(gpu), stages=stages, ranks=ranks)
        for pool, gpu, stages, ranks in (prefill, decode)
    )
    return build(
        Fleet(
            prefill=prefill,
            decode=decode,
            placement=Placement(placement),
            nics=nics,
            mapping=NicMapping(mapping),
            oversubscription=oversubscription,
            link=link,
            full_duplex=duplex,
        )
    )


@lru_cache(maxsize=MOST_FABRICS)
def _changed(machine, faster, shares, down):
    fabric = _fabric(machine)
    for name, _ in faster:
        try:
            fabric.channels_called(name)
        except ScenarioError as error:
            raise ScenarioError(
                f"faster: no link or wire in use is called {name[:60]!r}; the links are "
                f"{', '.join(fabric.links)}. {error}"
            ) from None
    for where, share in shares:
        fabric.channels_called(where, field="background")
        fabric = fabric.scaled({where: share})
    if faster:
        fabric = fabric.scaled(dict(faster))
    return fabric.without(down) if down else fabric
