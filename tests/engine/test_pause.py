"""A system may pause the run: it returns once the present moment is told, and goes on later."""

from simcore import CommChannel, CommNetworkSimulator, ComputeJob, DataBatch, SimulatedSystem


class PausesAtEach(SimulatedSystem):
    def __init__(self):
        self.told = []

    def on_data_transfer_complete(self, simulator, batch):
        self.told.append(batch.name)
        simulator.pause()

    def on_compute_complete(self, simulator, job):
        self.told.append(job.name)
        simulator.pause()


def simulator_with_work():
    simulator = CommNetworkSimulator()
    for name in "abc":
        wire = CommChannel(f"wire {name}", bandwidth_bps=2.0 if name == "c" else 1.0)
        simulator.add_batch(DataBatch(name, 4, [wire]))
    simulator.add_compute(ComputeJob("job", 4.0))
    return simulator


def test_a_pause_comes_after_all_of_its_moment_and_before_the_next():
    simulator, system = simulator_with_work(), PausesAtEach()
    simulator.run(system)
    assert (simulator.current_time, system.told) == (2.0, ["c"])
    simulator.run(system)
    assert (simulator.current_time, system.told) == (4.0, ["c", "a", "b", "job"])
    simulator.run(system)
    assert simulator.current_time == 4.0


def test_work_added_while_paused_starts_at_the_time_of_the_pause():
    simulator, system = simulator_with_work(), PausesAtEach()
    simulator.run(system)
    simulator.add_batch(late := DataBatch("late", 6, [CommChannel("own", bandwidth_bps=6.0)]))
    simulator.run(system)
    assert (late.start_time, late.end_time) == (2.0, 3.0)
    assert system.told == ["c", "late"]


def test_a_pause_with_nothing_left_does_not_outlast_the_run():
    simulator, system = CommNetworkSimulator(), PausesAtEach()
    simulator.add_compute(ComputeJob("only", 1.0))
    simulator.run(system)
    simulator.add_compute(ComputeJob("next", 1.0))
    simulator.run(system)
    assert system.told == ["only", "next"]
    assert simulator.current_time == 2.0
