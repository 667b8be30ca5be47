"""How long ranks compute: told, measured, or as recorded."""

import pytest

import gpu_catalog
from simcore.distributed import Declared, Measured, ProgramError, Recorded, simulate


def busy(comm):
    with comm.region("sum"):
        total = sum(range(30_000))
    comm.barrier()
    total += sum(range(10_000))
    comm.compute(100.0)
    return total


def seconds_by_region(run):
    spans = run.trace.spans
    spans = spans[spans["kind"] == "compute"]
    return (spans["end_s"] - spans["start_s"]).groupby(spans["region"]).sum()


def test_what_is_told_takes_so_long_and_nothing_else_takes_time():
    def program(comm):
        sum(range(30_000))
        comm.compute(2.0)
        comm.compute(0.0)
        comm.compute()

    assert simulate(program, 2).seconds == 2.0


def test_flops_and_bytes_become_seconds_on_a_gpu_of_the_catalog():
    gpu = gpu_catalog.gpu("NVIDIA H100")

    def program(comm):
        comm.compute(flops=gpu.flops, bytes=2 * gpu.bandwidth)
        comm.compute(flops=3 * gpu.flops)

    run = simulate(program, 1, timing=Declared(gpu="NVIDIA H100"))
    assert run.seconds == pytest.approx(2.0 + 3.0)
    with pytest.raises(ProgramError, match="name a GPU"):
        simulate(program, 1)


def test_measured_time_is_that_of_the_rank_itself_times_its_slowdowns():
    plain = seconds_by_region(simulate(busy, 2, timing=Measured()))
    slow = seconds_by_region(
        simulate(busy, 2, timing=Measured({0: 1000.0, 1: 1000.0}, regions={"sum": 100.0}))
    )
    assert 0 < plain["sum"] < 1.0
    assert slow["sum"] > 1000 * plain["sum"]  # by 100,000, were processors steady
    assert slow.drop("sum").sum() > 10 * plain.drop("sum").sum()


def test_a_recorded_run_is_the_same_each_time():
    measured = simulate(busy, 3, timing=Measured())
    table = measured.trace.compute_table()
    replays = [simulate(busy, 3, timing=Recorded(table)) for _ in range(3)]
    assert replays[0].seconds == pytest.approx(measured.seconds)
    for replay in replays[1:]:
        assert replay.trace.spans.equals(replays[0].trace.spans)
        assert replay.trace.messages.equals(replays[0].trace.messages)


def test_a_record_of_another_program_is_refused():
    table = simulate(busy, 2, timing=Measured()).trace.compute_table()

    def longer(comm):
        busy(comm)
        for _ in range(50):
            comm.barrier()

    with pytest.raises(ProgramError, match="more often"):
        simulate(longer, 2, timing=Recorded(table))
    with pytest.raises(ProgramError, match="2 times, and not the"):
        simulate(lambda comm: comm.barrier(), 2, timing=Recorded(table))
    with pytest.raises(ProgramError, match="column"):
        Recorded(table.drop(columns="seconds"))
    with pytest.raises(ProgramError, match="values of seconds"):
        Recorded(table.assign(seconds=-1.0))


@pytest.mark.parametrize("factor", [0, -1.0, float("nan"), float("inf")])
def test_a_slowdown_is_a_finite_number_above_0(factor):
    with pytest.raises(ProgramError, match="slowdown"):
        Measured(factor)
    with pytest.raises(ProgramError, match="slowdown"):
        Measured(regions={"a": factor})


@pytest.mark.parametrize(
    "told", [{"seconds": -1.0}, {"seconds": float("nan")}, {"flops": float("inf")}, {"bytes": -1}]
)
def test_what_cannot_be_computed_is_refused(told):
    with pytest.raises(ProgramError, match="compute"):
        simulate(lambda comm: comm.compute(**told), 1)


@pytest.mark.parametrize("timing", [Declared(), Measured()])
def test_to_idle_takes_time_however_computing_is_timed(timing):
    def program(comm):
        if comm.rank == 0:
            comm.idle(50.0)
        comm.barrier()
        return comm.now()

    run = simulate(program, 2, timing=timing)
    assert 50.0 <= min(run.values) < 51.0
    assert run.trace.per_rank["idle_s"].tolist() == [50.0, 0.0]
    assert run.trace.exposed_s[1] >= 49.0
    assert run.trace.critical_path().by_operation["kind"].tolist()[0] == "idle"
    if isinstance(timing, Measured):
        again = simulate(program, 2, timing=Recorded(run.trace.compute_table()))
        assert again.seconds == pytest.approx(run.seconds)


@pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf")])
def test_one_cannot_idle_for_so_long(seconds):
    with pytest.raises(ProgramError, match="idle"):
        simulate(lambda comm: comm.idle(seconds), 1)
