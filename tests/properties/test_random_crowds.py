"""Queues of transfers: rates kept by bottleneck are those of the water-filling, at every event."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simcore import CommChannel
from simcore.engine import crowd, execute
from simcore.engine.crowd import Crowd
from simcore.engine.fairness import allocate, certificate_violation
from simcore.engine.groups import NOWHERE
from simcore.engine.reduction import binding_channels
from tests.engine.task_graphs import driven, graph_of
from tests.properties.crowds import BANDWIDTHS, crowded_graphs
from tests.properties.flow_oracle import exact_finish_times
from tests.properties.flow_sets import flow_sets


def run_as_crowd(graph, patch):
    """Starts and ends, as a crowd from the first transfer on that is behind another."""
    patch.setattr(execute, "MOST_QUEUED", 0)
    return execute.execute(graph)


def witnessed(patch, graph):
    """Prove the rates of a crowd fair, over whole paths, whenever they are settled.

    Returns what was seen, counted.
    """
    seen = Counter()

    def settle(self, now, settle=Crowd.settle):
        settle(self, now)
        busy = [number for number, home in enumerate(self.bound) if home != NOWHERE]
        paths = [graph.routes.paths[number] for number in busy]
        capacity = {channel: channel.bandwidth_bps for path in paths for channel in path}
        counts = [self._count[number] for number in busy]
        rates = [self.rate[self.bound[number]] for number in busy]
        violation = certificate_violation(paths, counts, capacity, rates)
        assert violation is None, violation
        seen["settled"] += 1
        seen["contended"] += len(busy) > 1

    def fill(self, channel, changed, now, fill=Crowd._fill):
        seen["filled"] += 1
        return fill(self, channel, changed, now)

    def pull(self, channel, changed, now, pull=Crowd._pull):
        seen["pulled"] += 1
        return pull(self, channel, changed, now)

    def move(self, number, home, now, move=Crowd._move):
        seen["moved"] += 1
        move(self, number, home, now)

    for name, instead in (
        ("settle", settle), ("_fill", fill), ("_pull", pull), ("_move", move)
    ):  # fmt: skip
        patch.setattr(Crowd, name, instead)
    return seen


@given(crowded_graphs())
@settings(max_examples=200)
def test_a_crowd_takes_what_it_takes_when_driven_through_callbacks(graph):
    with pytest.MonkeyPatch.context() as patch:
        ours = run_as_crowd(graph, patch)
    for mine, theirs in zip(ours, driven(graph), strict=True):
        assert mine == pytest.approx(theirs, rel=1e-9, abs=1e-12)


@given(crowded_graphs(), st.sampled_from([0, 1, crowd.MOST_PULLS]))
@settings(max_examples=100)
def test_the_rates_of_a_crowd_are_max_min_fair_at_every_event(graph, most_pulls):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crowd, "MOST_PULLS", most_pulls)
        witnessed(patch, graph)
        run_as_crowd(graph, patch)


@given(flow_sets(max_channels=4, max_flows=12))
@settings(max_examples=100)
def test_a_crowd_ends_when_exact_arithmetic_says(flow_set):
    flows = [flow for flow in flow_set.flows if flow[2]]
    channels = [
        CommChannel(str(i), *wire)
        for i, wire in enumerate(zip(flow_set.bandwidths, flow_set.latencies, strict=True))
    ]
    tasks = [(start, None, []) for start, _, _ in flows]
    tasks += [(size, [channels[c] for c in path], [i]) for i, (_, size, path) in enumerate(flows)]
    exact = exact_finish_times(flow_set.bandwidths, flow_set.latencies, flows)
    with pytest.MonkeyPatch.context() as patch:
        _, end = run_as_crowd(graph_of(tasks), patch)
    assert end[len(flows) :] == pytest.approx([float(t) for t in exact], rel=1e-9, abs=1e-12)


@given(crowded_graphs())
@settings(max_examples=60)
def test_filling_from_scratch_at_every_event_changes_nothing(graph):
    """No sweep of rates from rates is trusted: each is water-filled anew."""
    with pytest.MonkeyPatch.context() as patch:
        usual = run_as_crowd(graph, patch)
        patch.setattr(crowd, "MOST_SWEEPS", 0)
        patch.setattr(crowd, "MOST_PULLS", 0)
        seen = witnessed(patch, graph)
        filled = run_as_crowd(graph, patch)
    assert seen["filled"] >= seen["settled"]
    for mine, theirs in zip(usual, filled, strict=True):
        assert mine == pytest.approx(theirs, rel=1e-9, abs=1e-12)


@given(crowded_graphs(), st.integers(0, 12), st.integers(0, 60))
@settings(max_examples=60)
def test_when_the_crowd_is_seen_changes_nothing(graph, queued, new_rates):
    with pytest.MonkeyPatch.context() as patch:
        usual = run_as_crowd(graph, patch)
        patch.setattr(execute, "MOST_QUEUED", queued)
        patch.setattr(execute, "MOST_NEW_RATES", new_rates)
        later = execute.execute(graph)
    for mine, theirs in zip(usual, later, strict=True):
        assert mine == pytest.approx(theirs, rel=1e-9, abs=1e-12)


@given(st.lists(BANDWIDTHS, min_size=1, max_size=7), st.data())
@settings(max_examples=150)
def test_channels_that_cannot_bind_change_no_rate(bandwidths, data):
    channels = [CommChannel(str(i), b, 0.0) for i, b in enumerate(bandwidths)]
    path = st.lists(st.sampled_from(channels), min_size=1, max_size=5).map(tuple)
    paths = data.draw(st.lists(path, min_size=1, max_size=6))
    counts = data.draw(st.lists(st.integers(0, 5), min_size=len(paths), max_size=len(paths)))
    capacity = {channel: channel.bandwidth_bps for channel in channels}
    reduced = binding_channels(paths)
    for path, kept in zip(paths, reduced, strict=True):
        assert kept
        assert all(path.count(channel) == n for channel, n in kept.items())
    busy = [i for i, n in enumerate(counts) if n]
    whole = [paths[i] for i in busy]
    short = [[c for c, n in reduced[i].items() for _ in range(n)] for i in busy]
    many = [counts[i] for i in busy]
    expected, _ = allocate(whole, many, capacity)
    assert allocate(short, many, capacity)[0] == pytest.approx(expected, rel=1e-12)


def test_the_witnesses_above_do_get_to_see_contention_and_bottlenecks_that_move():
    wide, narrow = CommChannel("wide", 10.0, 0.0), CommChannel("narrow", 4.0, 0.0)
    tasks = [(80.0, [wide, narrow], []) for _ in range(3)]
    tasks += [(float(i), None, []) for i in range(6)]
    tasks += [(20.0, [wide], [3 + i]) for i in range(6)]
    graph = graph_of(tasks)
    with pytest.MonkeyPatch.context() as patch:
        seen = witnessed(patch, graph)
        run_as_crowd(graph, patch)
    assert seen["contended"] >= 6
    assert seen["pulled"] >= 2
    assert seen["moved"] >= 2
