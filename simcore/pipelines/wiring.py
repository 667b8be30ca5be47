"""Who sends whom over which channels, and which of these transfers are alike.

It depends on the machine and on the shapes of the pools, not on sizes and durations, and so is
found once for each machine.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache

from simcore.collectives.alone import RoutedCollective
from simcore.engine import CommChannel
from simcore.engine.bundles import Path, Shard, bundled
from simcore.engine.routes import RouteTable
from simcore.topologies import Place, Topology

MOST_WIRINGS = 32


@dataclass(frozen=True)
class Wanted:
    """Transfers of one size that start together.

    Attributes
    ----------
    key : tells them from others
    pairs : from which GPU to which, by their ranks in their pools
    source, target : names of the pools
    striped : whether each is spread over all the paths that the machine has for large transfers
    asked : whether the target asks for it before, with a few bytes
    """

    key: Hashable
    source: str
    target: str
    pairs: tuple[tuple[int, int], ...]
    striped: bool = False
    asked: bool = False


@dataclass(frozen=True)
class Stream:
    """A transfer that comes again with each chunk or step, and may stand for several.

    Attributes
    ----------
    share : of what is sent between two GPUs, the part that it carries
    path : of one of them; a channel stands there as often as they cross it
    one : the same, but a channel stands there as often as one of them crosses it
    latency_s : of one of them, and of asking for it [s]
    ends : the GPUs of the first of them, by their ranks in their pools
    shards : how many it stands for
    """

    share: float
    path: Path
    one: Path
    latency_s: float
    ends: tuple[int, int]
    shards: int


@dataclass(frozen=True)
class Wiring:
    """The streams of a machine.

    Attributes
    ----------
    streams : of each `Wanted.key`
    rounds : of each collective's key, the streams of each round, with the share of its buffer
    routes : their paths, by number
    stands_for : of channels that carry the same as another, which no path crosses, that other one
    shared : a channel that collectives and others cross; None if there is none
    """

    streams: dict[Hashable, tuple[Stream, ...]]
    rounds: dict[Hashable, tuple[tuple[Stream, ...], ...]]
    routes: RouteTable
    stands_for: dict[CommChannel, CommChannel]
    shared: CommChannel | None


@dataclass(frozen=True)
class WantedCollective:
    """A collective that is to be run as flows.

    Attributes
    ----------
    key : tells it from others
    first : rank in the pool of the stage's first GPU
    """

    key: Hashable
    first: int
    collective: RoutedCollective


@lru_cache(maxsize=MOST_WIRINGS)
def wired(
    topology: Topology,
    wanted: tuple[Wanted, ...],
    collectives: tuple[WantedCollective, ...],
    floods: tuple[CommChannel, ...],
    one_by_one: bool,
) -> Wiring:
    """The wiring of all these.

    Parameters
    ----------
    floods : channels that others send over
    one_by_one : whether no stream stands for several transfers
    """
    shards: list[Shard] = []
    facts = []  # of each shard: place of its key, ranks, share, and how long it is asked for [s]
    keys: list[Hashable] = []  # long ones, each looked at once
    for want in wanted:
        keys.append(want.key)
        place = len(keys) - 1
        for a, b in want.pairs:
            source, target = Place(want.source, a), Place(want.target, b)
            paths = (
                topology.paths(source, target) if want.striped else (topology.path(source, target),)
            )
            asked = _latency(topology.path(target, source)) if want.asked else 0.0
            for path in paths:
                shards.append(Shard((place, asked), path))
                facts.append((place, a, b, 1 / len(paths), asked))
    others = {channel for shard in shards for channel in shard.path} | set(floods)
    for channel in floods:
        keys.append(channel)
        shards.append(Shard((len(keys) - 1, 0.0), (channel,)))
        facts.append((len(keys) - 1, -1, -1, 1.0, 0.0))
    before = len(shards)
    for want in collectives:
        for each in dict.fromkeys(want.collective.rounds):
            keys.append((want.key, each))
            place = len(keys) - 1
            for send in each.sends:
                shards.append(Shard((place, send.share), send.path))
                a, b = want.first + send.source, want.first + send.target
                facts.append((place, a, b, send.share, 0.0))
    theirs = dict.fromkeys(channel for shard in shards[before:] for channel in shard.path)
    by_place, stands_for = _streams(shards, facts, one_by_one)
    streams = {keys[place]: found for place, found in by_place.items()}
    routes = RouteTable()
    for every in streams.values():
        for stream in every:
            routes.number(stream.path, stream.one)
    return Wiring(
        streams=streams,
        rounds={
            want.key: tuple(streams.get((want.key, each), ()) for each in want.collective.rounds)
            for want in collectives
        },
        routes=routes,
        stands_for=stands_for,
        shared=next((channel for channel in theirs if channel in others), None),
    )


def _latency(path):
    return sum(channel.latency_s for channel in path)


def _streams(shards, facts, one_by_one):
    """The streams of each place, and which channels stand for which."""
    streams: dict[int, list[Stream]] = {}
    if one_by_one:
        for shard, (place, a, b, share, asked) in zip(shards, facts, strict=True):
            latency = _latency(shard.path) + asked
            stream = Stream(share, shard.path, shard.path, latency, (a, b), 1)
            streams.setdefault(place, []).append(stream)
        return {place: tuple(found) for place, found in streams.items()}, {}
    found = bundled(shards)
    for bundle in found.bundles:
        place, a, b, share, asked = facts[bundle.members[0]]
        latency = bundle.latency_s + asked
        count = len(bundle.members)
        stream = Stream(share, bundle.path, bundle.one, latency, (a, b), count)
        streams.setdefault(place, []).append(stream)
    stands_for = {c: other for c, other in found.stands_for.items() if other is not c}
    return {place: tuple(group) for place, group in streams.items()}, stands_for
