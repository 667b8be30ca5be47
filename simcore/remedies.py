"""What would make a scenario fit: the nearest value of one field at a time."""

from collections.abc import Callable

import gpu_catalog
from simcore.costs.memory import PoolMemory
from simcore.errors import ScenarioError
from simcore.scenario import Scenario

BOTH = "the PP of both pools"


def remedies_for(
    scenario: Scenario, memory_of: Callable[[Scenario], tuple[PoolMemory, ...]]
) -> dict[str, int]:
    """For each field that can help alone, the nearest value with which both pools fit.

    More pipeline stages, fewer requests, shorter prompts: memory per device falls with each, so the
    nearest value is found by bisection. Where both pools have a PP of their own and both are too
    small, no field helps alone: then `pp` and `decode_pp` are both there, to be set together.
    """

    def fits(field, value):
        changes = dict.fromkeys(("pp", "decode_pp"), value) if field == BOTH else {field: value}
        try:
            return all(pool.fits for pool in memory_of(scenario.replace(**changes)))
        except ScenarioError:
            return False

    layers = gpu_catalog.llm(scenario.llm).layers
    stages = ["pp"] if scenario.decode_pp is None else ["pp", "decode_pp"]
    searches = [(field, getattr(scenario, field), layers) for field in stages]
    searches += [(field, getattr(scenario, field), 1) for field in ("batch_size", "prompt_tokens")]
    if len(stages) == 2 and not any(fits(field, layers) for field in stages):
        searches.insert(0, (BOTH, max(scenario.pp, scenario.decode_stages) - 1, layers))
    found = {}
    for field, bad, far in searches:
        if not fits(field, far):
            continue
        good = far
        while abs(good - bad) > 1:
            middle = (good + bad) // 2
            if fits(field, middle):
                good = middle
            else:
                bad = middle
        found |= dict.fromkeys(("pp", "decode_pp"), good) if field == BOTH else {field: good}
    return found
