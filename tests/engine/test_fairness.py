"""The water-filling against shares worked out by hand, and the certificate against wrong shares."""

import pytest

from simcore.engine.fairness import certificate_violation, max_min_rates


@pytest.mark.parametrize(
    ("paths", "counts", "capacity", "rates"),
    [
        # One flow: the narrowest channel.
        ([("a", "b")], [1], {"a": 9.0, "b": 4.0}, [4.0]),
        # Five flows of two classes on one channel: 10 / 5.
        ([("a",), ("a",)], [2, 3], {"a": 10.0}, [2.0, 2.0]),
        # A chain: a gives 1 to each of its 3; b has 9 - 1 left for two flows; c has 10 - 4.
        (
            [("a",), ("a", "b"), ("b",), ("b", "c"), ("c",)],
            [2, 1, 1, 1, 1],
            {"a": 3.0, "b": 9.0, "c": 10.0},
            [1.0, 1.0, 4.0, 4.0, 6.0],
        ),
        # Crossing twice costs twice: 2 r + r = 9.
        ([("a", "a"), ("a",)], [1, 1], {"a": 9.0}, [3.0, 3.0]),
        # Two flows that cross b twice leave the third what is over: 4 r = 8, then 20 - 2 * 2.
        ([("a", "b", "b"), ("a",)], [2, 1], {"a": 20.0, "b": 8.0}, [2.0, 16.0]),
        # Over nothing there is nothing to wait for.
        ([(), ("a",)], [1, 1], {"a": 2.0}, [float("inf"), 2.0]),
    ],
)
def test_shares_are_those_worked_out_by_hand(paths, counts, capacity, rates):
    assert max_min_rates(paths, counts, capacity) == pytest.approx(rates, rel=1e-15)
    assert certificate_violation(paths, counts, capacity, rates) is None


def test_a_flow_that_could_go_faster_is_no_max_min_allocation():
    paths, capacity = [("a",), ("a", "b")], {"a": 10.0, "b": 2.0}
    assert certificate_violation(paths, [1, 1], capacity, [8.0, 2.0]) is None
    assert "no bottleneck" in certificate_violation(paths, [1, 1], capacity, [5.0, 2.0])


def test_taking_from_a_slower_flow_is_no_max_min_allocation():
    # The channel is full, but the second flow is slower than the first, which shares it.
    found = certificate_violation([("a",), ("a",)], [1, 1], {"a": 10.0}, [6.0, 4.0])
    assert "class 1" in found


def test_more_than_a_channel_carries_is_no_allocation():
    found = certificate_violation([("a",), ("a",)], [1, 2], {"a": 10.0}, [4.0, 4.0])
    assert "a carries 12.0 of 10.0" in found
    found = certificate_violation([("a", "a")], [1], {"a": 10.0}, [10.0])
    assert "a carries 20.0 of 10.0" in found
