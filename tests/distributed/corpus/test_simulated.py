"""What the simulation says of each program of the corpus."""

import linecache

import pytest

from simcore.distributed import Deadlock, simulate
from tests.distributed.corpus.programs import CASES

REPORTED = {name: case for name, case in CASES.items() if case.reported is not None}
LEGAL = {name: case for name, case in CASES.items() if case.reported is None}
STUCK = {name: case for name, case in REPORTED.items() if case.reported.error is Deadlock}


def report(case, **options):
    with pytest.raises(case.reported.error) as caught:
        simulate(case.program, case.ranks, **options)
    return caught.value


def test_the_corpus_is_large():
    assert len(CASES) >= 60 and len(STUCK) >= 20


@pytest.mark.parametrize("name", LEGAL)
def test_what_is_legal_passes(name):
    case = LEGAL[name]
    assert len(simulate(case.program, case.ranks).values) == case.ranks


@pytest.mark.parametrize("name", REPORTED)
def test_what_is_wrong_is_reported(name):
    case = REPORTED[name]
    error = report(case)
    assert type(error) is case.reported.error
    for words in case.reported.says:
        assert words in str(error)


@pytest.mark.parametrize("name", REPORTED)
def test_a_report_names_the_line_of_the_program(name):
    case = REPORTED[name]
    text = str(report(case))
    file = case.program.__code__.co_filename
    first = case.program.__code__.co_firstlineno
    last = max(line for *_, line in case.program.__code__.co_lines() if line is not None)
    assert any(f"{file}:{line}" in text for line in range(first, last + 1))


@pytest.mark.parametrize("name", STUCK)
def test_a_deadlock_tells_who_waits_for_whom_and_where(name):
    case = STUCK[name]
    error = report(case)
    assert error.cycle == case.reported.cycle
    assert {w.rank: (w.call.name, w.peers) for w in error.waiting} == case.reported.waiting
    for waiting in error.waiting:
        assert str(waiting) in str(error)
        file, line = waiting.where.rsplit(":", 1)
        assert file == case.program.__code__.co_filename
        method = "wait" if waiting.posted else waiting.call.name
        assert f".{method}(" in linecache.getline(file, int(line))


@pytest.mark.parametrize("name", REPORTED)
def test_a_report_is_the_same_whoever_starts_first(name):
    case = REPORTED[name]
    texts = {
        str(report(case, start_order=order))
        for order in (range(case.ranks), range(case.ranks - 1, -1, -1))
    }
    assert len(texts) == 1


@pytest.mark.parametrize("name", LEGAL)
def test_what_is_legal_gives_the_same_whoever_starts_first(name):
    case = LEGAL[name]
    first, second = (
        simulate(case.program, case.ranks, start_order=order)
        for order in (range(case.ranks), range(case.ranks - 1, -1, -1))
    )
    assert repr(first.values) == repr(second.values)
    assert first.trace.messages.equals(second.trace.messages)


@pytest.mark.parametrize("name", ["both_send_first", "a_ring_of_sends", "nobody_receives"])
def test_a_small_send_that_is_eager_needs_no_receiver_yet(name):
    """Below the threshold a blocking send returns at once: that hides what hangs elsewhere."""
    case = CASES[name]
    if name == "nobody_receives":
        with pytest.raises(Exception, match="never met their other end"):
            simulate(case.program, case.ranks, eager_bytes=1024)
    else:
        simulate(case.program, case.ranks, eager_bytes=1024)
