"""Two traces of one program, operation by operation."""

import numpy as np
import pytest

from simcore.distributed import simulate, star
from simcore.distributed.measuring.compare import compared
from simcore.distributed.trace import LabTrace, Recorder, SpanKind

CALL = SpanKind.COMMUNICATION


def trace_of(*spans):
    """A trace of spans (rank, name, bytes, start_s, end_s)."""
    recorder = Recorder()
    for rank, name, nbytes, start_s, end_s in spans:
        recorder.span(rank, CALL, name, "", -1, nbytes, -1, start_s, end_s)
    return LabTrace.of(recorder, 2)


def row_of(table, operation, nbytes):
    (row,) = table[(table["operation"] == operation) & (table["bytes"] == nbytes)].to_dict(
        "records"
    )
    return row


def test_medians_and_their_ratio_are_by_operation_and_size():
    simulated = trace_of((0, "send", 8, 0, 1), (0, "send", 80, 1, 5), (1, "recv", 8, 0, 2))
    deployed = trace_of((0, "send", 8, 0, 2), (0, "send", 80, 2, 4), (1, "recv", 8, 0, 2))
    table = compared(simulated, deployed)
    assert list(table["operation"]) == ["recv", "send", "send"]
    small, large = row_of(table, "send", 8), row_of(table, "send", 80)
    assert (small["simulated_s"], small["deployed_s"], small["ratio"]) == (1, 2, 0.5)
    assert (large["simulated_s"], large["deployed_s"], large["ratio"]) == (4, 2, 2)
    assert (small["simulated"], small["deployed"]) == (1, 1)


def test_what_repeats_is_every_second_call_of_a_rank_against_the_others():
    spans = [(rank, "send", 8, 10 * i, 10 * i + t) for rank in (0, 1)
             for i, t in enumerate([3, 2, 3, 2, 3, 2])]  # fmt: skip
    table = compared(trace_of(*spans), trace_of(*spans))
    assert row_of(table, "send", 8)["repeatability"] == pytest.approx(0.5)
    assert row_of(table, "send", 8)["ratio"] == 1


def test_what_only_one_of_them_did_has_no_ratio():
    table = compared(trace_of((0, "send", 8, 0, 1)), trace_of((0, "recv", 8, 0, 1)))
    sent, received = row_of(table, "send", 8), row_of(table, "recv", 8)
    assert (sent["simulated"], sent["deployed"]) == (1, 0)
    assert (received["simulated"], received["deployed"]) == (0, 1)
    assert np.isnan([sent["ratio"], received["ratio"], sent["repeatability"]]).all()


def test_nothing_that_took_no_time_is_divided_by():
    still = trace_of((0, "isend", 8, 1, 1), (0, "isend", 8, 2, 2))
    row = row_of(compared(still, still), "isend", 8)
    assert np.isnan([row["ratio"], row["repeatability"]]).all()


def test_what_took_longest_stands_first():
    spans = [(0, "send", 8, 0, 1), (0, "recv", 8, 1, 4), (0, "barrier", 0, 4, 4.5)]
    table = compared(trace_of(*spans), trace_of(*spans))
    assert list(table["operation"]) == ["recv", "send", "barrier"]


def test_a_simulation_is_as_itself():
    def program(comm):
        for size in (100, 1000, 1000):
            comm.all_gather(np.zeros(size, np.uint8))
            comm.compute(seconds=1e-3)

    run = simulate(program, 3, network=star(1e9, 1e-5))
    table = compared(run.trace, run.trace)
    assert (table["ratio"] == 1).all()
    assert dict(zip(table["bytes"], table["deployed"], strict=True)) == {100: 3, 1000: 6}


def test_of_programs_that_communicate_nothing_there_is_nothing_to_tell():
    assert len(compared(trace_of(), trace_of())) == 0
