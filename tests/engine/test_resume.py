"""Runs that are halted, changed and resumed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simcore import CommChannel
from simcore.engine import execute as engine
from simcore.engine.crowd import Crowd
from simcore.engine.execute import execute, execute_until
from simcore.engine.resume import Detour, changed
from tests.engine.task_graphs import graph_of
from tests.engine.test_task_graph import graphs

SLOW, FAST = CommChannel("slow", 10.0, 0.5), CommChannel("fast", 40.0, 1.0)


@given(graphs(), st.lists(st.floats(0, 20), max_size=3))
@settings(max_examples=150)
def test_a_run_in_pieces_is_the_run_in_one(graph, moments):
    whole = execute(graph)
    halted = None
    for moment in sorted(moments):
        halted = execute_until(graph, moment, since=halted)
        for start, end in zip(halted.start, halted.end, strict=True):
            assert start is None or start <= moment
            assert end is None or end <= moment
    done = execute_until(graph, since=halted)
    assert done.start == pytest.approx(whole[0], rel=1e-9, abs=1e-9)
    assert done.end == pytest.approx(whole[1], rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("moment", [5.0, 30.0, 95.0])
def test_a_crowd_is_taken_apart_and_goes_on(moment, monkeypatch):
    """Many transfers at once, whose rates are kept in another way."""
    tasks = [(5 + i % 7, [SLOW] if i % 3 else [SLOW, FAST], []) for i in range(60)]
    crowds = []

    def counted(*arguments):
        crowds.append(Crowd(*arguments))
        return crowds[-1]

    monkeypatch.setattr(engine, "Crowd", counted)
    whole = execute(graph_of(tasks))
    halted = execute_until(graph_of(tasks), moment)
    assert len(crowds) == 2
    done = execute_until(graph_of(tasks), since=halted)
    assert done.end == pytest.approx(whole[1], rel=1e-9)


def test_what_is_under_way_says_what_is_left():
    graph = graph_of([(4.0, None, []), (30, [SLOW], []), (30, [FAST], [0])])
    halted = execute_until(graph, 1.5)
    # The first transfer has moved for a second; the other has not begun.
    assert halted.under_way == {0: (0.0, 2.5), 1: (0.0, 20.0)}
    assert halted.end == [None, None, None] and halted.start == [0.0, 0.0, None]
    halted = execute_until(graph, 4.25, since=halted)
    assert halted.under_way == {2: (pytest.approx(0.75), 30.0)}


def test_a_detour_moves_what_is_left_and_is_in_flight_again():
    graph = graph_of([(30, [SLOW], []), (1.0, None, [0])])
    halted = execute_until(graph, 1.5)
    graph, halted = changed(graph, halted, {0: Detour((FAST,), 1.0)}, {})
    done = execute_until(graph, since=halted)
    # 20 B are left at 1.5 s: 1 s of flight, half a second of payload.
    assert done.end[:2] == pytest.approx([3.0, 4.0])
    assert [graph.amount[0], graph.amount[2]] == pytest.approx([20.0, 10.0])
    assert (done.start[0], done.start[2], done.end[2]) == (1.5, 0.0, 1.5)
    # The changed graph, of which the part that arrived is a task, is lawful: it runs as such.
    assert graph.successors[2] == (0,)
    start, end = execute(graph)
    assert (start[0], end[2]) == pytest.approx((1.5, 1.5))


def test_a_detour_in_flight_has_moved_nothing_before():
    graph = graph_of([(30, [SLOW], [])])
    halted = execute_until(graph, 0.25)
    graph, halted = changed(graph, halted, {0: Detour((FAST,), 1.0)}, {})
    done = execute_until(graph, since=halted)
    assert done.end == pytest.approx([0.25 + 1.0 + 30 / 40, 0.25])
    assert graph.amount == [30.0, 0.0]


def test_what_has_not_begun_takes_the_new_way():
    graph = graph_of([(2.0, None, []), (40, [SLOW], [0])])
    halted = execute_until(graph, 1.0)
    graph, halted = changed(graph, halted, {1: Detour((FAST,), 1.0)}, {})
    assert len(graph) == 2
    assert execute_until(graph, since=halted).end == pytest.approx([2.0, 4.0])


def test_another_pace_and_what_is_lost():
    graph = graph_of([(4.0, None, []), (2.0, None, [0]), (30, [SLOW], []), (10, [SLOW], [1])])
    halted = execute_until(graph, 1.0)
    graph, halted = changed(graph, halted, {}, {0: 2.0, 1: 0.5}, frozenset({2, 3}))
    done = execute_until(graph, since=halted)
    assert done.end == pytest.approx([7.0, 8.0, 1.0, 8.5])
    assert graph.amount == pytest.approx([7.0, 1.0, 5.0, 0.0])
