"""The critical path tells what the last end waited for, and covers the whole run."""

import itertools
import random

import pytest

from simcore.distributed.trace import LabTrace, PathKind, Recorder
from tests.distributed.trace.recordings import calls, computes, ring, two_ranks

COMPUTE, IDLE, TRANSFER, CALL, OUTSIDE = PathKind


def path_of(recorder, ranks=8):
    return LabTrace.of(recorder, ranks).critical_path()


def told(path):
    return [(s.kind, s.rank, s.peer, s.operation, s.start_s, s.end_s) for s in path.stretches]


def assert_covers(path):
    edges = [(s.start_s, s.end_s) for s in path.stretches]
    assert edges[0][0] == 0.0 and edges[-1][1] == path.end_s
    assert all(before[1] == after[0] for before, after in itertools.pairwise(edges))
    assert all(start < end for start, end in edges)
    assert sum(path.seconds.values()) == pytest.approx(path.end_s, rel=1e-12)


def test_it_leads_through_the_sender_that_came_last():
    path = path_of(two_ranks())
    assert told(path) == [
        (COMPUTE, 0, -1, "layer", 0.0, 2.0),
        (TRANSFER, 0, 1, "send", 2.0, 5.0),
        (COMPUTE, 1, -1, "", 5.0, 6.0),
    ]
    assert path.seconds == {COMPUTE: 3.0, IDLE: 0.0, TRANSFER: 3.0, CALL: 0.0, OUTSIDE: 0.0}


def test_it_leads_through_a_receiver_that_came_last():
    recorder = Recorder()
    calls(recorder, 0, "send", 0.0, 5.0)
    computes(recorder, 1, 0.0, 3.0, "slow")
    calls(recorder, 1, "recv", 3.0, 5.0)
    recorder.message(0, 1, 10, 0, "send", 0.0, 3.0, 5.0)
    assert told(path_of(recorder)) == [
        (COMPUTE, 1, -1, "slow", 0.0, 3.0),
        (TRANSFER, 0, 1, "send", 3.0, 5.0),
    ]


def test_round_a_ring_it_leads_back_to_the_rank_that_came_late():
    path = path_of(ring(5, late=2.5))
    assert_covers(path)
    assert path.seconds[COMPUTE] == 2.5 and path.seconds[TRANSFER] == 4.0
    assert path.stretches[0].rank == 4


def background(late_s):
    """Rank 0 computes for 4 s, whatever arrives meanwhile, and waits for what has not arrived."""
    recorder = Recorder()
    computes(recorder, 0, 0.0, 4.0, "queries")
    computes(recorder, 1, 0.0, late_s, "keys")
    recorder.message(1, 0, 10, 0, "all_gather", late_s, late_s, late_s + 1.0)
    calls(recorder, 1, "send", late_s, late_s + 1.0)
    calls(recorder, 0, "wait", 4.0, max(4.0, late_s + 1.0))
    computes(recorder, 0, max(4.0, late_s + 1.0), max(4.0, late_s + 1.0) + 1.0, "attention")
    return recorder


def test_what_computation_hides_is_not_on_it():
    for late_s in (2.0, 3.0):  # 3.0: it arrives just as it is wanted
        assert [s.operation for s in path_of(background(late_s)).stretches] == [
            "queries",
            "attention",
        ]


def test_what_is_waited_for_is_on_it():
    assert told(path_of(background(3.5)))[:2] == [
        (COMPUTE, 1, -1, "keys", 0.0, 3.5),
        (TRANSFER, 1, 0, "all_gather", 3.5, 4.5),
    ]


def test_steps_in_the_background_wait_for_one_another_and_not_for_computation():
    """A second step follows the first while its rank goes on with another computation just then."""
    recorder = Recorder()
    computes(recorder, 0, 0.0, 1.0)
    computes(recorder, 0, 1.0, 1.5)
    computes(recorder, 1, 0.0, 0.5, "late")
    calls(recorder, 1, "wait", 0.5, 3.0)
    calls(recorder, 0, "wait", 1.5, 3.0)
    recorder.message(1, 0, 10, 0, "all_gather", 0.5, 0.5, 1.0)
    recorder.message(0, 1, 10, 0, "all_gather", 1.0, 1.0, 3.0)
    assert told(path_of(recorder)) == [
        (COMPUTE, 1, -1, "late", 0.0, 0.5),
        (TRANSFER, 1, 0, "all_gather", 0.5, 1.0),
        (TRANSFER, 0, 1, "all_gather", 1.0, 3.0),
    ]


def test_messages_that_take_no_time_lead_on_and_never_in_a_circle():
    recorder = Recorder()
    computes(recorder, 2, 0.0, 1.0)
    for source, target in ((0, 1), (1, 0), (2, 1), (1, 2)):
        recorder.message(source, target, 0, 0, "barrier", 1.0, 1.0, 1.0)
    for rank in range(2):
        calls(recorder, rank, "barrier", 0.0, 1.0)
    assert_covers(path_of(recorder, 3))


def test_a_call_of_which_no_message_is_known_is_told_as_such():
    """So are a network library's own collectives, and time between records."""
    recorder = Recorder()
    computes(recorder, 0, 0.5, 2.0)
    calls(recorder, 0, "all_reduce", 2.0, 5.0)
    recorder.message(0, 1, 10, 0, "send", 5.0, 5.0, 6.0)
    calls(recorder, 0, "send", 5.0, 6.25)
    path = path_of(recorder)
    assert told(path) == [
        (OUTSIDE, 0, -1, "", 0.0, 0.5),
        (COMPUTE, 0, -1, "", 0.5, 2.0),
        (CALL, 0, -1, "all_reduce", 2.0, 5.0),
        (TRANSFER, 0, 1, "send", 5.0, 6.0),
        (CALL, 0, -1, "send", 6.0, 6.25),
    ]
    assert path.by_operation.iloc[0].tolist() == ["inside a call", "all_reduce", 1, 3.0]
    assert len(path.table) == 5


def test_of_nothing_it_is_empty():
    assert path_of(Recorder()).stretches == ()


def test_whatever_was_recorded_it_covers_the_run():
    """Spans and messages at random, which explain nothing of one another."""
    for seed in range(200):
        rng = random.Random(seed)
        recorder = Recorder()
        for rank in range(3):
            edges = sorted(rng.choices(range(20), k=8))
            for start, end in itertools.pairwise(edges):
                note = rng.choice([computes, lambda r, k, s, e: calls(r, k, "send", s, e), None])
                if note:
                    note(recorder, rank, start / 2, end / 2)
        for _ in range(12):
            posted, start, end = sorted(rng.choices(range(20), k=3))
            recorder.message(
                rng.randrange(3), rng.randrange(3), 1, 0, rng.choice(["send", "all_reduce"]),
                posted / 2, start / 2, end / 2,
            )  # fmt: skip
        assert_covers(path_of(recorder, 3))
