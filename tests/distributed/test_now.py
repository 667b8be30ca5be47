"""Programs can ask for the time."""

import pytest

from simcore.distributed import Measured, Virtual, simulate, star


def test_now_is_the_simulated_time():
    """1 s of computing, then 3 MB at 1 MB/s after 0.5 s of latency."""

    def program(comm):
        times = [comm.now()]
        comm.compute(1.0)
        times.append(comm.now())
        if comm.rank == 0:
            comm.send(Virtual(3_000_000), to=1)
        else:
            comm.recv(Virtual(3_000_000), source=0)
        return [*times, comm.now()]

    run = simulate(program, 2, network=star(bandwidth_bps=1e6, latency_s=0.5))
    for times in run.values:
        assert times == pytest.approx([0.0, 1.0, 4.5])


def test_where_computing_is_measured_the_time_goes_on_by_itself():
    def program(comm):
        begun = comm.now()
        sum(range(100_000))
        return begun, comm.now()

    run = simulate(program, 1, timing=Measured(slowdown=1000.0))
    begun, ended = run.values[0]
    assert ended - begun > 0.1
    assert run.seconds >= ended
