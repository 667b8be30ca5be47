"""The collectives of a pass: which algorithm, how long each takes alone, and as flows."""

import math
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from time import thread_time

import numpy as np

from simcore.collectives import ALGORITHMS, AUTO
from simcore.collectives.all_to_all import all_to_all
from simcore.collectives.alone import AtThePorts, RoutedCollective, RoutedRound, RoutedSend
from simcore.collectives.ring import once_around
from simcore.costs import CostModel, Pool
from simcore.costs.operators.collectives import Collective
from simcore.errors import LimitReached, ScenarioError
from simcore.topologies import Place, Topology

MOST_ROUTED = 256

# From each to each, in all stages of a pool; more are not listed one by one.
MOST_SENDS = 40_000


@dataclass(frozen=True)
class TimedExchange:
    """A collective of a stage's passes, routed and timed.

    Attributes
    ----------
    key : of its streams, the pool's name first
    kind : what the GPUs do
    times : of each pass
    routed : its rounds, by the algorithm that it is run with
    seconds : that one takes alone, by chunk or step [s]
    wires : of that, what the wires alone take [s]
    bytes : buffer of each GPU, by chunk or step [byte]
    """

    key: tuple[Hashable, ...]
    kind: Collective
    times: int
    routed: RoutedCollective | AtThePorts
    seconds: np.ndarray
    wires: np.ndarray
    bytes: np.ndarray

    @cached_property
    def beyond_the_wires(self) -> tuple[np.ndarray, np.ndarray]:
        """What each round waits beside what the wires take [s], and what the wires' part is times.

        By chunk or step. Where it takes less than the wires say, all is that much less.
        """
        longer = np.maximum(self.seconds - self.wires, 0.0) / max(len(self.routed.rounds), 1)
        share = np.ones(len(self.wires))
        np.divide(self.seconds, self.wires, out=share, where=self.seconds < self.wires)
        return longer, share


def timed_exchanges(
    costs: CostModel,
    topology: Topology,
    pool: Pool,
    all_reduce: str,
    *,
    deadline_s: float = math.inf,
) -> list[tuple[TimedExchange, ...]]:
    """Those of each pass of each stage of a pool.

    They take as long as the cost model says, else as the wires do. A named algorithm takes as long
    as the wires: what a cost model was fitted to chose for itself.

    Parameters
    ----------
    deadline_s : of this thread's processor time, looked at before each stage [s]

    Raises ScenarioError where the GPUs of the stage cannot run the algorithm `all_reduce`, and
    LimitReached after the deadline.
    """
    if pool.stage_gpus == 1:
        return [()] * pool.pp
    told: dict[tuple, np.ndarray | None] = {}  # most stages exchange the same
    found = []
    for stage in range(pool.pp):
        if thread_time() > deadline_s:
            raise LimitReached(f"what {stage} of {pool.pp} {pool.name} stages exchange is known")
        found.append(_of_stage(costs, topology, pool, stage, all_reduce, told))
    return found


def _of_stage(costs, topology, pool, stage, all_reduce, told):
    exchanges_of = costs.prefill_exchanges if pool.name == "prefill" else costs.decode_exchanges
    found = []
    for number, exchange in enumerate(exchanges_of(stage)):
        sizes = np.asarray(exchange.bytes, dtype=float)
        routed = _chosen(topology, pool, stage, exchange, sizes, all_reduce)
        wires = routed.seconds(sizes)
        named = exchange.kind is Collective.ALL_REDUCE and all_reduce != AUTO
        seconds = None if named else _told(costs, topology, pool, stage, exchange, told)
        found.append(
            TimedExchange(
                key=(pool.name, stage, number),
                kind=exchange.kind,
                times=exchange.times,
                routed=routed,
                seconds=wires if seconds is None else seconds,
                wires=wires,
                bytes=sizes,
            )
        )
    return tuple(found)


def _told(costs, topology, pool, stage, exchange, known):
    """What the cost model says that it takes [s]; None if it says nothing."""
    first = stage * pool.stage_gpus
    group = exchange.groups[0]
    joining = _joining(topology, pool.name, tuple(first + gpu for gpu in group))
    key = (exchange.kind, exchange.groups, exchange.shares, exchange.bytes.tobytes(), joining)
    if key not in known:
        known[key] = costs.exchange_seconds(
            pool,
            exchange,
            bandwidth=joining.bandwidth,
            rated=joining.rated,
            latency_s=joining.latency_s,
            switched=joining.switched,
            nodes=joining.nodes,
        )
    return known[key]


