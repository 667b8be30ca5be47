"""What comes first where several things happen at one instant."""

from simcore import CommChannel, CommNetworkSimulator, ComputeJob, DataBatch
from tests.engine.recorder import Recorder


def wire(name="w", bandwidth=10.0, latency=0.0):
    return CommChannel(name, bandwidth_bps=bandwidth, latency_s=latency)


def completions(add, then=None):
    simulator = CommNetworkSimulator()
    recorder = Recorder(then)
    add(simulator)
    simulator.run(recorder)
    return recorder


def test_transfers_complete_before_jobs_and_each_in_the_order_added():
    def add(simulator):
        simulator.add_compute(ComputeJob("job 1", 1.0))
        simulator.add_batch(DataBatch("transfer 1", 10, [wire()]))
        simulator.add_compute(ComputeJob("job 2", 1.0))
        simulator.add_batch(DataBatch("transfer 2", 5, [wire(bandwidth=5.0)]))

    recorder = completions(add)
    assert recorder.names == ["transfer 1", "transfer 2", "job 1", "job 2"]
    assert {time for _, time in recorder.seen} == {1.0}


def test_transfers_over_one_path_all_complete_before_a_job_of_that_instant():
    shared = wire()

    def add(simulator):
        simulator.add_compute(ComputeJob("job", 3.0))
        for i in range(3):
            simulator.add_batch(DataBatch(f"transfer {i}", 10, [shared]))

    # Three of 10 B at 10/3 B/s each: all at 3 s, as the job.
    recorder = completions(add)
    assert recorder.names == ["transfer 0", "transfer 1", "transfer 2", "job"]
    assert [time for _, time in recorder.seen] == [3.0] * 4


def test_transfers_of_one_instant_on_interleaved_paths_complete_in_the_order_added():
    one, other = wire("one", 10.0), wire("other", 5.0)

    def add(simulator):
        simulator.add_batch(DataBatch("0", 10, [one]))
        simulator.add_batch(DataBatch("1", 10, [other]))
        simulator.add_batch(DataBatch("2", 10, [one]))

    # 5 B/s for each of the three: 2 s.
    assert completions(add).seen == [("0", 2.0), ("1", 2.0), ("2", 2.0)]


def test_latency_that_ends_when_a_transfer_does_is_shared_from_that_instant_on():
    shared = wire(bandwidth=10.0)

    def add(simulator):
        simulator.add_batch(DataBatch("first", 10, [shared]))
        simulator.add_batch(DataBatch("second", 10, [shared, wire("far", 1e9, 1.0)]))

    # second's payload begins at the very instant at which first's ends.
    assert completions(add).seen == [("first", 1.0), ("second", 2.0)]


def test_work_added_by_a_callback_starts_at_that_instant():
    path = [wire(latency=0.5)]
    then = {
        "job": lambda simulator: simulator.add_batch(DataBatch("reply", 10, path)),
        "reply": lambda simulator: simulator.add_compute(ComputeJob("last", 0.25)),
    }
    recorder = completions(lambda simulator: simulator.add_compute(ComputeJob("job", 2.0)), then)
    # 2 s; then 0.5 s in flight and 1 s of payload; then 0.25 s.
    assert recorder.seen == [("job", 2.0), ("reply", 3.5), ("last", 3.75)]


def test_instant_work_added_by_a_callback_completes_at_that_instant_transfers_first():
    def react(simulator):
        simulator.add_compute(ComputeJob("instant job", 0.0))
        simulator.add_batch(DataBatch("instant transfer", 0, []))

    def add(simulator):
        simulator.add_compute(ComputeJob("first", 1.0))
        simulator.add_compute(ComputeJob("second", 1.0))

    recorder = completions(add, {"first": react})
    assert recorder.names == ["first", "instant transfer", "second", "instant job"]
    assert {time for _, time in recorder.seen} == {1.0}


def test_a_returned_job_is_added():
    class Returns(Recorder):
        def on_data_transfer_complete(self, simulator, batch):
            super().on_data_transfer_complete(simulator, batch)
            return ComputeJob("returned", 0.5)

    simulator = CommNetworkSimulator()
    simulator.add_batch(DataBatch("transfer", 10, [wire()]))
    recorder = Returns()
    simulator.run(recorder)
    assert recorder.seen == [("transfer", 1.0), ("returned", 1.5)]
    assert [job.start_time for job in simulator.completed_compute] == [1.0]


def test_active_work_is_listed_as_added_and_completed_work_as_completed():
    seen = {}

    def look(simulator):
        seen["batches"] = [batch.name for batch in simulator.active_batches]
        seen["jobs"] = [job.name for job in simulator.active_compute]

    simulator = CommNetworkSimulator()
    slow, fast = DataBatch("slow", 30, [wire()]), DataBatch("fast", 10, [wire()])
    for batch in (slow, fast):
        simulator.add_batch(batch)
    jobs = [ComputeJob(name, t, device="d") for name, t in (("a", 0.5), ("b", 4.0), ("c", 1.0))]
    for job in jobs:
        simulator.add_compute(job)
    assert simulator.active_batches == [slow, fast]
    assert simulator.active_compute == jobs
    simulator.run(Recorder({"fast": look}))
    # At 1 s a has ended and c still waits for b.
    assert seen == {"batches": ["slow"], "jobs": ["b", "c"]}
    assert simulator.active_batches == simulator.active_compute == []
    assert simulator.completed_batches == [fast, slow]
    assert simulator.completed_compute == jobs
    assert simulator.current_time == 5.5
