"""Transfers that are alike, kept as one: how many there are then costs nothing.

Transfers that start together, are of one size and see like channels have equal rates at all times,
whatever else runs. So one of them stands for all, over a path on which a channel stands as often as
they cross it. Which are alike is found by refinement: channels are alike if they are as fast and
crossed by like transfers, transfers if they cross like channels; what is not is told apart, until
nothing changes (the coarsest equitable partition, as in Berkholz, Bonsma & Grohe, "Tight lower and
upper bounds for the complexity of canonical colour refinement", 2017).
"""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from simcore.engine.work import CommChannel

Path = tuple[CommChannel, ...]


@dataclass(frozen=True)
class Shard:
    """A transfer before it is known what is like it.

    Attributes
    ----------
    group : transfers of one group start together, are of one size and may be alike
    """

    group: Hashable
    path: Path


@dataclass(frozen=True)
class Bundle:
    """Transfers that are alike.

    Attributes
    ----------
    members : their numbers among the shards, rising
    path : of one of them; a channel stands there as often as members cross it
    one : the same, but a channel stands there as often as one of them crosses it
    latency_s : of one of them [s]
    """

    members: tuple[int, ...]
    path: Path
    one: Path
    latency_s: float


@dataclass(frozen=True)
class Bundles:
    """All shards, by bundle.

    Attributes
    ----------
    bundles : in the order of their first members
    stands_for : of each channel crossed, the one that is crossed in its place
    """

    bundles: tuple[Bundle, ...]
    stands_for: dict[CommChannel, CommChannel]


def bundled(shards: Sequence[Shard]) -> Bundles:
    """The shards in as few bundles as are alike; none of their paths may be empty."""
    alone: set[int] = set()
    while True:
        colours, signature = _refined(shards, alone)
        members: dict[int, list[int]] = {}
        for number, colour in enumerate(colours):
            members.setdefault(colour, []).append(number)
        stands_for: dict[CommChannel, CommChannel] = {}
        first: dict[int, CommChannel] = {}
        for channel, kind in signature.items():
            stands_for[channel] = first.setdefault(kind, channel)
        crossed = _crossings(shards, colours)
        bundles = []
        for colour, numbers in members.items():
            path = shards[numbers[0]].path
            put = [stands_for[channel] for channel in path]
            if len(set(put)) < len(set(path)):
                # Two of its own channels are alike: one cannot stand for both.
                alone.update(numbers)
                break
            bundles.append(
                Bundle(
                    tuple(numbers),
                    tuple(
                        standing
                        for place, (channel, standing) in enumerate(zip(path, put, strict=True))
                        for _ in range(crossed[channel][colour, place])
                    ),
                    tuple(put),
                    sum(channel.latency_s for channel in path),
                )
            )
        else:
            return Bundles(tuple(bundles), stands_for)


def _refined(shards, alone):
    """The colour of each shard and the kind of each channel, equal for what is alike."""
    keys = [(shard.group, number if number in alone else -1) for number, shard in enumerate(shards)]
    colours = _numbered(keys)
    while True:
        crossed = _crossings(shards, colours)
        kinds = _numbered(
            [
                (channel.bandwidth_bps, channel.latency_s, frozenset(by.items()))
                for channel, by in crossed.items()
            ]
        )
        signature = dict(zip(crossed, kinds, strict=True))
        keys = [
            (colour, *map(signature.__getitem__, shard.path))
            for colour, shard in zip(colours, shards, strict=True)
        ]
        finer = _numbered(keys)
        if max(finer, default=0) == max(colours, default=0):
            return colours, signature
        colours = finer


def _crossings(shards, colours):
    """By channel, how often shards of a colour cross it, by colour and place on the path."""
    crossed: dict[CommChannel, Counter] = {}
    for colour, shard in zip(colours, shards, strict=True):
        for place, channel in enumerate(shard.path):
            if channel not in crossed:
                crossed[channel] = Counter()
            crossed[channel][colour, place] += 1
    return crossed


def _numbered(keys):
    """A number for each key, equal keys alike, in the order of appearance."""
    numbers: dict[Hashable, int] = {}
    return [numbers.setdefault(key, len(numbers)) for key in keys]
