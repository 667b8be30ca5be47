"""Jumping over decode steps in closed form changes nothing: every step taken by itself agrees."""

import pytest

from tests.serving.replica.driver import drive, finish_order, random_requests, replica_of


def outcome(requests, **settings):
    replica = replica_of(**settings)
    jobs, events = drive(replica, requests)
    times = [
        (job.started_s, job.first_token_s, job.decode_started_s, job.finished_s, job.preempted_s)
        for job in jobs
    ]
    return finish_order(events), times, [job.preemptions for job in jobs], replica


@pytest.mark.parametrize("blocks", [2000, 300, 120])
@pytest.mark.parametrize("seed", range(3))
def test_jumps_equal_single_steps(seed, blocks):
    requests = random_requests(seed, count=150, rate=4, prompt=300, output=200)
    order, times, preemptions, fast = outcome(requests, blocks=blocks)
    expected = outcome(requests, blocks=blocks, step_by_step=True)
    assert order == expected[0]
    assert preemptions == expected[2]
    for ours, theirs in zip(times, expected[1], strict=True):
        assert ours == pytest.approx(theirs, rel=0, abs=1e-9)
    assert fast.steps == expected[3].steps
    assert fast.decoded_tokens == expected[3].decoded_tokens
    if blocks < 2000:
        assert sum(preemptions) > 0
