"""A run can be bounded; what it left undone can be read, and gone on with."""

import pytest

from simcore import (
    CommChannel,
    CommNetworkSimulator,
    ComputeJob,
    DataBatch,
    LimitReached,
    PdscopeError,
    SilentSystem,
    SimulatedSystem,
    SimulationError,
)


class Relay(SimulatedSystem):
    """Sends a payload to and fro over one wire, beside a job, for some rounds."""

    def __init__(self, rounds):
        self.rounds = rounds
        self.wire = CommChannel("w", bandwidth_bps=7.0, latency_s=0.1)

    def begin(self, simulator):
        simulator.add_batch(DataBatch("ball", 3, [self.wire]))

    def on_data_transfer_complete(self, simulator, batch):
        self.rounds -= 1
        if self.rounds > 0:
            simulator.add_batch(DataBatch("crowd", 2, [self.wire]))
            return ComputeJob("think", 0.3, device="player")
        return None

    def on_compute_complete(self, simulator, job):
        if self.rounds > 0:
            simulator.add_batch(DataBatch("ball", 3, [self.wire]))


def record(simulator):
    return [
        (item.name, item.start_time, item.end_time)
        for item in (*simulator.completed_batches, *simulator.completed_compute)
    ]


@pytest.fixture
def undisturbed():
    simulator, relay = CommNetworkSimulator(), Relay(20)
    relay.begin(simulator)
    simulator.run(relay)
    return simulator


def test_a_run_stopped_every_so_often_ends_as_one_that_is_not(undisturbed):
    simulator, relay = CommNetworkSimulator(), Relay(20)
    relay.begin(simulator)
    moment, stops = 0.0, 0
    while True:
        moment += 0.17
        try:
            simulator.run(relay, until=moment)
            break
        except LimitReached:
            assert simulator.current_time == moment
            stops += 1
    assert stops > 10
    assert record(simulator) == record(undisturbed)


def test_a_run_stopped_after_each_completion_ends_as_one_that_is_not(undisturbed):
    simulator, relay = CommNetworkSimulator(), Relay(20)
    relay.begin(simulator)
    for done in range(1, len(record(undisturbed))):
        with pytest.raises(LimitReached):
            simulator.run(relay, max_completions=1)
        assert len(record(simulator)) == done
    simulator.run(relay, max_completions=1)
    assert record(simulator) == record(undisturbed)


def test_a_bound_that_is_just_enough_does_not_raise():
    simulator = CommNetworkSimulator()
    simulator.add_compute(ComputeJob("a", 1.0))
    simulator.add_compute(ComputeJob("b", 2.0))
    simulator.run(SilentSystem(), until=2.0, max_completions=2)
    assert simulator.current_time == 2.0


def test_the_error_says_when_and_how_much_is_left():
    simulator = CommNetworkSimulator()
    simulator.add_compute(ComputeJob("long", 10.0))
    simulator.add_batch(DataBatch("far", 1, [CommChannel("w", 1.0, 5.0)]))
    with pytest.raises(LimitReached, match=r"t = 3 s with 2 .*until") as caught:
        simulator.run(SilentSystem(), until=3.0)
    assert isinstance(caught.value, PdscopeError)
    assert [job.rem_duration for job in simulator.active_compute] == [7.0]
    assert [batch.latency_remaining for batch in simulator.active_batches] == [2.0]


def test_a_runaway_system_is_stopped_with_its_state_kept():
    class Runaway(SimulatedSystem):
        def on_compute_complete(self, simulator, job):
            simulator.add_compute(ComputeJob("again", 0.0))

    simulator = CommNetworkSimulator()
    simulator.add_compute(ComputeJob("once", 0.25))
    with pytest.raises(LimitReached, match=r"1,000 completions.*max_completions"):
        simulator.run(Runaway(), max_completions=1000)
    assert len(simulator.completed_compute) == 1000
    assert [job.name for job in simulator.active_compute] == ["again"]
    assert simulator.current_time == 0.25


def test_a_run_is_bounded_even_if_nobody_says_so():
    from simcore.engine import simulator as module

    assert 10_000 <= module.MOST_COMPLETIONS < float("inf")
    default = CommNetworkSimulator.run.__defaults__
    assert module.MOST_COMPLETIONS in default


def test_a_span_that_is_no_time_is_refused():
    with pytest.raises(SimulationError, match="until = nan"):
        CommNetworkSimulator().run(SilentSystem(), until=float("nan"))
