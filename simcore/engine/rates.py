"""The rates that transfers had in an executed graph, solved again from when they moved."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simcore.engine.graph import COMPUTE, TaskGraph
from simcore.engine.work import CommChannel


@dataclass(frozen=True)
class Moving:
    """The transfers that move something, in the order of their numbers.

    Attributes
    ----------
    tasks : their numbers
    begin_s, end_s : of each, between what moments it moves: from the end of its latency on [s]
    """

    tasks: np.ndarray
    begin_s: np.ndarray
    end_s: np.ndarray


@dataclass(frozen=True)
class RouteRates:
    """What the transfers over one route got; each value holds until the next moment.

    Attributes
    ----------
    moments : at which something changes [s]
    count : transfers that move; the last is 0
    rate : of each of them [byte/s]; 0 where there are none
    bound_by : the channel that holds them to it; None where there are none
    """

    moments: np.ndarray
    count: np.ndarray
    rate: np.ndarray
    bound_by: tuple[CommChannel | None, ...]


def moving(graph: TaskGraph, start_s, end_s) -> Moving:
    """When which transfers of an executed graph moved their payload."""
    route = np.array(graph.route)
    tasks = np.flatnonzero(route != COMPUTE)
    begin = np.asarray(start_s)[tasks] + np.array(graph.latency_s)[tasks]
    end = np.asarray(end_s)[tasks]
    lasting = begin < end
    return Moving(tasks[lasting], begin[lasting], end[lasting])


def route_rates(graph: TaskGraph, moved: Moving) -> dict[int, RouteRates]:
    """Of each route in use, the max-min fair rates of its transfers over time.

    A transfer moves nothing during its latency and then at its fair rate among those that move at
    that moment: the rates that gave the times of `moved`.
    """
    table = graph.routes
    found = [([], [], [], []) for _ in range(len(table))]
    count = [0] * len(table)
    busy = crowded = 0
    # The same sets come back chunk after chunk.
    known: dict[tuple[int, int], list] = {}
    for now, changed in _changes(graph, moved):
        near = 0
        for number, more in changed:
            count[number] += more
            bit = 1 << number
            near |= table.near(number)
            busy = busy | bit if count[number] else busy & ~bit
            crowded = crowded | bit if count[number] > 1 else crowded & ~bit
        near &= busy
        rates = known.get((near, busy)) if not crowded else None
        if rates is None:
            rates = _solved(table, near, busy, crowded, count)
            if not crowded:
                known[near, busy] = rates
        for number, rate, channel in rates:
            _note(found[number], now, count[number], rate, channel)
        for number, _ in changed:
            if not count[number]:
                _note(found[number], now, 0, 0.0, None)
    return {
        number: RouteRates(*map(np.array, steps[:3]), tuple(steps[3]))
        for number, steps in enumerate(found)
        if steps[0]
    }


def mean_shares(
    graph: TaskGraph, rates: dict[int, RouteRates], edges: np.ndarray
) -> dict[CommChannel, np.ndarray]:
    """Of each channel in use, the mean share of its bandwidth between each two moments.

    Parameters
    ----------
    rates : as `route_rates` gives them
    edges : the moments, rising [s]; n of them give n - 1 means
    """
    carried: dict[CommChannel, np.ndarray] = {}
    for number, route in rates.items():
        load = route.count * route.rate
        until = np.concatenate([[0.0], np.cumsum(load[:-1] * np.diff(route.moments))])
        sizes = np.diff(np.interp(edges, route.moments, until))
        for channel in graph.routes.paths[number]:
            carried[channel] = carried.get(channel, 0.0) + sizes
    carried |= {c: carried[other] for c, other in graph.stands_for.items() if other in carried}
    lengths = np.diff(edges)
    return {
        channel: np.clip(sizes / (channel.bandwidth_bps * lengths), 0.0, 1.0)
        for channel, sizes in carried.items()
    }


def _solved(table, routes, busy, crowded, count):
    """The rates of these routes and of all that are connected to them."""
    rates = []
    while routes:
        component = table.component(routes, busy)
        routes &= ~component
        rates += table.rates(component, crowded, count.__getitem__)
    return rates


def _note(steps, now, count, rate, channel):
    moments, counts, rates, bound_by = steps
    if moments and counts[-1] == count and rates[-1] == rate and bound_by[-1] is channel:
        return
    moments.append(now)
    counts.append(count)
    rates.append(rate)
    bound_by.append(channel)


def _changes(graph, moved) -> Iterator[tuple[float, list[tuple[int, int]]]]:
    """(moment, [(route, 1 or -1 transfer that moves)]), in order of time."""
    route = np.array(graph.route)[moved.tasks]
    moment = np.concatenate([moved.begin_s, moved.end_s])
    order = np.argsort(moment, kind="stable")
    numbers = np.tile(route, 2)[order].tolist()
    more = np.repeat([1, -1], len(route))[order].tolist()
    moments = moment[order].tolist()
    first = 0
    for place in range(1, len(moments) + 1):
        if place == len(moments) or moments[place] != moments[first]:
            yield moments[first], list(zip(numbers[first:place], more[first:place], strict=True))
            first = place
