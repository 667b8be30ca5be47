"""Shares of bandwidth over time: the rates that the run had, and nothing lost by drawing them."""

import numpy as np
import pytest
from hypothesis import given, settings

from simcore import Scenario, ScenarioError, run
from simcore.engine.graph import COMPUTE
from simcore.exports.lanes import lanes_of
from simcore.exports.utilisation import route_loads, utilisation
from tests.properties.test_random_scenarios import scenarios

BUSY = Scenario(batch_size=64, prompt_tokens=2048, chunk_tokens=64, prefill_nics=2)


def integral(steps):
    moments, values = steps
    return float((np.diff(moments) * values[:-1]).sum())


def bytes_by_route(result):
    route, amount = np.array(result.graph.route), np.array(result.graph.amount)
    return {number: amount[route == number].sum() for number in np.unique(route[route != COMPUTE])}


@settings(max_examples=25)
@given(scenarios())
def test_the_rates_carry_every_byte(scenario):
    """Only the rates that the transfers really had arrive at their sizes at their ends."""
    try:
        result = run(scenario, max_events=20_000)
    except ScenarioError:
        return
    loads = route_loads(result.graph, result.start_s, result.end_s)
    sizes = {n: size for n, size in bytes_by_route(result).items() if size}
    assert set(loads) == set(sizes)
    for number, steps in loads.items():
        assert steps[1][-1] == 0
        assert integral(steps) == pytest.approx(sizes[number], rel=1e-6)
    for moments, shares in utilisation(result.graph, result.start_s, result.end_s).steps.values():
        assert np.all(np.diff(moments) > 0)
        assert 0 <= shares.min() <= shares.max() <= 1 + 1e-9


def test_what_waits_for_a_nic_keeps_it_full():
    result = run(BUSY)
    found = utilisation(result.graph, result.start_s, result.end_s)
    assert found.mean_s is None
    assert max(shares.max() for _, shares in found.steps.values()) == pytest.approx(1.0, rel=1e-9)


def test_means_carry_as_much_as_the_steps_they_stand_for():
    result = run(BUSY)
    times = result.graph, result.start_s, result.end_s
    exact, means = utilisation(*times), utilisation(*times, most_steps=10, means=50)
    assert exact.mean_s is None
    assert means.mean_s == pytest.approx(result.end_s.max() / 50)
    assert set(means.steps) == set(exact.steps)
    for channel, steps in means.steps.items():
        assert len(steps[0]) <= 51
        # A share is rounded to nine digits.
        lost = 2 * 5e-10 * result.end_s.max()
        assert integral(steps) == pytest.approx(integral(exact.steps[channel]), abs=lost)
        assert steps[1][-1] == 0


def test_lanes_are_as_many_as_overlap_at_most_and_free_of_overlaps():
    random = np.random.default_rng(7)
    for _ in range(50):
        start = random.integers(0, 60, 40)
        end = start + random.integers(0, 20, 40)
        lanes = lanes_of(start, end)
        for lane in np.unique(lanes):
            own = np.flatnonzero(lanes == lane)
            own = own[np.lexsort((end[own], start[own]))]
            assert np.all(start[own][1:] >= end[own][:-1])
        most = max(((start <= t) & (t < end)).sum() for t in range(81))
        assert max(most, 1) == lanes.max() + 1


def test_what_follows_at_once_stays_on_one_lane():
    assert lanes_of(np.array([5, 0, 3]), np.array([5, 3, 5])).tolist() == [0, 0, 0]
    assert lanes_of(np.array([], int), np.array([], int)).tolist() == []
