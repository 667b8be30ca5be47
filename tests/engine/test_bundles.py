"""Which transfers are alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simcore import CommChannel
from simcore.engine.bundles import Shard, bundled
from simcore.engine.execute import execute
from tests.engine.task_graphs import graph_of


def channels(name, count, bandwidth=10.0, latency=0.5):
    return [CommChannel(f"{name} {i}", bandwidth, latency) for i in range(count)]


def members(shards):
    return [bundle.members for bundle in bundled(shards).bundles]


def test_through_lanes_of_their_own_and_a_cable_of_all():
    lanes, [cable] = channels("lane", 4), channels("cable", 1)
    found = bundled([Shard("handoff", (lane, cable)) for lane in lanes])
    [bundle] = found.bundles
    assert bundle.members == (0, 1, 2, 3)
    # The cable is crossed by all of them, a lane by one.
    assert bundle.path == (lanes[0], cable, cable, cable, cable)
    assert bundle.latency_s == 1.0
    assert found.stands_for == dict.fromkeys(lanes, lanes[0]) | {cable: cable}


def test_as_many_as_share_a_cable_are_alike():
    lanes, cables = channels("lane", 8), channels("cable", 3)
    shards = [Shard("handoff", (lane, cables[i % 3])) for i, lane in enumerate(lanes)]
    # Cables 0 and 1 have three each, cable 2 has two.
    assert members(shards) == [(0, 1, 3, 4, 6, 7), (2, 5)]


def test_what_differs_in_speed_or_in_company_is_told_apart():
    lanes = channels("lane", 4)
    lanes[3] = CommChannel("lane 3", 5.0, 0.5)
    shards = [Shard("a", (lane,)) for lane in lanes]
    assert members(shards) == [(0, 1, 2), (3,)]
    assert members([*shards, Shard("b", (lanes[0],))]) == [(0,), (1, 2), (3,), (4,)]


def test_differences_reach_as_far_as_they_are_felt():
    """What contends with the unlike is unlike, too."""
    lanes, cables = channels("lane", 4), channels("cable", 2)
    slow = CommChannel("slow", 1.0, 0.5)
    shards = [Shard("a", (lane, cables[i // 2])) for i, lane in enumerate(lanes)]
    assert members(shards) == [(0, 1, 2, 3)]
    assert members([*shards, Shard("b", (cables[1], slow))]) == [(0, 1), (2, 3), (4,)]


def test_where_one_channel_cannot_stand_for_two_of_a_path_all_stay_single():
    """Around a ring of three every channel is the first of one path and the second of another."""
    a, b, c = channels("wire", 3)
    shards = [Shard("round", path) for path in ((a, b), (b, c), (c, a))]
    assert members(shards) == [(0,), (1,), (2,)]


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.lists(st.integers(0, 5), min_size=1, max_size=3)),
        min_size=1,
        max_size=12,
    ),
    st.lists(st.sampled_from([5.0, 10.0]), min_size=6, max_size=6),
)
def test_a_bundle_takes_as_long_as_each_of_its_members(sends, bandwidths):
    wires = [CommChannel(str(i), bandwidth, 0.1) for i, bandwidth in enumerate(bandwidths)]
    shards = [Shard(group, tuple(wires[i] for i in path)) for group, path in sends]
    sizes = {0: 10.0, 1: 20.0, 2: 35.0}
    _, single = execute(graph_of([(sizes[s.group], list(s.path), []) for s in shards]))
    found = bundled(shards).bundles
    graph = graph_of([(sizes[shards[b.members[0]].group], list(b.path), []) for b in found])
    graph.latency_s[:] = [bundle.latency_s for bundle in found]
    _, together = execute(graph)
    for bundle, end in zip(found, together, strict=True):
        for member in bundle.members:
            assert single[member] == pytest.approx(end, rel=1e-9)
