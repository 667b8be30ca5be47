"""Prefill on one replica and decode on another: who holds which blocks, and until when."""

import pytest

from simcore.errors import SimulationError
from simcore.serving.replica import (
    EngineSettings,
    Finished,
    FirstToken,
    Job,
    LayersPrefilled,
    LinearClock,
    Prefilled,
    Replica,
    Role,
    Started,
)
from simcore.serving.request import Request, shared_identity

CLOCK = LinearClock(step_s=1.0, token_s=0.01)


def replica_of(role, *, blocks=100, index=0, **settings):
    return Replica(
        index, CLOCK, total_blocks=blocks, settings=EngineSettings(**settings), role=role
    )


def kinds(events):
    return [type(event) for event in events]


def prefilled(replica, job, now):
    assert replica.submit(job, now) is None
    return replica.advance(now) + replica.advance(now + 100)


def test_a_prefill_replica_keeps_the_kv_cache_until_it_is_released():
    replica = replica_of(Role.PREFILL, blocks=10)
    job = Job(Request(0, 0.0, 100, 20))
    events = prefilled(replica, job, 0.0)
    assert kinds(events) == [Started, FirstToken, Prefilled]
    assert events[-1].time == job.first_token_s == pytest.approx(2.0)
    assert (job.generated, job.prefill_replica, job.decode_replica) == (1, 0, -1)
    state = replica.state(100.0)
    assert (state.sending, state.running, state.free_blocks) == (1, 0, 3)
    replica.release(job, 100.0)
    state = replica.state(100.0)
    assert (state.sending, state.free_blocks) == (0, 10)
    with pytest.raises(SimulationError, match="request 0 has no KV cache that waits"):
        replica.release(job, 101.0)


def test_kv_cache_that_waits_to_be_sent_blocks_prefill():
    replica = replica_of(Role.PREFILL, blocks=10)
    first, second = Job(Request(0, 0.0, 100, 20)), Job(Request(1, 0.0, 100, 20))
    prefilled(replica, first, 0.0)
    replica.submit(second, 100.0)
    assert replica.advance(150.0) == []
    assert replica.next_time() == float("inf")
    assert replica.state(150.0).waiting == 1
    replica.release(first, 150.0)
    assert replica.next_time() == 150.0
    replica.advance(150.0)
    assert second.started_s == 150.0
    assert second.queue_s == 50.0


def test_a_request_of_one_token_needs_no_decode():
    replica = replica_of(Role.PREFILL)
    events = prefilled(replica, Job(Request(0, 0.0, 100, 1)), 0.0)
    assert kinds(events) == [Started, FirstToken, Finished]
    assert replica.state(100.0).free_blocks == 100


def test_decode_goes_on_from_the_first_token():
    source, target = replica_of(Role.PREFILL), replica_of(Role.DECODE, index=1)
    job = Job(Request(0, 0.0, 100, 20))
    prefilled(source, job, 0.0)
    assert target.reserve(job, 2.0) == 100
    assert target.state(2.0).free_blocks == 93
    assert target.state(2.0).receiving == 1
    target.start_decoding(job, 3.0)
    assert target.next_time() == 3.0
    [finished] = target.advance(3.0) + target.advance(100.0)
    assert isinstance(finished, Finished)
    assert (job.decode_ready_s, job.decode_started_s) == (3.0, 3.0)
    assert job.finished_s == pytest.approx(3.0 + 19)
    assert job.decode_replica == 1
    assert target.state(100.0).free_blocks == 100


def test_there_is_no_reservation_without_room():
    target = replica_of(Role.DECODE, blocks=10)
    jobs = [Job(Request(i, 0.0, 100, 20)) for i in range(2)]
    for job in jobs:
        job.generated = 1
    assert target.reserve(jobs[0], 0.0) == 100
    assert target.reserve(jobs[1], 0.0) is None
    target.cancel(jobs[0], 1.0)
    assert target.reserve(jobs[1], 1.0) == 100
    with pytest.raises(SimulationError, match="request 0 has no reservation"):
        target.start_decoding(jobs[0], 2.0)


