"""A pass as the sum of its kinds of kernels and of what the serving engine adds."""

import gpu_catalog
from simcore.costs import PassCosts
from simcore.costs.handoff import requests_in_pass
from simcore.costs.release_steps import ENGINE, LayerCounts, at_least, unfused_seconds
from simcore.costs.serving_engines import serving_engine
from simcore.costs.transformer import slice_of
from simcore.explain.explanation import Explanation, explained
from simcore.explain.formulas import formula_of
from simcore.explain.numbers import quantity
from simcore.pipelines import DecodePass, PrefillPass
from simcore.scenario import Scenario

NEGLIGIBLE = 1e-4
"""Parts below this share of a pass are not told."""

EVEN = at_least(1.0, 1.0) - 1.0
"""What a host adds that takes as long to launch kernels as these run, as a share of theirs."""


def engine_bound(tag: PrefillPass | DecodePass, costs: PassCosts, place: int) -> bool:
    """Whether the engine's host takes longer than the GPU.

    In prefill they work at the same time, in decode most of what the host does comes on top.
    """
    added = _added(costs, place)
    even = EVEN if isinstance(tag, PrefillPass) else 1.0
    return added > even * _busy(costs, place)


def bound_word(tag: PrefillPass | DecodePass, costs: PassCosts, place: int) -> str:
    """What bounds a pass: "engine", or of the roofline "compute" or "memory"."""
    if engine_bound(tag, costs, place):
        return "engine"
    return "compute" if costs.compute_bound[place] else "memory"


def sum_of_parts(tag: PrefillPass | DecodePass, costs: PassCosts, place: int) -> str:
    """The parts of a pass that take some time, and their sum."""
    total = float(costs.seconds[place])
    parts = {name: float(times[place]) for name, times in costs.parts.items()}
    listed = " + ".join(
        f"{quantity(s, 's')} {name}" for name, s in parts.items() if s > NEGLIGIBLE * total
    )
    return f"{listed} = {quantity(total, 's')}, {bound_word(tag, costs, place)}-bound"


def explain_engine(
    scenario: Scenario, tag: PrefillPass | DecodePass, costs: PassCosts, place: int
) -> tuple[Explanation, ...]:
    """How the engine's part of a pass came about; nothing where it is not told."""
    added = _added(costs, place)
    if added <= NEGLIGIBLE * float(costs.seconds[place]):
        return ()
    llm, release = gpu_catalog.llm(scenario.llm), serving_engine(scenario.engine).release
    prefill = isinstance(tag, PrefillPass)
    pool = scenario.prefill_pool if prefill else scenario.decode_pool
    part = slice_of(llm, pool.layers(llm.layers)[tag.stage])
    kernels = quantity(_busy(costs, place), "s")
    if prefill:
        key = "prefill_engine"
        launching = f"{part.layers} · {quantity(release.eager_layer_s, 's')}"
        values = f"max₈({kernels}, {launching}) − {kernels}"
    else:
        key = "decode_engine"
        unfused = quantity(unfused_seconds(LayerCounts.of(llm, part), release), "s")
        launching = f"{part.layers} · {quantity(release.launch_layer_s, 's')}"
        step = release.step_s if part.embedding else 0.0
        n = requests_in_pass(scenario.workload, pool)
        requests = release.sequence_s * n if part.head else 0.0
        values = (
            f"max₈({kernels} + {unfused}, {launching}) − {kernels} + {quantity(step, 's')} + "
            f"{quantity(requests, 's')}"
        )
    formula = formula_of(key, scenario.cost_model)
    return (explained(formula, f"{values} = {quantity(added, 's')}", added),)


def _busy(costs, place):
    """For how long kernels and collectives keep the GPU busy [s]."""
    collectives = 0.0 if costs.collectives is None else float(costs.collectives[place])
    return float(costs.seconds[place]) - _added(costs, place) + collectives


def _added(costs, place):
    return float(costs.parts[ENGINE][place]) if ENGINE in costs.parts else 0.0
