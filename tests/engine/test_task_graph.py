"""Task graphs: run in one go, they take what they take when driven through callbacks."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simcore import CommChannel, LimitReached, SimulationError
from simcore.engine import execute as engine
from simcore.engine.execute import execute
from tests.engine.task_graphs import driven, graph_of


def test_a_graph_by_hand():
    wire = CommChannel("w", bandwidth_bps=10.0, latency_s=0.5)
    graph = graph_of([
        (1.0, None, []),  # 0 to 1 s
        (10, [wire], [0]),  # moves from 1.5 s on
        (20, [wire], [0]),  # likewise: 5 B/s each until 3.5 s, then 10 B/s until 4.5 s
        (2.0, None, [1, 2]),
        (5, [wire], [1]),  # from 3.5 s; its payload from 4 s: 5 B/s each until 5 s
    ])  # fmt: skip
    # At 4 s the second has 5 B left; it and the fifth, of 5 B, then share until 5 s.
    start, end = execute(graph)
    assert start == [0.0, 1.0, 1.0, 5.0, 3.5]
    assert end == [1.0, 3.5, 5.0, 7.0, 5.0]
    assert driven(graph) == (start, end)


def test_tasks_that_wait_in_a_circle_are_named():
    graph = graph_of([(1.0, None, []), (1.0, None, [0, 2]), (1.0, None, [1])])
    with pytest.raises(SimulationError, match=r"2 tasks wait for each other.*number=1"):
        execute(graph)


def test_the_clock_is_looked_at_now_and_then_and_ends_a_run_that_is_late(monkeypatch):
    monkeypatch.setattr(engine, "EVENTS_BETWEEN_LOOKS", 10)
    graph = graph_of([(float(i), None, []) for i in range(50)])
    seconds = itertools.count()
    monkeypatch.setattr(engine, "thread_time", lambda: next(seconds))
    # The clock is read at the beginning and before each ten; here a second passes at each look.
    assert execute(graph, time_limit_s=6.0) == execute(graph)
    assert next(seconds) == 6
    seconds = itertools.count()
    with pytest.raises(LimitReached, match=r"2 s of work .* t = 9 s, with 40 of 50"):
        execute(graph, time_limit_s=2.0)


@st.composite
def graphs(draw):
    n_channels = draw(st.integers(1, 4))
    bandwidths = st.sampled_from([1.0, 2.0, 10.0]) | st.floats(0.1, 100)
    latencies = st.sampled_from([0.0, 0.0, 0.5]) | st.floats(0, 2)
    channels = [CommChannel(str(i), draw(bandwidths), draw(latencies)) for i in range(n_channels)]
    path = st.none() | st.lists(st.sampled_from(channels), min_size=1, max_size=3)
    amount = st.sampled_from([0.0, 1.0, 10.0]) | st.floats(0, 50)
    tasks = []
    for i in range(draw(st.integers(1, 14))):
        needs = draw(st.sets(st.integers(0, i - 1), max_size=3)) if i else set()
        tasks.append((draw(amount), draw(path), needs))
    return graph_of(tasks)


@given(graphs())
@settings(max_examples=150)
def test_running_a_graph_in_one_go_and_through_callbacks_is_the_same(graph):
    for ours, theirs in zip(execute(graph), driven(graph), strict=True):
        assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-12)


@given(graphs())
def test_a_task_starts_when_the_last_it_waits_for_ends(graph):
    start, end = execute(graph)
    for task in range(len(graph)):
        needs = [end[before] for before in range(task) if task in graph.successors[before]]
        assert start[task] == max(needs, default=0.0)
        assert end[task] >= start[task]
