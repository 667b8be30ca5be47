"""Level of detail: fewer bars, yet no event is lost and no busy time is made up."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.figures.detail import level_of_detail, sort_for_detail


def events(seed, count, lanes, busy):
    """Events of `lanes` exclusive lanes, busy for about that share of one second."""
    rng = np.random.default_rng(seed)
    lane = np.sort(rng.integers(0, lanes, count))
    start, end = np.empty(count), np.empty(count)
    for one in np.unique(lane):
        mine = np.flatnonzero(lane == one)
        cuts = np.sort(rng.uniform(0, 1, len(mine) + 1))
        start[mine] = cuts[:-1]
        end[mine] = cuts[:-1] + busy * np.diff(cuts)
    return lane, start, end


def all_of(lane, start, end, most, pixels=1000):
    order = sort_for_detail(lane, start)
    table = lane[order], start[order], end[order]
    return table, detail(*table, pixels=pixels, most=most)


def detail(lane, start, end, *, window=(0.0, 1.0), pixels=1000, most=2500, apart=None):
    apart = np.zeros(len(lane), dtype=bool) if apart is None else apart
    return level_of_detail(lane, start, end, apart=apart, window=window, pixels=pixels, most=most)


@given(
    seed=st.integers(0, 10_000),
    count=st.integers(1, 3000),
    lanes=st.integers(1, 40),
    busy=st.floats(0.01, 1.0),
    most=st.integers(40, 2500),
)
def test_every_event_is_in_one_bar_and_there_are_few_enough(seed, count, lanes, busy, most):
    (lane, start, end), bars = all_of(*events(seed, count, lanes, busy), most)
    assert len(bars) <= most
    assert bars.count.sum() == bars.events == count
    # Bars follow each other through the sorted table without a gap or an overlap.
    np.testing.assert_array_equal(bars.first, np.cumsum(bars.count) - bars.count)
    for first, number, low, high in zip(
        bars.first, bars.count, bars.start_s, bars.end_s, strict=True
    ):
        rows = slice(first, first + number)
        assert len(set(lane[rows])) == 1
        assert low == start[rows].min()
        assert high == end[rows].max()
    np.testing.assert_allclose(bars.busy_s.sum(), (end - start).sum())
    assert (bars.share <= 1.0).all()


def test_what_can_be_seen_stays_as_it_is():
    lane, start, end = np.zeros(10, int), np.arange(10) / 10, np.arange(10) / 10 + 0.05
    bars = detail(lane, start, end, window=(0.0, 1.0), pixels=1000, most=2500)
    assert (bars.count == 1).all()
    np.testing.assert_array_equal(bars.start_s, start)
    np.testing.assert_array_equal(bars.end_s, end)


def test_what_is_too_short_to_see_merges_and_says_how_busy_its_lane_is():
    start = np.arange(100_000) * 1e-5
    bars = detail(
        np.zeros(100_000, int), start, start + 0.25e-5, window=(0.0, 1.0), pixels=500, most=2500
    )
    assert len(bars) == pytest.approx(250, abs=2)
    np.testing.assert_allclose(bars.share, 0.25, rtol=0.01)


def test_a_zoom_shows_single_events_again_and_leaves_out_what_is_far_away():
    start = np.arange(100_000) * 1e-5
    bars = detail(
        np.zeros(100_000, int), start, start + 0.9e-5, window=(0.5, 0.501), pixels=1000, most=2500
    )
    assert (bars.count == 1).all()
    assert bars.start_s.min() >= 0.499
    assert bars.end_s.max() <= 0.502
    assert ((bars.start_s >= 0.5) & (bars.end_s <= 0.501)).sum() >= 99


def test_long_events_that_overlap_in_a_lane_merge_when_they_are_too_many():
    lane = np.repeat([0, 1], 1000)
    bars = detail(lane, np.zeros(2000), np.ones(2000), window=(0.0, 1.0), pixels=1000, most=100)
    assert len(bars) == 2
    np.testing.assert_array_equal(bars.share, 1.0)


def test_what_can_be_seen_does_not_merge_because_of_what_cannot():
    """Long events next to many short ones, and twice as many beside the window as in it."""
    long_start = np.arange(0, 3, 0.02)
    short_start = np.arange(0, 3, 0.002)
    lane = np.repeat([0, 1], [len(long_start), len(short_start)])
    start = np.concatenate([long_start, short_start])
    end = start + np.repeat([0.019, 1e-5], [len(long_start), len(short_start)])
    bars = detail(lane, start, end, window=(1.0, 2.0), most=200)
    assert len(bars) <= 200
    visible = (lane[bars.first] == 0) & (bars.end_s > 1.0) & (bars.start_s < 2.0)
    assert (bars.count[visible] == 1).all()
    assert visible.sum() >= 50


@given(seed=st.integers(0, 10_000), count=st.integers(1, 3000), few=st.booleans())
def test_what_is_kept_apart_is_never_merged_with_others(seed, count, few):
    lane, start, end = events(seed, count, 5, 0.5)
    apart = np.random.default_rng(seed).uniform(size=count) < (0.01 if few else 0.5)
    bars = detail(lane, start, end, apart=apart, pixels=50, most=200)
    assert len(bars) <= 200
    marked = np.repeat(bars.marked, bars.count)
    # Each of them is in a marked bar; and alone there, unless there would be too many bars.
    assert (marked | ~apart).all()
    if few:
        np.testing.assert_array_equal(marked, apart)


def test_there_may_be_nothing_to_see():
    bars = detail(
        np.zeros(3, int), np.arange(3.0), np.arange(3.0) + 1, window=(50, 60), pixels=900, most=600
    )
    assert len(bars) == 0
    assert bars.events == 3