def test_only_what_the_destination_lacks_is_to_be_sent():
    target = replica_of(Role.DECODE)
    pieces = ((shared_identity(0), 64), (shared_identity(1), 36))
    other = ((shared_identity(0), 64), (shared_identity(2), 36))
    first, second = (Job(Request(i, 0.0, 100, 9, pieces=p)) for i, p in enumerate((pieces, other)))
    first.generated = second.generated = 1
    assert target.reserve(first, 0.0) == 100
    # What is on its way is not there.
    assert target.reserve(second, 0.5) == 100
    target.cancel(second, 0.6)
    target.start_decoding(first, 1.0)
    assert target.reserve(second, 2.0) == 36
    assert second.sent_tokens_saved == 64
    # Of 14 blocks 4 are held by both.
    assert target.state(2.0).free_blocks == 100 - 7 - 3


def test_two_that_bring_the_same_share_one_copy():
    target = replica_of(Role.DECODE)
    pieces = ((shared_identity(0), 96),)
    jobs = [Job(Request(i, 0.0, 96, 3, pieces=pieces)) for i in range(2)]
    for job in jobs:
        job.generated = 1
        assert target.reserve(job, 0.0) == 96
    assert target.state(0.0).free_blocks == 88
    target.start_decoding(jobs[0], 0.1)
    target.start_decoding(jobs[1], 0.1)
    assert target.state(0.1).free_blocks == 94
    target.advance(50.0)
    assert target.state(50.0).free_blocks == 100
    assert [job.finished_s for job in jobs] == [2.1, 2.1]


def test_a_reservation_shortens_what_others_may_grow_by():
    """Both have 3 blocks; a reservation of 4 of the last 5 comes in the middle of a jump."""
    results = []
    for step_by_step in (False, True):
        target = replica_of(Role.BOTH, blocks=11, step_by_step=step_by_step)
        jobs = [Job(Request(i, 0.0, 48, 60)) for i in range(2)]
        for job in jobs:
            target.submit(job, 0.0)
        target.advance(0.0)
        target.advance(5.5)
        late = Job(Request(2, 0.0, 33, 2))
        late.generated = 1
        assert target.reserve(late, 5.5) == 33
        target.advance(40.0)
        target.start_decoding(late, 40.0)
        target.advance(40.0)
        target.advance(1e3)
        jobs.append(late)
        results.append([job.finished_s for job in jobs] + [job.preemptions for job in jobs])
    assert results[0] == pytest.approx(results[1], rel=0, abs=1e-9)
    assert results[0][4] > 0


def test_layers_are_reported_while_a_step_runs():
    replica = replica_of(Role.PREFILL, layer_groups=4, max_num_batched_tokens=100, max_num_seqs=4)
    job = Job(Request(0, 0.0, 150, 20))
    events = [e for e in prefilled(replica, job, 0.0) if isinstance(e, LayersPrefilled)]
    assert [event.time for event in events] == pytest.approx(
        [0.5, 1.0, 1.5, 2.0, 2.375, 2.75, 3.125, 3.5]
    )
    assert [(event.group, event.tokens, event.last) for event in events] == [
        *((group, 100, False) for group in range(4)),
        *((group, 50, True) for group in range(4)),
    ]


def test_what_a_failure_takes_with_it():
    source, target = replica_of(Role.PREFILL), replica_of(Role.DECODE, index=1)
    kept, coming = Job(Request(0, 0.0, 100, 20)), Job(Request(1, 0.0, 100, 20))
    prefilled(source, kept, 0.0)
    coming.generated = 1
    target.reserve(coming, 0.0)
    assert source.fail(100.0) == [kept]
    assert target.fail(1.0) == [coming]
    assert source.state(100.0).free_blocks == target.state(1.0).free_blocks == 100
