"""From costs and a machine to a plan."""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from simcore.costs import CostModel, Pool, Workload
from simcore.costs.plan import CollectiveForm, HandoffBy, HandoffIn
from simcore.engine import Device
from simcore.errors import ScenarioError
from simcore.pipelines.collectives_used import CollectivesUsed, Why
from simcore.pipelines.exchanges import TimedExchange, exchanges_alone, timed_exchanges
from simcore.pipelines.handing import HandedOver, handed_over
from simcore.pipelines.plan import HandoffRoute, PassPart, PipelinePlan, Sending
from simcore.pipelines.rules import TransferRules
from simcore.pipelines.wiring import Stream, Wanted, WantedCollective, Wiring, wired
from simcore.topologies import Place, Topology

# Events of collectives that are run as flows: unasked; asked for, with each transfer by itself; and
# asked for, as many of a pass in one as it takes.
MOST_UNASKED = 24_000
MOST_ONE_BY_ONE = 60_000
MOST_ASKED_FOR = 80_000


def make_plan(
    costs: CostModel,
    topology: Topology,
    *,
    workload: Workload,
    prefill: Pool,
    decode: Pool,
    rules: TransferRules | None = None,
) -> PipelinePlan:
    """The plan of `workload` on the two pools, joined by `topology`, at the prices of `costs`.

    Raises ScenarioError where the machine cannot do what `rules` say.
    """
    rules = rules or TransferRules()
    if rules.handoff is not HandoffIn.CHUNKS and costs.semantics.stage_waits_for_handoff:
        raise ScenarioError(
            f"handoff = {rules.handoff.value!r}: with these costs a stage waits for the handoff of "
            f"each chunk; use {HandoffIn.CHUNKS.value!r}, or other costs",
            field="handoff",
        )
    exchanges = {
        pool.name: timed_exchanges(costs, topology, pool, rules.all_reduce)
        for pool in (prefill, decode)
    }
    handed = [handed_over(costs, stage, prefill, decode, rules) for stage in range(prefill.pp)]
    passes = {
        "prefill": workload.chunks,
        "decode": workload.output_tokens * workload.decode_microbatches,
    }
    wanted = _wanted(prefill, decode, handed, asked=rules.by is HandoffBy.PULL)
    pools = prefill, decode
    wiring, used, most_parts = _chosen(topology, wanted, exchanges, passes, rules, pools)
    planner = _Planner(wiring, used, most_parts, pools)
    activation_bytes = np.asarray(costs.prefill_activation_bytes(), dtype=float)
    steps = workload.output_tokens
    decode_bytes = np.full(steps, costs.decode_activation_bytes())
    return PipelinePlan(
        semantics=costs.semantics,
        prefill_costs=[costs.prefill_passes(stage) for stage in range(prefill.pp)],
        decode_costs=[costs.decode_passes(stage) for stage in range(decode.pp)],
        prefill_parts=[
            planner.parts(exchanges["prefill"][stage], handed[stage]) for stage in range(prefill.pp)
        ],
        decode_parts=[planner.parts(each, None) for each in exchanges["decode"]],
        at_the_end=rules.handoff is HandoffIn.WHOLE,
        activations=planner.borders(prefill, activation_bytes),
        decode_activations=planner.borders(decode, decode_bytes),
        chunks=workload.chunks,
        steps=steps,
        microbatches=workload.decode_microbatches,
        collectives=used,
        floods=rules.floods,
        prefill_devices=_devices(prefill, costs.semantics.exclusive_devices),
        decode_devices=_devices(decode, costs.semantics.exclusive_devices),
        routes=wiring.routes,
        stands_for=wiring.stands_for,
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


def _chosen(topology, wanted, exchanges, passes, rules, pools):
    """The wiring, as what collectives are run, and into how many parts they cut a pass at most."""
    floods = tuple(flood.channel for flood in rules.floods)
    plain = wanted, (), floods, rules.one_by_one
    of_stages = [
        (pool, stage, each)
        for pool in pools
        for stage, stage_exchanges in enumerate(exchanges[pool.name])
        for each in stage_exchanges
    ]
    if not of_stages:
        return wired(topology, *plain), None, 1
    algorithms = tuple(
        dict.fromkeys(
            (pool.name, each.kind.value, each.routed.algorithm) for pool, _, each in of_stages
        )
    )
    if rules.collectives is CollectiveForm.AGGREGATED:
        used = CollectivesUsed(CollectiveForm.AGGREGATED, Why.ASKED, algorithms)
        return wired(topology, *plain), used, 1
    asked = rules.collectives is CollectiveForm.FLOWS
    collectives = tuple(
        WantedCollective(each.key, stage * pool.stage_gpus, each.routed)
        for pool, stage, each in of_stages
    )
    wiring = wired(topology, wanted, collectives, floods, rules.one_by_one)
    shared = wiring.shared.name if wiring.shared else None
    if not asked and not shared:
        used = CollectivesUsed(CollectiveForm.AGGREGATED, Why.ALONE, algorithms)
        return wired(topology, *plain), used, 1
    most = max(each.times for *_, each in of_stages)
    used = CollectivesUsed(
        CollectiveForm.FLOWS, Why.ASKED if asked else Why.SHARED, algorithms, shared=shared
    )
    if asked and not rules.one_by_one:
        single = wired(topology, wanted, collectives, floods, True)
        if _flow_events(single, of_stages, passes, most) <= MOST_ONE_BY_ONE:
            return single, replace(used, one_by_one=True), most
    bound = MOST_ASKED_FOR if asked else MOST_UNASKED
    parts = most
    while parts > 1 and _flow_events(wiring, of_stages, passes, parts) > bound:
        parts = (parts + 1) // 2
    if not asked and _flow_events(wiring, of_stages, passes, parts) > bound:
        used = CollectivesUsed(CollectiveForm.AGGREGATED, Why.TOO_MANY, algorithms, shared=shared)
        return wired(topology, *plain), used, 1
    return wiring, replace(used, merged=most / parts, one_by_one=rules.one_by_one), parts


def _flow_events(wiring, of_stages, passes, parts):
    """Of collectives that cut a pass into so many parts."""
    return sum(
        passes[pool.name] * min(each.times, parts) * 2 * sum(map(len, wiring.rounds[each.key]))
        for pool, _, each in of_stages
    )


class _Planner:
    """Streams to what is sent over them."""

    def __init__(self, wiring: Wiring, used, most_parts, pools):
        self.wiring = wiring
        self.flows = used is not None and used.form is CollectiveForm.FLOWS
        self.most_parts = most_parts
        self.gpus = {pool.name: pool.stage_gpus for pool in pools}

    def borders(self, pool, sizes) -> list[tuple[Sending, ...]]:
        """What each stage but the last sends the next; `sizes` of one attention group [byte]."""
        each = (sizes / pool.tp).tolist()
        return [
            tuple(
                self._sending(stream, each, stream.latency_s, pool.name, pool.name)
                for stream in self.wiring.streams[pool.name, stage]
            )
            for stage in range(pool.pp - 1)
        ]

    def parts(self, exchanges: tuple[TimedExchange, ...], handed: HandedOver | None):
        """The parts of a stage's passes."""
        groups = handed.shares if handed else (1.0,)
        most = max((each.times for each in exchanges), default=1) if self.flows else 1
        most = min(most, self.most_parts)
        shares, last = [], []
        for group, share in enumerate(groups):
            cuts = max(1, round(most * share))
            shares += [share / cuts] * cuts
            last += [-1] * (cuts - 1) + [group]
        weights = [_weights(each.times, shares) for each in exchanges]
        return tuple(
            PassPart(
                share,
                collective_s=self._aggregated(exchanges, weights, place),
                rounds=self._rounds(exchanges, weights, place) if self.flows else (),
                handoffs=self._handoffs(handed, last[place]) if handed else (),
            )
            for place, share in enumerate(shares)
        )

    def _aggregated(self, exchanges, weights, place):
        if self.flows or not exchanges:
            return None
        if all(weight == [each.times] for weight, each in zip(weights, exchanges, strict=True)):
            return exchanges_alone(exchanges).tolist()
        return sum(
            weight[place] * each.seconds for weight, each in zip(weights, exchanges, strict=True)
        ).tolist()

    def _rounds(self, exchanges, weights, place):
        return tuple(
            tuple(self._of_round(each, stream, weight[place]) for stream in streams)
            for each, weight in zip(exchanges, weights, strict=True)
            if weight[place]
            for streams in self.wiring.rounds[each.key]
            if streams
        )

    def _of_round(self, each: TimedExchange, stream: Stream, weight):
        """What of a collective, made `weight` times at once, goes over a stream.

        Alone it takes as long as costs say: longer than the wires by waiting in each round, or less
        long by moving less.
        """
        pool = each.key[0]
        extra, factor = each.beyond_the_wires
        sizes = (weight * factor * each.bytes * stream.share).tolist()
        latency = weight * (factor * stream.latency_s + extra)
        return self._sending(stream, sizes, latency, pool, pool)

    def _handoffs(self, handed, group):
        return tuple(
            HandoffRoute(
                each.receiver,
                self._sending(
                    stream,
                    (each.bytes * stream.share).tolist(),
                    stream.latency_s,
                    "prefill",
                    "decode",
                ),
            )
            for each in handed.routes
            if each.group == group
            for stream in self.wiring.streams[each.key(handed.stage)]
        )

    def _sending(self, stream, sizes, latency_s, source, target):
        a, b = stream.ends
        one = stream.shards == 1
        flying = (
            latency_s.tolist() if isinstance(latency_s, np.ndarray) else [latency_s] * len(sizes)
        )
        return Sending(
            stream.path,
            sizes,
            flying,
            a % self.gpus[source] if one else -1,
            b % self.gpus[target] if one else -1,
            stream.shards,
        )


@lru_cache(maxsize=4096)
def _even_weights(times, parts):
    places = {number * parts // times for number in range(times)}
    return [1.0 if part in places else 0.0 for part in range(parts)]


def _weights(times, shares):
    """How often an exchange that a pass makes so many times is made in each of its parts."""
    if times >= len(shares):
        return [times * share for share in shares]
    return _even_weights(times, len(shares))