@lru_cache(maxsize=MOST_ROUTED)
def _joining(topology, pool, ranks):
    return topology.joining(tuple(Place(pool, rank) for rank in ranks))


def _chosen(topology, pool, stage, exchange, sizes, all_reduce) -> RoutedCollective | AtThePorts:
    first = stage * pool.stage_gpus
    shape = (topology, pool.name, first, exchange.kind, exchange.groups, exchange.shares,
             exchange.back)  # fmt: skip
    ranks = len(exchange.groups[0])
    joining = _joining(topology, pool.name, tuple(first + gpu for gpu in exchange.groups[0]))
    too_many = ranks * (ranks - 1) * len(exchange.groups) * pool.pp > MOST_SENDS
    if exchange.kind is Collective.ALL_TO_ALL and too_many:
        # What stays in a machine does not cross what joins it with the others.
        near = ranks / joining.nodes if joining.nodes > 1 else 1
        fullest = max(exchange.shares or (1 / ranks,)) * (ranks - near)
        return AtThePorts(exchange.kind.value, joining.latency_s, fullest / joining.bandwidth)
    if exchange.kind is not Collective.ALL_REDUCE:
        return _routed(*shape, "")
    if all_reduce != AUTO:
        _refuse_unable(all_reduce, joining.switched, too_many, pool)
        return _routed(*shape, all_reduce)
    # Of equally fast ones the first in the alphabet.
    possible = [
        _routed(*shape, name)
        for name in ALGORITHMS.names()
        if (joining.switched or not ALGORITHMS[name].needs_switch)
        and not (ALGORITHMS[name].each_to_each and too_many)
    ]
    largest = sizes.max(initial=0.0, keepdims=True)
    return min(possible, key=lambda routed: float(routed.seconds(largest)[0]))


def _refuse_unable(name, switched, too_many, pool):
    """Raises ScenarioError where the GPUs of a stage cannot run an all-reduce algorithm."""
    if ALGORITHMS[name].needs_switch and not switched:
        raise ScenarioError(
            f"all_reduce = {name!r}: no switch that can add up joins the GPUs of a {pool.name} "
            f"stage; use {AUTO}, ring or a topology with NVSwitches",
            field="all_reduce",
        )
    if ALGORITHMS[name].each_to_each and too_many:
        raise ScenarioError(
            f"all_reduce = {name!r}: from each to each the {pool.gpus} GPUs of the {pool.name} "
            f"pool would send more than {MOST_SENDS:,} messages at a time; use {AUTO} or ring",
            field="all_reduce",
        )


@lru_cache(maxsize=MOST_ROUTED)
def _routed(topology, pool, first, kind, groups, shares, back, algorithm) -> RoutedCollective:
    """A collective among the GPUs from rank `first` of a pool on, all groups at the same time."""
    known: dict[tuple, RoutedRound] = {}
    of_groups = [_rounds(kind, len(group), shares, back, algorithm) for group in groups]
    rounds = []
    for together in zip(*of_groups, strict=True):
        if together not in known:
            known[together] = RoutedRound(
                [
                    _send(topology, pool, first, group, send)
                    for group, sends in zip(groups, together, strict=True)
                    for send in sends
                ]
            )
        rounds.append(known[together])
    return RoutedCollective(algorithm or kind.value, tuple(rounds))


def _send(topology, pool, first, group, send):
    a, b = group[send.source], group[send.target]
    path = topology.path(Place(pool, first + a), Place(pool, first + b))
    return RoutedSend(a, b, send.share, path)


def _rounds(kind, ranks, shares, back, algorithm):
    match kind:
        case Collective.ALL_REDUCE:
            return ALGORITHMS[algorithm].rounds(ranks)
        case Collective.ALL_GATHER | Collective.REDUCE_SCATTER:
            return once_around(ranks)
        case Collective.ALL_TO_ALL:
            return all_to_all(ranks, shares, back=back)
    raise ValueError(f"{kind.value} is no collective of a pass")


def exchanges_alone(exchanges: tuple[TimedExchange, ...]) -> np.ndarray:
    """What all exchanges of a pass take alone, by chunk or step [s]."""
    return sum(each.times * each.seconds for each in exchanges)
