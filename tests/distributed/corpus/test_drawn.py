"""A program that is drawn at random ends, in simulation, if and only if it can."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simcore.distributed import Deadlock, UnmatchedMessages, simulate
from tests.distributed.corpus.drawn import drawn_steps, ends, run_steps

SEEDS = st.integers(0, 2**32 - 1)
RANKS = st.integers(2, 5)
MESSAGES = st.integers(1, 12)


def ends_of(steps, **options):
    """Whether the simulated program ends, and whether all its messages meet."""
    try:
        simulate(run_steps, len(steps), args=(steps,), **options)
    except Deadlock:
        return "stuck"
    except UnmatchedMessages:
        return "unmatched"
    return "ends"


def expected(steps, **options):
    all_end, all_meet = ends(steps, **options)
    if not all_end:
        return "stuck"
    return "ends" if all_meet else "unmatched"


@given(seed=SEEDS, ranks=RANKS, messages=MESSAGES)
def test_a_program_is_reported_if_and_only_if_it_cannot_end(seed, ranks, messages):
    steps = drawn_steps(seed, ranks, messages)
    assert ends_of(steps) == expected(steps)


@given(seed=SEEDS, ranks=RANKS, messages=MESSAGES)
def test_eager_sends_wait_for_nobody(seed, ranks, messages):
    steps = drawn_steps(seed, ranks, messages)
    assert ends_of(steps, eager_bytes=1024) == expected(steps, eager=True)


@given(seed=SEEDS, ranks=RANKS, messages=MESSAGES)
def test_in_a_circle_each_waits_for_the_next(seed, ranks, messages):
    steps = drawn_steps(seed, ranks, messages)
    if expected(steps) != "stuck":
        return
    with pytest.raises(Deadlock) as caught:
        simulate(run_steps, ranks, args=(steps,))
    error = caught.value
    peers = {waiting.rank: waiting.peers for waiting in error.waiting}
    assert peers
    for rank, following in zip(error.cycle, (*error.cycle[1:], *error.cycle[:1]), strict=True):
        assert following in peers[rank]


def test_both_kinds_are_drawn():
    """Lest the tests above pass for want of one."""
    found = [expected(drawn_steps(seed, 3)) for seed in range(200)]
    assert min(found.count("ends"), found.count("stuck")) > 50
