"""Random jobs on devices, and runs that are stopped and gone on with."""

from hypothesis import given, settings
from hypothesis import strategies as st

from simcore import (
    CommChannel,
    CommNetworkSimulator,
    ComputeJob,
    DataBatch,
    Device,
    LimitReached,
    SilentSystem,
)
from tests.properties.flow_sets import Starter, flow_sets

# Sums of quarters are exact.
QUARTERS = st.integers(0, 40).map(lambda n: n / 4)


@given(st.lists(st.tuples(QUARTERS, st.integers(0, 3))))
def test_devices_serve_their_jobs_one_by_one_in_the_order_submitted(work):
    devices = [Device("0"), "a name", 2, Device("overlapping", exclusive=False)]
    jobs = [ComputeJob("", seconds, devices[d]) for seconds, d in work]
    simulator = CommNetworkSimulator()
    for job in jobs:
        simulator.add_compute(job)
    simulator.run(SilentSystem())
    free = [0.0] * 3
    for job, (seconds, d) in zip(jobs, work, strict=True):
        start = free[d] if d < 3 else 0.0
        assert (job.start_time, job.end_time) == (start, start + seconds)
        if d < 3:
            free[d] = start + seconds
    ends = [job.end_time for job in simulator.completed_compute]
    assert ends == sorted(ends)
    assert len(ends) == len(jobs)


def prepared(flow_set):
    """A simulator in which every flow of the set is due to start."""
    channels = [
        CommChannel(str(i), *wire)
        for i, wire in enumerate(zip(flow_set.bandwidths, flow_set.latencies, strict=True))
    ]
    simulator = CommNetworkSimulator()
    batches = []
    for start, size, path in flow_set.flows:
        batch = DataBatch("", size, [channels[c] for c in path])
        simulator.add_compute(ComputeJob("start", start, tag=batch))
        batches.append(batch)
    return simulator, batches


@given(flow_sets(max_flows=12), st.lists(st.floats(0, 20), max_size=6), st.integers(1, 5))
@settings(max_examples=60)
def test_a_run_that_is_stopped_and_read_ends_as_one_that_is_not(flow_set, moments, completions):
    simulator, batches = prepared(flow_set)
    simulator.run(Starter())
    expected = [batch.end_time for batch in batches]

    simulator, batches = prepared(flow_set)
    left = [batch.total_size for batch in batches]
    rounding = 1e-14 * sum(left)
    for moment in sorted(moments):
        try:
            simulator.run(Starter(), until=moment, max_completions=completions)
        except LimitReached:
            now = [batch.rem_size for batch in batches]
            # What is left only ever falls, but for rounding, and never below nothing.
            assert min(now) >= 0
            assert all(after <= before + rounding for after, before in zip(now, left, strict=True))
            assert all(batch.latency_remaining >= 0 for batch in batches)
            assert simulator.current_time <= moment
            left = now
    simulator.run(Starter())
    assert [batch.end_time for batch in batches] == expected
