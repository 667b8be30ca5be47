"""Sums over the transfers of a run and the channels that they cross, as arrays."""

from dataclasses import dataclass

import numpy as np

from simcore.engine import CommChannel
from simcore.engine.rates import Moving, RouteRates
from simcore.engine.routes import RouteTable

# As a share of the speed alone: what is lost to rounding.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Crossings:
    """A row for each transfer and each channel of its path, those that stand twice once.

    Attributes
    ----------
    channels : that are crossed by any
    transfer, channel : of each row, its place among the transfers and among the channels
    copies : of each row, how many cross the channel of those that the transfer stands for
    """

    channels: list[CommChannel]
    transfer: np.ndarray
    channel: np.ndarray
    copies: np.ndarray


@dataclass(frozen=True)
class Sharing:
    """How long channels were shared.

    Attributes
    ----------
    of_row : how long the transfer of each row was not alone there [s]
    busy_s, shared_s : of each channel, time with one transfer or more, with two or more [s]
    most : of each channel, the most transfers at once
    """

    of_row: np.ndarray
    busy_s: np.ndarray
    shared_s: np.ndarray
    most: np.ndarray


@dataclass(frozen=True)
class Delays:
    """By how much channels held transfers back: places of both, and seconds."""

    transfer: np.ndarray
    channel: np.ndarray
    seconds: np.ndarray


def copies_on(table: RouteTable, number: int) -> dict[CommChannel, int]:
    """By channel of a route, how many cross it of those that a transfer stands for."""
    path, one = table.paths[number], table.one[number]
    return {channel: path.count(channel) // one.count(channel) for channel in dict.fromkeys(path)}


def alone_of(table: RouteTable, number: int) -> float:
    """Rate of one transfer over a route that shares with none [byte/s]."""
    one = table.one[number]
    return min((channel.bandwidth_bps / one.count(channel) for channel in one), default=np.inf)


def crossings_of(table: RouteTable, route: np.ndarray) -> Crossings:
    """What transfers cross.

    Parameters
    ----------
    route : of each transfer, the number of its route
    """
    used = np.unique(route).tolist()
    copies_of = {number: copies_on(table, number) for number in used}
    channels = list(dict.fromkeys(channel for copies in copies_of.values() for channel in copies))
    place = {channel: n for n, channel in enumerate(channels)}
    transfers, crossed, copies = [np.zeros(0, int)], [np.zeros(0, int)], [np.zeros(0, int)]
    order = np.argsort(route, kind="stable")
    own = np.split(order, np.searchsorted(route[order], used[1:]))
    for number, mine in zip(used, own, strict=bool(used)):
        places = [place[channel] for channel in copies_of[number]]
        transfers.append(np.repeat(mine, len(places)))
        crossed.append(np.tile(places, len(mine)))
        copies.append(np.tile(list(copies_of[number].values()), len(mine)))
    return Crossings(channels, *map(np.concatenate, (transfers, crossed, copies)))


def sharing_of(crossed: Crossings, begin, end) -> Sharing:
    """How long channels were shared.

    Parameters
    ----------
    begin, end : of each row, the time of its transfer [s]
    """
    rows, channels = len(crossed.channel), len(crossed.channels)
    moment, place = np.concatenate([begin, end]), np.tile(crossed.channel, 2)
    order = np.lexsort((moment, place))
    # Every channel begins and ends with nobody on it.
    count = np.cumsum(np.concatenate([crossed.copies, -crossed.copies])[order])
    place = place[order]
    lasts = np.append(np.diff(moment[order]), 0.0)[: 2 * rows] * (count > 0)
    shared = np.where(count > 1, lasts, 0.0)
    before = np.empty(2 * rows)
    before[order] = np.cumsum(shared) - shared
    most = np.zeros(channels, dtype=int)
    # Of one moment the ends and beginnings stand in any order: only what lasts counts.
    np.maximum.at(most, place, np.where(lasts > 0, count, 0))
    return Sharing(
        before[rows:] - before[:rows],
        np.bincount(place, lasts, channels),
        np.bincount(place, shared, channels),
        most,
    )


def delays_of(
    table: RouteTable,
    moved: Moving,
    route: np.ndarray,
    rates: dict[int, RouteRates],
    crossed: Crossings,
) -> Delays:
    """What each bottleneck made those take longer than alone that cross it.

    Parameters
    ----------
    route : of each transfer of `moved`, the number of its route
    """
    place = {channel: n for n, channel in enumerate(crossed.channels)}
    transfers, channels, seconds = [np.zeros(0, int)], [np.zeros(0, int)], [np.zeros(0)]
    for number, steps in rates.items():
        lost = 1.0 - steps.rate / alone_of(table, number)
        held = (steps.count > 0) & (lost > ROUNDING)
        lost = np.where(held, lost, 0.0)[:-1] * np.diff(steps.moments)
        if not lost.any():
            continue
        mine = np.flatnonzero(route == number)
        copies = copies_on(table, number)
        bound = np.array([-1 if c is None else place[c] for c in steps.bound_by[:-1]])
        for channel in np.unique(bound[lost > 0]).tolist():
            until = np.concatenate([[0.0], np.cumsum(np.where(bound == channel, lost, 0.0))])
            late = np.interp(moved.end_s[mine], steps.moments, until)
            late -= np.interp(moved.begin_s[mine], steps.moments, until)
            transfers.append(mine)
            channels.append(np.full(len(mine), channel))
            seconds.append(late * copies[crossed.channels[channel]])
    return Delays(*map(np.concatenate, (transfers, channels, seconds)))
