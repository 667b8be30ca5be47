"""What holds in every run: nothing is lost, nothing idles while there is work, Little's law."""

from dataclasses import replace
from math import inf

import pytest

from simcore.serving.replica import EngineSettings, Job, LinearClock, Replica, Victim
from tests.serving.replica.driver import drive, random_requests, replica_of

CLOCK = {"step_s": 0.02, "token_s": 1e-4, "request_decode_s": 1e-4, "context_s": 1e-7}

CASES = {
    "plenty": {},
    "short of blocks": {"blocks": 200},
    "least urgent first": {"blocks": 200, "victim": Victim.LEAST_URGENT},
    "three at a time": {"max_num_seqs": 3},
    "small chunks": {"max_num_batched_tokens": 256},
    "whole prompts": {"chunked_prefill": False},
    "no prefixes": {"blocks": 200, "prefix_caching": False},
    "blocks of one token": {"blocks": 3000, "block_tokens": 1},
    "speculation": {"draft_tokens": 3, "acceptance_rate": 0.7, "blocks": 300},
    "three stages": {"blocks": 300, "clock": LinearClock(**CLOCK, stages=3)},
}


def watched(replica, requests):
    """Runs all; the integral of the number of requests inside, and the time with any inside [s]."""
    jobs, integral, occupied, last, inside = [], 0.0, 0.0, 0.0, 0
    coming = iter(requests)
    request = next(coming, None)
    while True:
        now = min(replica.next_time(), inf if request is None else request.arrival_s)
        if now == inf:
            return jobs, integral, occupied
        integral += inside * (now - last)
        occupied += bool(inside) * (now - last)
        replica.advance(now)
        while request is not None and request.arrival_s <= now:
            job = Job(request)
            assert replica.submit(job, now) is None
            jobs.append(job)
            request = next(coming, None)
        state = replica.state(now)
        inside, last = state.waiting + state.running, now
        assert 0 <= state.free_blocks <= state.total_blocks
        assert state.waiting_tokens >= 0


@pytest.mark.parametrize("case", CASES)
def test_every_request_gets_all_its_tokens_and_gives_back_its_blocks(case):
    requests = random_requests(3, count=120, rate=4)
    replica = replica_of(**CASES[case])
    jobs, _, _ = watched(replica, requests)
    assert all(job.generated == job.request.output_tokens for job in jobs)
    for job in jobs:
        assert job.queued_s <= job.started_s < job.first_token_s <= job.finished_s
    state = replica.state(replica.state(1e9).time)
    assert (state.waiting, state.running, state.receiving, state.sending) == (0, 0, 0, 0)
    assert state.free_blocks == state.total_blocks
    assert (state.waiting_tokens, state.context_tokens) == (0, 0)
    recomputed = sum(job.recomputed_tokens for job in jobs)
    # What is computed again counts once more; the last token of an answer is never computed.
    hits = sum(job.cached_tokens for job in jobs)
    prompts = sum(job.request.prompt_tokens for job in jobs)
    assert hits == 0
    assert replica.counts.prefilled_tokens >= prompts
    if replica.counts.preemptions == 0:
        assert replica.counts.prefilled_tokens == prompts
    else:
        assert recomputed > 0


@pytest.mark.parametrize("case", CASES)
def test_littles_law(case):
    """The integral of the requests inside is the sum of their times inside (Little, 1961)."""
    replica = replica_of(**CASES[case])
    jobs, integral, _ = watched(replica, random_requests(4, count=120, rate=4))
    inside = sum(job.finished_s - job.queued_s for job in jobs)
    assert integral == pytest.approx(inside, rel=1e-9)


@pytest.mark.parametrize("case", [case for case in CASES if "stages" not in case])
def test_no_idling_while_there_is_work(case):
    replica = replica_of(**CASES[case])
    _, _, occupied = watched(replica, random_requests(5, count=120, rate=2))
    assert replica.counts.busy_s == pytest.approx(occupied, rel=1e-9)


def test_token_gaps_add_up_to_the_time_after_the_first_token():
    replica = replica_of(blocks=150)
    jobs, _ = drive(replica, random_requests(6, count=120, rate=4))
    assert any(job.preemptions for job in jobs)
    for job in jobs:
        gaps = job.token_gaps()
        assert sum(gap.steps for gap in gaps) == job.request.output_tokens - 1
        assert sum(gap.total_s for gap in gaps) == pytest.approx(
            job.finished_s - job.first_token_s, abs=1e-9
        )


def test_without_blocks_for_all_the_sum_of_tokens_is_the_same_as_with():
    requests = random_requests(7, count=100, rate=4)
    decoded = []
    for blocks in (150, 5000):
        replica = replica_of(blocks=blocks)
        drive(replica, requests)
        decoded.append(replica.counts.decoded_tokens)
    # A recomputed answer's next token comes from its prefill rather than from a decode step.
    assert decoded[0] < decoded[1]
    assert decoded[1] == sum(request.output_tokens - 1 for request in requests)


def test_slower_steps_stretch_time():
    """Twice the time of every step makes every request twice as late, if arrivals are, too."""
    requests = random_requests(8, count=80, rate=4)
    slow = LinearClock(**{name: 2 * value for name, value in CLOCK.items()})
    late = [replace(request, arrival_s=2 * request.arrival_s) for request in requests]
    fast, _ = drive(replica_of(), requests)
    slower, _ = drive(Replica(0, slow, total_blocks=2000, settings=EngineSettings()), late)
    for a, b in zip(fast, slower, strict=True):
        assert b.finished_s == pytest.approx(2 * a.finished_s, rel=1e-9)
