"""Compute jobs: pure delays, one at a time where they name an exclusive device."""

import pytest

from simcore import (
    CommNetworkSimulator,
    ComputeJob,
    Device,
    LimitReached,
    SilentSystem,
)


def spans(*jobs):
    simulator = CommNetworkSimulator()
    for job in jobs:
        simulator.add_compute(job)
    simulator.run(SilentSystem())
    return [(job.start_time, job.end_time) for job in jobs]


def test_jobs_without_a_device_are_pure_delays():
    assert spans(ComputeJob("a", 1.0), ComputeJob("b", 0.5)) == [(0.0, 1.0), (0.0, 0.5)]


@pytest.mark.parametrize("device", ["gpu 0", 7, Device("gpu 0")])
def test_jobs_of_one_device_run_one_at_a_time_in_submission_order(device):
    durations = (2.0, 1.0, 0.0, 3.0)
    jobs = [ComputeJob(str(d), d, device=device) for d in durations]
    assert spans(*jobs) == [(0.0, 2.0), (2.0, 3.0), (3.0, 3.0), (3.0, 6.0)]


def test_a_device_that_is_not_exclusive_runs_jobs_over_each_other():
    shared = Device("gpu", exclusive=False)
    assert spans(ComputeJob("a", 2.0, shared), ComputeJob("b", 1.0, shared)) == [(0, 2), (0, 1)]


def test_devices_are_told_apart_by_object_and_plain_names_by_value():
    a, b = Device("gpu"), Device("gpu")
    assert spans(ComputeJob("a", 1.0, a), ComputeJob("b", 1.0, b)) == [(0, 1), (0, 1)]
    name, same = "gpu", "".join(["g", "pu"])
    assert spans(ComputeJob("a", 1.0, name), ComputeJob("b", 1.0, same)) == [(0, 1), (1, 2)]


def test_a_device_that_fell_idle_starts_the_next_job_when_it_is_added():
    simulator = CommNetworkSimulator()
    simulator.add_compute(ComputeJob("first", 1.0, "gpu"))
    simulator.add_compute(ComputeJob("elsewhere", 3.0))
    with pytest.raises(LimitReached):
        simulator.run(SilentSystem(), until=2.0)
    late = ComputeJob("late", 0.5, "gpu")
    simulator.add_compute(late)
    simulator.run(SilentSystem())
    assert (late.start_time, late.end_time) == (2.0, 2.5)


def test_what_is_left_of_a_job_can_be_read_while_it_runs():
    running, queued = ComputeJob("running", 2.0, "gpu"), ComputeJob("queued", 4.0, "gpu")
    assert running.rem_duration == running.total_duration == 2.0
    simulator = CommNetworkSimulator()
    simulator.add_compute(running)
    simulator.add_compute(queued)
    with pytest.raises(LimitReached):
        simulator.run(SilentSystem(), until=0.5)
    assert (running.rem_duration, queued.rem_duration) == (1.5, 4.0)
    assert (queued.start_time, queued.end_time) == (None, None)
    with pytest.raises(LimitReached):
        simulator.run(SilentSystem(), until=5.0)
    assert (running.rem_duration, queued.rem_duration) == (0.0, 1.0)
