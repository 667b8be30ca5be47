"""Lanes of stages and ranks: closed they are one group, open one for each rank."""

import numpy as np
import pandas as pd
import pytest

from app.figures.lanes import MOST_RANK_LABELS, WHOLE, PoolShape, lanes_of
from app.figures.overview import overview
from app.figures.palette import KINDS, SOMETIMES
from app.figures.strip import rows
from app.figures.timeline import timeline

ALL = frozenset(SOMETIMES)
# Stage, rank, kind, start [s]; each lasts half a second.
EVENTS = [
    *[(stage, WHOLE, "prefill", 1.0 * stage) for stage in range(2)],
    (0, WHOLE, "collective", 0.5),
    (0, 1, "handoff", 0.6),
    (1, 3, "handoff", 1.6),
    (0, 2, "activations", 0.7),
    *[(stage, WHOLE, "decode", 3.0 + stage) for stage in range(3)],
    (1, 0, "decode collective", 4.5),
    (1, 1, "decode activations", 4.7),
    (WHOLE, WHOLE, "background", 0.0),
]


@pytest.fixture(scope="module")
def trace():
    stage, rank, kind, start = zip(*EVENTS, strict=True)
    kinds = pd.Categorical(kind, categories=[*KINDS])
    start = np.array(start)
    columns = {"stage": stage, "rank": rank, "kind": kinds, "start_s": start, "end_s": start + 0.5}
    return pd.DataFrame(columns)


def shown(trace, opened=((), ())):
    prefill, decode = PoolShape(2, 4, opened[0]), PoolShape(3, 2, opened[1])
    return timeline(trace, prefill=prefill, decode=decode, critical_rows=[0])


def lanes_of_row(events, row):
    """(kind, stage, rank) of the lanes in which a row of the trace stands."""
    lanes, mine = events.lanes, events.lane[events.row == row]
    return [(KINDS[lanes.kind[i]], int(lanes.stage[i]), int(lanes.rank[i])) for i in sorted(mine)]


def test_closed_every_event_stands_once_in_the_lane_of_its_stage(trace):
    events = shown(trace)
    assert sorted(events.row) == list(range(len(trace)))
    for row, (stage, _, kind, _) in enumerate(EVENTS):
        assert lanes_of_row(events, row) == [(kind, max(0, stage), WHOLE)]


@pytest.mark.parametrize("opened", [((0,), ()), ((0, 1), (0, 1, 2)), ((), (1,)), ((1,), (2,))])
def test_open_each_rank_has_what_is_its_own_and_what_all_do(trace, opened):
    events = shown(trace, opened)
    for row, (stage, rank, kind, start) in enumerate(EVENTS):
        pool = 2 if kind == "background" else int(kind.startswith("decode"))
        if pool == 2 or stage not in opened[pool]:
            wanted = [(kind, max(0, stage), WHOLE)]
        elif rank == WHOLE:
            wanted = [(kind, stage, one) for one in range((4, 2)[pool])]
        else:
            wanted = [(kind, stage, rank)]
        assert lanes_of_row(events, row) == wanted
        assert set(events.start_s[events.row == row]) == {start}
    assert set(events.row[events.critical]) == {0}


def test_kinds_that_a_run_has_none_of_have_no_lanes(trace):
    usual = trace[~trace["kind"].isin(SOMETIMES)]
    lanes = shown(usual).lanes
    assert len(lanes.middle) == 3 * 2 + 2 * 3 and len(lanes.pools) == 2
    assert len(shown(trace).lanes.middle) == 4 * 2 + 3 * 3 + 1


def test_the_overview_counts_a_stage_once(trace):
    prefill, decode = overview(shown(trace))
    assert prefill.mean() * 5.5 * 2 == pytest.approx(2 * 0.5)
    assert decode.mean() * 5.5 * 3 == pytest.approx(3 * 0.5)


@pytest.mark.parametrize("opened", [((), ()), ((1,), (0,)), (tuple(range(8)), tuple(range(8)))])
def test_lanes_do_not_overlap_and_every_stage_can_be_opened(opened):
    lanes = lanes_of(PoolShape(8, 8, opened[0]), PoolShape(8, 8, opened[1]), ALL)
    upper, lower = lanes.middle - lanes.height / 2, lanes.middle + lanes.height / 2
    assert (upper[1:] >= lower[:-1] - 1e-9).all()
    assert [(head.pool, head.stage) for head in lanes.heads] == [
        (pool, stage) for pool in range(2) for stage in range(8)
    ]
    assert lanes.opened_stages == tuple(map(list, opened))
    assert [head.stage for head in lanes.heads if head.opened] == [*opened[0], *opened[1]]
    ranks = [label for _, label in lanes.ticks if label.startswith("r")]
    assert len(ranks) == 8 * (len(opened[0]) + len(opened[1])) <= MOST_RANK_LABELS
    at = [position for position, _ in lanes.labels]
    assert at == sorted(at)


def test_stages_of_one_rank_are_named_and_have_nothing_to_open():
    lanes = lanes_of(PoolShape(4), PoolShape(2, 2))
    assert [label for _, label in lanes.ticks] == ["P0", "P1", "P2", "P3"]
    assert [(head.pool, head.stage) for head in lanes.heads] == [(1, 0), (1, 1)]


def test_ranks_are_sent_only_where_a_stage_is_open():
    assert "rank" not in rows(lanes_of(PoolShape(2, 2), PoolShape(2, 2)))
    assert "rank" in rows(lanes_of(PoolShape(2, 2, (0,)), PoolShape(2, 2)))
