"""How fast each rank sent and received over time."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from simcore.distributed.network import Paths
from simcore.engine.graph import TaskGraph
from simcore.engine.rates import moving, route_rates
from simcore.engine.routes import RouteTable

# To solve the rates of more messages again takes longer than to look at them.
MOST_EXACT = 20_000

DIRECTIONS = ("source", "target")
"""Columns of messages: whose transmitting and whose receiving a message is."""


@dataclass(frozen=True)
class Rates:
    """How fast ranks sent and received.

    Attributes
    ----------
    exact : whether each message had these rates; else each is told as if it had kept its mean rate
        from start to end, latency included
    transmit, receive : of each rank that has messages, moments [s] and the rate from each on
        [byte/s]; the last is 0
    """

    exact: bool
    transmit: dict[int, tuple[np.ndarray, np.ndarray]]
    receive: dict[int, tuple[np.ndarray, np.ndarray]]


def nic_rates(
    messages: pd.DataFrame, paths: Paths | None = None, *, most_exact: int = MOST_EXACT
) -> Rates:
    """The rates at which ranks sent and received: what is under it is the bytes of the messages.

    Parameters
    ----------
    messages : table of a LabTrace
    paths : the network that was simulated; None where it is not known, as of real processes
    most_exact : of more messages than these only the mean rates are told

    On a network that is known, rates are max-min fair among the messages that move at each moment:
    the rates that gave the times of `messages`, solved again.
    """
    exact = paths is not None and len(messages) <= most_exact
    changes = _solved(messages, paths) if exact else _means(messages)
    transmit, receive = (
        {rank: _steps(parts) for rank, parts in sorted(of_ranks.items())} for of_ranks in changes
    )
    return Rates(exact, transmit, receive)


def _means(messages):
    """Of each direction and rank, the moments [s] and the changes of its rate [byte/s]."""
    starts, ends = messages["start_s"].to_numpy(), messages["end_s"].to_numpy()
    lasting = ends > starts
    starts, ends = starts[lasting], ends[lasting]
    rates = messages["bytes"].to_numpy()[lasting] / (ends - starts)
    for column in DIRECTIONS:
        ranks = messages[column].to_numpy()[lasting]
        order = np.argsort(ranks, kind="stable")
        found, first = np.unique(ranks[order], return_index=True)
        steps = {}
        for rank, begin, end in zip(
            found.tolist(), first, np.append(first, len(order))[1:], strict=True
        ):
            own = order[begin:end]
            moments = np.concatenate([starts[own], ends[own]])
            steps[rank] = [(moments, np.concatenate([rates[own], -rates[own]]))]
        yield steps


def _solved(messages, paths):
    """The same, from the rates that messages between each two ranks had."""
    between = messages["source"] != messages["target"]
    sent = messages[between.to_numpy()]
    pairs = list(zip(sent["source"].tolist(), sent["target"].tolist(), strict=True))
    routes = RouteTable()
    route_of = {pair: routes.number(tuple(paths(*pair))) for pair in dict.fromkeys(pairs)}
    graph = _graph(routes, [route_of[pair] for pair in pairs], sent["bytes"].tolist())
    moved = moving(graph, sent["start_s"], sent["end_s"])
    rates = route_rates(graph, moved)
    own: dict[tuple[int, int], list[int]] = {}
    for place, message in enumerate(moved.tasks.tolist()):
        own.setdefault(pairs[message], []).append(place)
    changes: tuple[dict, dict] = {}, {}
    for pair, places in own.items():
        route = rates[route_of[pair]]
        # Pairs between which all runs over the same channels share a route.
        under_way = np.searchsorted(np.sort(moved.begin_s[places]), route.moments, "right")
        under_way -= np.searchsorted(np.sort(moved.end_s[places]), route.moments, "right")
        step = route.moments, np.diff(under_way * route.rate, prepend=0.0)
        for rank, of_direction in zip(pair, changes, strict=True):
            of_direction.setdefault(rank, []).append(step)
    return changes


def _graph(routes, numbers, sizes):
    """The messages as tasks that wait for nothing, which is all that solving rates asks for."""
    count = len(numbers)
    return TaskGraph(
        amount=sizes,
        route=numbers,
        latency_s=[routes.latency[number] for number in numbers],
        successors=[()] * count,
        waits_for=[0] * count,
        routes=routes,
        device=np.full(count, -1),
        devices=(),
        kind=np.zeros(count, dtype=int),
        kinds=(),
        facts={},
    )


def _steps(parts):
    """Moments and rates, from moments and changes of rates."""
    moments = np.concatenate([moments for moments, _ in parts])
    order = np.argsort(moments, kind="stable")
    moments = moments[order]
    rates = np.cumsum(np.concatenate([changes for _, changes in parts])[order])
    last = np.append(moments[1:] != moments[:-1], True)  # of each moment
    moments, rates = moments[last], rates[last]
    # What rounding leaves of a rate that has gone is nothing.
    highest = np.max(rates)
    rates = np.round(rates / highest, 9) * highest if highest > 0.0 else np.zeros_like(rates)
    kept = np.append(True, rates[1:] != rates[:-1])
    return moments[kept], rates[kept] + 0.0
