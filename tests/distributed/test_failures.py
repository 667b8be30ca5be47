"""What a failed run tells: where in the program, and no place where there is none."""

import inspect
from contextlib import contextmanager

import numpy as np
import pytest

from simcore.distributed import (
    Deadlock,
    ProgramError,
    RankFailed,
    SizeMismatch,
    UnmatchedMessages,
    simulate,
)


def line_of(function, text):
    """ "file:line" of the line of a function of this file that contains `text`."""
    lines, first = inspect.getsourcelines(function)
    (found,) = [number for number, line in enumerate(lines, first) if text in line]
    return f"{__file__}:{found}"


def test_an_error_is_told_with_its_line_though_a_generator_or_finally_stand_between():
    @contextmanager
    def held(comm):
        yield
        comm.send(b"x", 9)  # fails

    def in_generator(comm):
        with held(comm):
            pass

    def in_finally(comm):
        try:
            raise ValueError("wrong")  # fails
        finally:
            comm.barrier()

    for program in (in_generator, in_finally):
        failing = held.__wrapped__ if program is in_generator else program
        with pytest.raises(ProgramError) as caught:
            simulate(program, 2)
        assert line_of(failing, "# fails") in str(caught.value)


def test_a_program_that_cannot_be_called_so_has_no_line():
    with pytest.raises(RankFailed, match=r"positional argument.*; the other") as caught:
        simulate(lambda comm: None, 2, args=(1,))
    assert ".py" not in str(caught.value)


def test_an_eager_send_is_told_where_it_was_and_not_where_its_rank_is_now():
    def misfit(comm):
        if comm.rank == 0:
            comm.send(np.zeros(3), 1)  # sent
            comm.barrier()
        else:
            comm.compute(1.0)
            comm.recv(np.zeros(4), 0)

    def forgotten(comm):
        if comm.rank == 0:
            comm.send(np.zeros(3), 1)  # sent
            comm.compute(1.0)

    for program, error in ((misfit, SizeMismatch), (forgotten, UnmatchedMessages)):
        with pytest.raises(error) as caught:
            simulate(program, 2, eager_bytes=100)
        assert line_of(program, "# sent") in str(caught.value)


def test_what_runs_beside_a_program_is_told_where_it_was_called():
    def misfit(comm):
        payload = np.ones(2) if comm.rank == 0 else b"not to be written"[:16]
        work = comm.broadcast(payload, wait=False)  # called
        comm.compute(1.0)
        work.wait()

    with pytest.raises(ProgramError) as caught:
        simulate(misfit, 2)
    assert str(caught.value).startswith("rank 1: bytes cannot be written")
    assert line_of(misfit, "# called") in str(caught.value)

    def left_alone(comm):
        if comm.rank:
            work = comm.barrier(wait=False)  # called
            work.wait()  # waited

    with pytest.raises(Deadlock) as caught:
        simulate(left_alone, 2)
    told = str(caught.value).splitlines()[1:3]
    assert [line.rsplit(", at ")[1] for line in told] == [
        line_of(left_alone, f"# {what}") for what in ("waited", "called")
    ]


def test_a_program_that_only_returns_code_to_run_is_refused():
    def generator(comm):
        yield comm.rank

    async def coroutine(comm):
        return comm.rank

    async def both(comm):
        yield comm.rank

    for program in (generator, coroutine, both):
        with pytest.raises(ProgramError, match="has not run"):
            simulate(program, 2)


@pytest.mark.parametrize("size", [-1, 1.5, True, None, "1kB"])
def test_there_is_no_such_eager_threshold(size):
    with pytest.raises(ProgramError, match="eager_bytes"):
        simulate(lambda comm: None, 1, eager_bytes=size)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda comm: comm.send(b"x", 1, tag=1.0), "tag = 1.0 is no whole number"),
        (lambda comm: comm.send(b"x", 1, tag="one"), "tag = 'one' is no whole number"),
        (lambda comm: comm.send(b"x", 1, tag=-1), "tag = -1 is no whole number from 0"),
        (lambda comm: comm.all_reduce(np.ones(1), "average"), "use one of Reduction.SUM, "),
    ],
    ids=["a part of a tag", "a word for a tag", "a tag below 0", "no reduction"],
)
def test_a_call_that_cannot_be_is_refused(call, says):
    with pytest.raises(ProgramError) as caught:
        simulate(call, 2)
    assert says in str(caught.value)
