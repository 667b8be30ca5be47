"""The walk back through an executed task graph."""

import numpy as np
import pytest

from simcore import SimulationError
from simcore.engine.critical import critical_tasks
from simcore.engine.execute import execute
from simcore.engine.graph import COMPUTE, TaskGraph
from simcore.engine.routes import RouteTable


def jobs(seconds, successors, device=None):
    """A graph of jobs of such durations, on devices of their own unless told otherwise."""
    n = len(seconds)
    waits_for = [0] * n
    for followers in successors:
        for follower in followers:
            waits_for[follower] += 1
    return TaskGraph(
        amount=seconds,
        route=[COMPUTE] * n,
        latency_s=[0.0] * n,
        successors=successors,
        waits_for=waits_for,
        routes=RouteTable(),
        device=np.array(range(n) if device is None else device),
        devices=tuple(range(n)),
        kind=np.zeros(n, dtype=int),
        kinds=(Job,),
        facts={"number": np.arange(n)},
    )


class Job:
    __match_args__ = ("number",)

    def __init__(self, number):
        self.number = number

    def __repr__(self):
        return f"Job({self.number})"


def chain(graph, last):
    return critical_tasks(graph, *execute(graph), last)


def test_of_what_a_task_waits_for_the_last_to_end_is_critical():
    graph = jobs([1.0, 3.0, 2.0, 1.0], [(3,), (3,), (3,), ()])
    found = chain(graph, 3)
    assert found.tasks.tolist() == [1, 3]
    assert found.ready_s.tolist() == [0.0, 3.0]
    assert not found.queued.any()


def test_of_equals_the_lowest_number_is_critical():
    assert chain(jobs([2.0, 2.0, 2.0, 1.0], [(3,), (3,), (3,), ()]), 3).tasks.tolist() == [0, 3]


def test_what_else_a_task_waits_for_comes_before_its_own_device():
    graph = jobs([2.0, 2.0, 1.0], [(2,), (2,), ()], device=[5, 6, 5])
    assert chain(graph, 2).tasks.tolist() == [1, 2]


def test_a_job_that_its_device_held_up_says_since_when_it_was_ready():
    graph = jobs([4.0, 3.0, 1.0], [(2,), (2,), ()], device=[5, 6, 5])
    found = chain(graph, 2)
    assert found.tasks.tolist() == [0, 2]
    assert found.queued.tolist() == [False, True]
    assert found.ready_s.tolist() == [0.0, 3.0]


def test_jobs_of_no_length_are_on_the_chain_once():
    found = chain(jobs([0.0, 0.0, 0.0], [(1,), (2,), ()]), 2)
    assert found.tasks.tolist() == [0, 1, 2]


def test_a_start_that_nothing_explains_is_refused():
    graph = jobs([1.0, 1.0], [(1,), ()])
    with pytest.raises(SimulationError, match=r"Job\(1\) starts at 1.5 s"):
        critical_tasks(graph, [0.0, 1.5], [1.0, 2.5], 1)
