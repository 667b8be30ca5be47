"""How a transfer proceeds: latency, then payload at its max-min fair rate."""

import pytest

from simcore import CommChannel, CommNetworkSimulator, DataBatch, LimitReached, SilentSystem


def channel(name, bandwidth, latency=0.0):
    return CommChannel(name, bandwidth_bps=bandwidth, latency_s=latency)


def finish_times(*batches):
    simulator = CommNetworkSimulator()
    for batch in batches:
        simulator.add_batch(batch)
    simulator.run(SilentSystem())
    return [batch.end_time for batch in batches]


def stopped_at(simulator, moment):
    with pytest.raises(LimitReached):
        simulator.run(SilentSystem(), until=moment)


def test_a_lone_transfer_takes_its_latencies_and_then_its_size_over_the_narrowest_channel():
    path = [channel("a", 10.0, 0.5), channel("b", 4.0, 0.25), channel("c", 100.0, 0.125)]
    # 0.5 + 0.25 + 0.125 s in flight, then 6 B at 4 B/s.
    assert finish_times(DataBatch("x", 6, path)) == [0.875 + 1.5]


def test_a_catalog_link_has_the_specification_s_midpoints():
    # 12-15 GB/s and 18-25 us.
    link = CommChannel("PCIe Gen4")
    assert link.bandwidth_bps == pytest.approx(13.5e9, rel=1e-15)
    assert link.latency_s == pytest.approx(21.5e-6, rel=1e-15)
    # 1 GiB = 1073741824 B at 13.5e9 B/s.
    expected = 21.5e-6 + 1073741824 / 13.5e9
    assert finish_times(DataBatch("x", 2**30, [link])) == [pytest.approx(expected, rel=1e-14)]


def test_equal_transfers_halve_the_channel():
    wire = channel("w", 10.0)
    # Two of 10 B share 10 B/s: 5 B/s each.
    assert finish_times(DataBatch("x", 10, [wire]), DataBatch("y", 10, [wire])) == [2.0, 2.0]


def test_the_longer_transfer_has_the_channel_to_itself_once_the_shorter_has_gone():
    wire = channel("w", 10.0)
    # 5 B/s each until x has moved its 10 B, at 2 s; then y's last 10 B go at 10 B/s.
    assert finish_times(DataBatch("x", 10, [wire]), DataBatch("y", 20, [wire])) == [2.0, 3.0]


def test_what_one_transfer_cannot_use_the_others_get():
    wide, narrow = channel("wide", 10.0), channel("narrow", 2.0)
    # x is held to 2 B/s by `narrow`, so y gets 8 B/s of `wide`: y ends at 16/8 = 2 s.
    assert finish_times(DataBatch("x", 8, [wide, narrow]), DataBatch("y", 16, [wide])) == [4.0, 2.0]


def test_three_flows_on_two_links_get_the_textbook_shares():
    """Bertsekas & Gallager's line: the long flow halves with the crowd, the rest is y's."""
    a, b = channel("a", 10.0), channel("b", 16.0)
    # On a: long and x, 5 B/s each. On b: long has 5, so y has 11.
    long, x, y = DataBatch("long", 10, [a, b]), DataBatch("x", 10, [a]), DataBatch("y", 22, [b])
    assert finish_times(long, x, y) == [2.0, 2.0, 2.0]


def test_a_channel_that_stands_twice_in_a_path_counts_twice():
    wire = channel("w", 10.0, 0.25)
    # There and back over one half-duplex wire: two latencies, and half of its bandwidth.
    assert finish_times(DataBatch("x", 10, [wire, wire])) == [0.5 + 2.0]


def test_a_twice_crossed_channel_is_shared_by_crossings():
    wire = channel("w", 12.0)
    # Three crossings of 12 B/s: 4 B/s a flow. x (8 B) ends at 2 s; y then has all 12 B/s.
    twice, once = DataBatch("x", 8, [wire, wire]), DataBatch("y", 20, [wire])
    assert finish_times(twice, once) == [2.0, 3.0]


def test_a_transfer_in_flight_takes_no_bandwidth():
    wire, slow_start = channel("w", 10.0), channel("s", 1e9, 1.0)
    # Alone for 1 s, x moves 10 of its 15 B; then they share: x ends 5 / 5 = 1 s later. y has moved
    # 5 B by then and moves the last 5 at 10 B/s.
    x, y = DataBatch("x", 15, [wire]), DataBatch("y", 10, [wire, slow_start])
    assert finish_times(x, y) == [2.0, 2.5]


def test_contention_is_by_object_not_by_name():
    one, other = channel("twin", 10.0), channel("twin", 10.0)
    assert finish_times(DataBatch("x", 10, [one]), DataBatch("y", 10, [other])) == [1.0, 1.0]


def test_nothing_to_move_arrives_when_its_latency_is_over():
    wire = channel("w", 10.0, 0.5)
    assert finish_times(DataBatch("x", 0, [wire])) == [0.5]


@pytest.mark.parametrize(
    "make",
    [
        lambda: DataBatch("empty path", 5, []),
        lambda: DataBatch("empty payload", 0, [channel("w", 10.0)]),
        lambda: DataBatch("both", 0, ()),
    ],
)
def test_what_needs_no_time_completes_at_once(make):
    assert finish_times(make()) == [0.0]


def test_what_is_left_of_a_transfer_can_be_read_while_it_runs():
    wire = channel("w", 10.0, 0.5)
    x, y = DataBatch("x", 10, [wire]), DataBatch("y", 20, [wire])
    assert (x.rem_size, x.latency_remaining) == (10, 0.5)
    simulator = CommNetworkSimulator()
    simulator.add_batch(x)
    simulator.add_batch(y)
    stopped_at(simulator, 0.125)
    assert (x.rem_size, x.latency_remaining, x.end_time) == (10, 0.375, None)
    stopped_at(simulator, 1.5)  # one second at 5 B/s each
    assert (x.rem_size, x.latency_remaining) == (5.0, 0.0)
    assert y.rem_size == 15.0
    stopped_at(simulator, 3.0)  # x ended at 2.5 s; y has 10 B left then, and 5 at 3 s
    assert (x.rem_size, y.rem_size) == (0.0, 5.0)
    simulator.run(SilentSystem())
    assert (x.end_time, y.end_time) == (2.5, 3.5)
    assert (y.rem_size, y.latency_remaining) == (0.0, 0.0)
    assert (x.start_time, y.start_time) == (0.0, 0.0)


def test_total_size_and_path_are_kept():
    wire = channel("w", 10.0)
    batch = DataBatch("x", 10, [wire, wire])
    assert batch.total_size == 10
    assert list(batch.path) == [wire, wire]


def test_a_late_transfer_starts_when_it_is_added():
    wire = channel("w", 10.0)
    x, late = DataBatch("x", 30, [wire]), DataBatch("late", 10, [wire])
    simulator = CommNetworkSimulator()
    simulator.add_batch(x)
    stopped_at(simulator, 1.0)
    simulator.add_batch(late)
    simulator.run(SilentSystem())
    # 20 B of x are left at 1 s; 5 B/s each: late ends at 3 s; x has 10 B left, at 10 B/s.
    assert (late.start_time, late.end_time, x.end_time) == (1.0, 3.0, 4.0)
