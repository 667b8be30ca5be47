"""From costs and a machine to a plan."""

import math
from time import thread_time

import numpy as np

from simcore.costs import CostModel, Pool, Workload
from simcore.costs.plan import HandoffBy, HandoffIn
from simcore.engine import Device
from simcore.errors import LimitReached, ScenarioError
from simcore.pipelines.choosing import PoolExchanges, chosen_form
from simcore.pipelines.cutting import Cutter
from simcore.pipelines.exchanges import timed_exchanges
from simcore.pipelines.handing import handed_over
from simcore.pipelines.plan import PipelinePlan
from simcore.pipelines.rules import TransferRules
from simcore.pipelines.wiring import Wanted
from simcore.topologies import Place, Topology


def make_plan(
    costs: CostModel,
    topology: Topology,
    *,
    workload: Workload,
    prefill: Pool,
    decode: Pool,
    rules: TransferRules | None = None,
    time_limit_s: float | None = None,
) -> PipelinePlan:
    """The plan of `workload` on the two pools, joined by `topology`, at the prices of `costs`.

    Parameters
    ----------
    time_limit_s : processor time that may have passed before a stage's exchanges are timed, or
        its transfers are led over wires [s]; None for no limit

    Raises ScenarioError where the machine cannot do what `rules` say, and LimitReached where it
    takes longer than it may.
    """
    rules = rules or TransferRules()
    deadline_s = math.inf if time_limit_s is None else thread_time() + time_limit_s
    if rules.handoff is not HandoffIn.CHUNKS and costs.semantics.stage_waits_for_handoff:
        raise ScenarioError(
            f"handoff = {rules.handoff.value!r}: with these costs a stage waits for the handoff of "
            f"each chunk; use {HandoffIn.CHUNKS.value!r}, or other costs",
            field="handoff",
        )
    handed = [handed_over(costs, stage, prefill, decode, rules) for stage in range(prefill.pp)]
    of_prefill = PoolExchanges(
        prefill,
        timed_exchanges(costs, topology, prefill, rules.all_reduce, deadline_s=deadline_s),
        passes=workload.chunks,
        parts=max(len(over.shares) for over in handed),
    )
    steps, microbatches = workload.output_tokens, workload.decode_microbatches
    of_decode = PoolExchanges(
        decode,
        timed_exchanges(costs, topology, decode, rules.all_reduce, deadline_s=deadline_s),
        passes=steps * microbatches,
        parts=1,
    )
    wanted = _wanted(prefill, decode, handed, asked=rules.by is HandoffBy.PULL)
    if max(prefill.stage_gpus, decode.stage_gpus) > 1 and thread_time() > deadline_s:
        raise LimitReached("what all stages exchange is known, but not yet over which wires")
    chosen = chosen_form(topology, wanted, (of_prefill, of_decode), rules)
    cutter = Cutter(chosen, (prefill, decode))
    activation_bytes = np.asarray(costs.prefill_activation_bytes(), dtype=float)
    decode_bytes = np.full(steps, costs.decode_activation_bytes())
    return PipelinePlan(
        semantics=costs.semantics,
        prefill_costs=[costs.prefill_passes(stage) for stage in range(prefill.pp)],
        decode_costs=[costs.decode_passes(stage) for stage in range(decode.pp)],
        prefill_parts=[
            cutter.parts(exchanges, over)
            for exchanges, over in zip(of_prefill.stages, handed, strict=True)
        ],
        decode_parts=[cutter.parts(exchanges, None) for exchanges in of_decode.stages],
        at_the_end=rules.handoff is HandoffIn.WHOLE,
        activations=cutter.borders(prefill, activation_bytes),
        decode_activations=cutter.borders(decode, decode_bytes),
        chunks=workload.chunks,
        steps=steps,
        microbatches=microbatches,
        collectives=chosen.used,
        floods=rules.floods,
        prefill_devices=_devices(prefill, costs.semantics.exclusive_devices),
        decode_devices=_devices(decode, costs.semantics.exclusive_devices),
        routes=chosen.wiring.routes,
        stands_for=chosen.wiring.stands_for,
    )


def _devices(pool, exclusive):
    """A stage's GPUs compute in lock step: they are one device."""
    several = pool.stage_gpus > 1
    return [
        Device(f"{pool.name} stage {stage}" if several else str(Place(pool.name, stage)), exclusive)
        for stage in range(pool.pp)
    ]


def _wanted(prefill, decode, handed, *, asked) -> tuple[Wanted, ...]:
    """Handoffs, and activations between neighbouring stages, GPU by GPU."""
    found: dict[object, Wanted] = {}
    for stage, over in enumerate(handed):
        for each in over.routes:
            key = each.key(stage)
            if key not in found:
                pairs = tuple(
                    (stage * prefill.stage_gpus + a, each.receiver * decode.stage_gpus + b)
                    for a, b in each.pairs
                )
                found[key] = Wanted(
                    key, prefill.name, decode.name, pairs, striped=True, asked=asked
                )
    for pool in (prefill, decode):
        gpus = pool.stage_gpus
        for stage in range(pool.pp - 1):
            key = (pool.name, stage)
            pairs = tuple((r, r + gpus) for r in range(stage * gpus, (stage + 1) * gpus))
            found[key] = Wanted(key, pool.name, pool.name, pairs)
    return tuple(found.values())
