"""How much of each channel's bandwidth is in use over time, from the rates that transfers had."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simcore.engine import CommChannel
from simcore.engine.graph import TaskGraph
from simcore.engine.rates import moving, route_rates

# More steps than these in all, and each channel is drawn as this many means instead.
MOST_STEPS = 50_000
MEANS = 500


@dataclass(frozen=True)
class Utilisation:
    """Shares of bandwidth over time.

    Attributes
    ----------
    mean_s : None where the steps are the real ones; else each value is the mean over as much time
    steps : of each channel, moments [s] and the share of its bandwidth (0 to 1) from each on
    """

    mean_s: float | None
    steps: dict[CommChannel, tuple[np.ndarray, np.ndarray]]


def utilisation(
    graph: TaskGraph, start_s, end_s, *, most_steps: int = MOST_STEPS, means: int = MEANS
) -> Utilisation:
    """The shares of every channel that carries something in an executed graph.

    A transfer moves nothing during its latency and then at its max-min fair rate among those that
    move at that moment: the rates that gave `start_s` and `end_s`, solved again. A channel's share
    is the sum of the rates over it by its bandwidth. With more than `most_steps` steps in all it is
    given as the mean over each of `means` equal parts of the run.
    """
    loads = route_loads(graph, start_s, end_s)
    changes: dict[CommChannel, list] = {}
    for number, (moments, rates) in loads.items():
        steps = np.diff(rates, prepend=0.0)
        for channel in graph.routes.paths[number]:
            changes.setdefault(channel, []).append((moments, steps))
    exact = {channel: _shares(channel, parts) for channel, parts in changes.items()}
    exact |= {c: exact[other] for c, other in graph.stands_for.items() if other in exact}
    if sum(len(moments) for moments, _ in exact.values()) <= most_steps:
        return Utilisation(None, exact)
    edges = np.linspace(0.0, float(np.max(end_s)), means + 1)
    return Utilisation(
        float(edges[1]), {channel: _means(edges, *steps) for channel, steps in exact.items()}
    )


def route_loads(graph: TaskGraph, start_s, end_s) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Of each route in use, the moments [s] at which its load changes, and its load [byte/s].

    The load is the sum of the rates of its transfers, and holds until the next moment.
    """
    rates = route_rates(graph, moving(graph, start_s, end_s))
    return {number: (route.moments, route.count * route.rate) for number, route in rates.items()}


def _shares(channel: CommChannel, parts: Sequence):
    """Moments and shares of a channel, from the changes [byte/s] of the loads of its routes."""
    moments = np.concatenate([moments for moments, _ in parts])
    order = np.argsort(moments, kind="stable")
    moments = moments[order]
    load = np.cumsum(np.concatenate([steps for _, steps in parts])[order])
    last = np.append(moments[1:] != moments[:-1], True)  # of each moment
    # What rounding leaves of a load that has gone is nothing.
    share = np.round(load[last] / channel.bandwidth_bps, 9) + 0.0
    moments = moments[last]
    kept = np.append(True, share[1:] != share[:-1])
    return moments[kept], share[kept]


def _means(edges, moments, shares):
    carried = np.concatenate([[0.0], np.cumsum(shares[:-1] * np.diff(moments))])
    at_edges = np.interp(edges, moments, carried)
    means = np.round(np.diff(at_edges) / np.diff(edges), 9) + 0.0
    kept = np.append(True, means[1:] != means[:-1])
    return np.append(edges[:-1][kept], edges[-1]), np.append(means[kept], 0.0)
