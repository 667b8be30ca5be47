"""What would make a scenario fit: the nearest value of one field at a time."""

from bisect import bisect_left
from collections.abc import Callable, Mapping

import gpu_catalog
from simcore.costs.degrees import tp_degrees
from simcore.costs.memory import PoolMemory
from simcore.errors import DoesNotFit, ScenarioError
from simcore.scenario import Scenario
from simcore.units import GIB

PAIRS = (("pp", "decode_pp"), ("tp", "decode_tp"))
"""A degree of the prefill pool, and that of the decode pool where it has its own."""

LOAD = ("batch_size", "prompt_tokens")

ROOM = ("placement", "topology")
"""Fields that are wrong where a machine has no room for the pools."""

MemoryOf = Callable[[Scenario], tuple[PoolMemory, ...]]


def remedies_for(
    scenario: Scenario, memory_of: MemoryOf, machine_of: Callable[[Scenario], object]
) -> dict[str, int]:
    """For each field that can help alone, the nearest value with which both pools fit.

    More stages or more GPUs in each, fewer requests, shorter prompts: memory per GPU falls with
    each, so the nearest value is found by bisection. Where both pools have a degree of their own
    and both are too small, neither helps alone: then both are there, to be set together. The change
    that needs the fewest GPUs comes first, changes of the load last. What the topology has no room
    for is left out.

    Parameters
    ----------
    machine_of : the machine a scenario runs on; it raises ScenarioError, of a field in `ROOM`,
        where that has no room
    """
    changes = _changes(scenario, memory_of)
    return _flat(found for found in changes if _has_room(scenario.replace(**found), machine_of))


def _has_room(scenario, machine_of):
    try:
        machine_of(scenario)
    except ScenarioError as error:
        return error.field not in ROOM
    return True


def _flat(changes):
    return {field: value for found in changes for field, value in found.items()}


def _changes(scenario, memory_of):
    """Those with which the memory suffices, each by itself enough, whatever the topology."""

    def fits(changes):
        try:
            return all(pool.fits for pool in memory_of(scenario.replace(**changes)))
        except ScenarioError:
            return False

    def nearest(fields, values):
        """The first of `values` with which it fits; none where none does."""

        def fits_with(value):
            return fits(dict.fromkeys(fields, value))

        if isinstance(values, range):
            helps = values and fits_with(values[-1])
            found = values[bisect_left(values, True, key=fits_with)] if helps else None
        else:
            found = next(filter(fits_with, values), None)
        return {} if found is None else dict.fromkeys(fields, found)

    degrees = []
    for pair in PAIRS:
        # Both at once where both pools have a degree of their own and neither helps alone.
        each = [(pair[0],)] if getattr(scenario, pair[1]) is None else [(name,) for name in pair]
        found = [nearest(fields, _more(scenario, fields)) for fields in each]
        if len(each) == 2 and not any(found):
            found = [nearest(pair, _more(scenario, pair))]
        degrees += found
    degrees.sort(key=lambda found: _gpus(scenario.replace(**found)))
    loads = [nearest((field,), _less(scenario, field)) for field in LOAD]
    return [found for found in degrees + loads if found]


def told_together(remedies: Mapping[str, int]) -> list[dict[str, int]]:
    """Remedies as changes of which each is enough: a pair of fields, or one field alone."""
    changes = []
    for field, value in remedies.items():
        pair = next((pair for pair in PAIRS if field in pair and {*pair} <= remedies.keys()), None)
        if pair is None:
            changes.append({field: value})
        elif field == pair[0]:
            changes.append({name: remedies[name] for name in pair})
    return changes


def refusal_of(
    scenario: Scenario,
    pool: PoolMemory,
    memory_of: MemoryOf,
    machine_of: Callable[[Scenario], object],
) -> DoesNotFit:
    """The error for a pool that does not fit, with what it lacks and what would help."""
    remedies = remedies_for(scenario, memory_of, machine_of)
    if remedies:
        advice = f"it fits with {_listed(told_together(remedies))}"
    elif changes := _changes(scenario, memory_of):
        advice = (
            f"it would with {_listed(changes)}, but for that {scenario.topology} with both pools "
            f"{scenario.placement} has no room; choose another placement or topology, too"
        )
    else:
        advice = "no PP, TP, N or T alone helps"
    parts = " + ".join(f"{size / GIB:.1f} {name}" for name, size in pool.parts.items())
    return DoesNotFit(
        f"the {pool.pool} pool does not fit: {pool.gpu} stage {pool.stage} needs "
        f"{pool.need / GIB:.1f} GiB ({parts}) of {pool.limit / GIB:.1f} GiB allowed; {advice}",
        pool=pool.pool,
        need=pool.need,
        limit=pool.limit,
        remedies=remedies,
        field="decode_pp" if pool.pool == "decode" and scenario.decode_pp else "pp",
    )


def _listed(changes):
    return " or ".join(
        " and ".join(f"{name} = {value:,}" for name, value in change.items()) for change in changes
    )


def _more(scenario, fields):
    """Values above those of `fields`, from the nearest on."""
    llm = gpu_catalog.llm(scenario.llm)
    now = max(getattr(scenario, field) for field in fields)
    if fields[0] in PAIRS[0]:
        # Of two pools the larger need not grow.
        return range(now + (len(fields) == 1), llm.layers + 1)
    return [tp for tp in tp_degrees(llm) if tp > now or (tp == now and len(fields) == 2)]


def _less(scenario, field):
    """Values below that of `field`, from the nearest on; micro-batches stay equal."""
    step = scenario.decode_microbatches if field == "batch_size" else 1
    return range(getattr(scenario, field) - step, 0, -step)


def _gpus(scenario):
    return scenario.prefill_pool.gpus + scenario.decode_pool.gpus
