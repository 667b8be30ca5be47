"""Settings that change nothing in a scenario, and why: the page greys them."""

import gpu_catalog
from simcore import Scenario
from simcore.costs.operators.moe import Routing
from simcore.costs.plan import ROUTINGS, HandoffIn

OF_EXPERTS = ("dp", "decode_dp", "ep", "decode_ep", "expert_placement", "routing")


def idle_fields(scenario: Scenario) -> dict[str, list[str]]:
    """By reason, the fields that have no effect; only those at their default, lest one be stuck."""
    usual, idle = Scenario(), {}
    for field, reason in _reasons(scenario):
        if getattr(scenario, field) == getattr(usual, field):
            idle.setdefault(reason, []).append(field)
    return idle


def _reasons(scenario):
    llm = gpu_catalog.llm(scenario.llm)
    if not llm.experts:
        for field in OF_EXPERTS:
            yield field, f"{llm.name} has no experts."
        yield "seed", f"{llm.name} has no experts."
    elif ROUTINGS[scenario.routing] is not Routing.POWER_LAW:
        yield "seed", "Only a power law draws by chance which experts it favours."
    if all(pool.stage_gpus == 1 for pool in (scenario.prefill_pool, scenario.decode_pool)):
        for field in ("collectives", "all_reduce"):
            yield field, "Stages of one GPU have nothing to reduce."
    if scenario.batch_size == 1:
        yield "decode_microbatches", "One request cannot be cut."
    if HandoffIn(scenario.handoff) is not HandoffIn.LAYERS:
        yield "handoff_layers", "Only a handoff per layer group has groups of layers."
