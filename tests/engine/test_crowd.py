"""Queues of transfers against times worked out by hand."""

import pytest

from simcore import CommChannel
from simcore.engine import execute
from simcore.engine.reduction import binding_channels
from tests.engine.task_graphs import driven, graph_of


@pytest.fixture(autouse=True)
def crowd_at_once(monkeypatch):
    """Keep rates by bottleneck from the first transfer on that is behind another."""
    monkeypatch.setattr(execute, "MOST_QUEUED", 0)


def wire(name, bandwidth, latency=0.0):
    return CommChannel(name, bandwidth_bps=bandwidth, latency_s=latency)


def test_a_queue_by_hand():
    shared, own = wire("shared", 12.0), wire("own", 6.0)
    graph = graph_of([
        (12, [shared], []),  # four at 3 B/s until 4 s
        (12, [shared], []),
        (24, [shared, own], []),  # then two at 6 B/s for the 12 B left: until 6 s
        (27, [shared], []),  # then alone with 3 B at 12 B/s: until 6.25 s
        (1.0, None, [0, 1]),
        (6, [own], [4]),  # from 5 s on, when `own` has 3 B/s for each: see below
    ])  # fmt: skip
    # At 5 s the third has 6 B left, the fourth 9 B. `own` gives 3 B/s to the third and the sixth,
    # `shared` then 9 B/s to the fourth, which ends at 6 s; the other two end at 7 s.
    start, end = execute.execute(graph)
    assert start == [0.0, 0.0, 0.0, 0.0, 4.0, 5.0]
    assert end == [4.0, 4.0, 7.0, 6.0, 5.0, 7.0]
    assert driven(graph) == (start, end)


def test_a_bottleneck_that_moves_there_and_back_by_hand():
    wide, narrow = wire("wide", 10.0), wire("narrow", 4.0)
    graph = graph_of([
        (12, [wide, narrow], []),  # 2 B/s each until 1 s, for `narrow` has 4 B/s
        (12, [wide, narrow], []),
        (1.0, None, []),
        *[(2.5, [wide], [2])] * 8,  # ten at 1 B/s from 1 s until 3.5 s, for `wide` has 10 B/s
    ])  # fmt: skip
    # Then 12 - 2 - 2.5 B at 2 B/s again.
    _, end = execute.execute(graph)
    assert end == pytest.approx([7.25, 7.25, 1.0, *[3.5] * 8], rel=1e-15)


def test_a_channel_that_two_groups_come_to_overfill_by_hand():
    a, b, both = wire("a", 9.0), wire("b", 9.0), wire("both", 10.0)
    graph = graph_of([
        *[(6, [a], [])] * 2,  # with the third at 3 B/s each until 2 s
        (20, [a, both], []),  # then 14 B at the 7 B/s that `both` has left: until 4 s
        *[(60, [b], [])] * 2,  # with the last at 3 B/s each until 11 s, then at 4.5 B/s
        (33, [b, both], []),
    ])  # fmt: skip
    _, end = execute.execute(graph)
    assert end == pytest.approx([2.0, 2.0, 4.0, 17.0, 17.0, 11.0], rel=1e-15)


def test_equal_transfers_on_many_routes_end_at_the_very_same_instant():
    """So that they stand in the trace in their order."""
    shared = wire("shared", 0.7)
    lanes = [wire(str(i), 1.0 + i / 7) for i in range(5)]
    tasks = [(0.1, None, [])]
    tasks += [(0.3, [lanes[i % 5], shared], [0]) for i in range(40)]
    _, end = execute.execute(graph_of(tasks))
    assert len(set(end[1:])) == 1
    assert end[1] == pytest.approx(0.1 + 40 * 0.3 / 0.7, rel=1e-12)


def test_empty_payloads_in_a_queue_arrive_at_once():
    path = [wire("w", 2.0, latency=0.5)]
    graph = graph_of([(4, path, []), (4, path, []), (1.0, None, []), (0, path, [2])])
    # The first two take 4 s from 0.5 s on.
    _, end = execute.execute(graph)
    assert end == [4.5, 4.5, 1.0, 1.5]


def test_the_channels_of_a_pipeline_that_can_bind():
    """Of a handoff the lane it shares with activations, and the cable that all handoffs share."""
    lanes = [wire(f"lane {i}", 64.0) for i in range(3)]
    ins = [wire(f"lane {i} in", 64.0) for i in range(3)]
    nic, cable = wire("NIC lane", 64.0), wire("cable", 50.0)
    far = [wire(f"far cable {i}", 50.0) for i in range(3)]
    handoffs = [(lanes[i], nic, cable, far[i]) for i in range(3)]
    activations = [(lanes[i], ins[i + 1]) for i in range(2)]
    assert binding_channels(handoffs + activations) == [
        {lanes[0]: 1, cable: 1},
        {lanes[1]: 1, cable: 1},
        {cable: 1},
        {lanes[0]: 1},
        {lanes[1]: 1},
    ]


def test_a_channel_that_is_crossed_twice_can_bind_beside_a_narrower_one():
    twice, once = wire("twice", 15.0), wire("once", 10.0)
    assert binding_channels([(twice, once, twice)]) == [{twice: 2}]
    assert binding_channels([(twice, once, twice), (once,)]) == [{twice: 2, once: 1}, {once: 1}]
    # 20 for two crossings is 10 for one: one of the two is enough.
    wide = wire("wide", 20.0)
    assert binding_channels([(wide, once, wide)]) == [{once: 1}]
    assert binding_channels([(wide, once, wide), (once,), (wide,)]) == [
        {wide: 2, once: 1}, {once: 1}, {wide: 1}
    ]  # fmt: skip
