"""What a deployed program does wrong is told, and no process of it is left."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from simcore.distributed import (
    ProgramError,
    ProgramFile,
    RankFailed,
    TimedOut,
)
from simcore.errors import ScenarioError

pytest.importorskip("torch", reason="real processes talk through torch.distributed")

from simcore.distributed import deploy
from tests.distributed.deployed import programs

LINES = dict(enumerate(Path(programs.__file__).read_text(encoding="utf-8").splitlines(), 1))


def place(source):
    """ "file:line" of a line of the programs."""
    [line] = [number for number, text in LINES.items() if text.strip() == source]
    return f"{programs.__file__}:{line}"


@pytest.fixture(scope="module")
def errors():
    """What deploying each program raises, and the processes that are there afterwards."""
    before = {process.pid for process in psutil.process_iter()}

    def error_of(program, ranks, timeout_s):
        try:
            deploy(program, ranks, timeout_s=timeout_s)
        except ProgramError as error:
            return error

    cases = [
        (programs.one_computes_while_others_hang, 3, 2.0),
        (programs.one_raises, 2, 60.0),
        (programs.one_leaves, 2, 60.0),
        (programs.one_returns_what_cannot_be_brought, 1, 60.0),
    ]
    # Two at a time: most of a start is loading torch.
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda case: error_of(*case), cases))
    started = [
        process
        for process in psutil.Process().children(recursive=True)
        if process.pid not in before and "resource_tracker" not in " ".join(process.cmdline())
    ]
    return {case[0].__name__: error for case, error in zip(cases, found, strict=True)}, started


def test_no_process_is_left(errors):
    assert errors[1] == []


def test_ranks_that_hang_are_told_with_their_circle(errors):
    error = errors[0]["one_computes_while_others_hang"]
    assert type(error) is TimedOut
    assert error.cycle == (1, 2)
    assert [(each.rank, each.call.name, each.peers, each.sends) for each in error.waiting] == [
        (1, "send", (2,), True),
        (2, "send", (1,), True),
    ]
    assert str(error).count(place('comm.send(b"x", 3 - comm.rank)')) == 2
    assert "rank 1 → rank 2 → rank 1" in str(error)


def test_a_rank_that_computes_is_told_apart_from_those_that_wait(errors):
    error = errors[0]["one_computes_while_others_hang"]
    assert f"rank 0 does not wait for others; it is at {programs.__file__}" in str(error)


def test_what_a_rank_raises_is_told_with_its_traceback(errors):
    error = errors[0]["one_raises"]
    assert type(error) is RankFailed and error.rank == 1
    assert "rank 1 raised ValueError: no such expert" in str(error)
    assert place('raise ValueError("no such expert")') in str(error)
    assert 'raise ValueError("no such expert")' in str(error.__cause__)


def test_a_rank_that_leaves_is_to_blame_not_those_that_notice(errors):
    error = errors[0]["one_leaves"]
    assert type(error) is RankFailed and error.rank == 1
    assert "rank 1 ended with status 7 before its program did" in str(error)


def test_what_cannot_be_returned_is_told(errors):
    error = errors[0]["one_returns_what_cannot_be_brought"]
    assert type(error) is ProgramError
    assert "what the program returned, a function" in str(error)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"ranks": 0}, ProgramError, "ranks = 0"),
        ({"ranks": True}, ProgramError, "ranks = True"),
        ({"ranks": 10_000}, ProgramError, "from 1 to 256"),
        ({"backend": "mpi"}, ProgramError, "none of gloo, nccl"),
        ({"timeout_s": float("nan")}, ProgramError, "timeout_s = nan"),
        ({"threads": 0}, ProgramError, "threads = 0"),
        ({"profile": "portabel"}, ScenarioError, "did you mean 'portable'"),
        ({"program": lambda comm: 1}, ProgramError, "a ProgramFile"),
        ({"program": ProgramFile("nowhere.py")}, ProgramError, "there is no file"),
        ({"args": (time.sleep, lambda: 1)}, ProgramError, "arguments that pickle"),
    ],
)
def test_what_cannot_be_deployed_is_refused_before_anything_is_started(arguments, error, says):
    given = {"program": programs.own_process, "ranks": 2} | arguments
    with pytest.raises(error, match=says):
        deploy(given.pop("program"), given.pop("ranks"), **given)
