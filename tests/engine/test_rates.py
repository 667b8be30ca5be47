"""The rates solved again from the times of a run are those that gave them."""

import numpy as np
import pytest

from simcore import CommChannel
from simcore.engine.execute import execute
from simcore.engine.rates import mean_shares, moving, route_rates
from tests.engine.task_graphs import graph_of


def rates_of(tasks):
    graph = graph_of(tasks)
    times = execute(graph)
    return graph, route_rates(graph, moving(graph, *times))


def test_a_transfer_that_joins_halves_the_rate_until_the_first_has_left():
    """10 B alone at 10 B/s for 0.5 s, then shared; the second, 10 B, ends 0.5 s after the first."""
    wire = CommChannel("wire", 10.0)
    graph, rates = rates_of([(0.5, None, []), (10, [wire], []), (10, [wire], [0])])
    [route] = rates.values()
    assert route.moments.tolist() == pytest.approx([0.0, 0.5, 1.5, 2.0])
    assert route.count.tolist() == [1, 2, 1, 0]
    assert route.rate.tolist() == pytest.approx([10.0, 5.0, 10.0, 0.0])
    assert route.bound_by == (wire, wire, wire, None)
    shares = mean_shares(graph, rates, np.array([0.0, 1.0, 2.0, 3.0]))
    assert shares[wire].tolist() == pytest.approx([1.0, 1.0, 0.0])


def test_latency_moves_nothing():
    wire = CommChannel("wire", 10.0, 1.0)
    graph, rates = rates_of([(10, [wire], []), (0, [wire], [])])
    moved = moving(graph, *execute(graph))
    assert (moved.begin_s.tolist(), moved.end_s.tolist()) == ([1.0], [2.0])
    assert mean_shares(graph, rates, np.array([0.0, 1.0, 2.0]))[wire].tolist() == [0.0, 1.0]


def test_a_channel_that_stands_twice_is_used_twice():
    wire = CommChannel("wire", 10.0)
    graph, rates = rates_of([(10, [wire, wire], [])])
    [route] = rates.values()
    assert route.rate[0] == 5.0
    assert mean_shares(graph, rates, np.array([0.0, 2.0]))[wire].tolist() == [1.0]
