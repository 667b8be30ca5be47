"""Jumping over decode steps in closed form changes nothing: every step taken by itself agrees."""

import pytest

import gpu_catalog
from simcore.costs.plan import Pool
from simcore.costs.serving_engines import serving_engine
from simcore.serving.replica import (
    EngineSettings,
    Job,
    LinearClock,
    Replica,
    ReplicaPlan,
    Victim,
    by_priority,
)
from simcore.serving.request import Request, prompt_identity, shared_identity
from tests.serving.replica.driver import drive, finish_order, random_requests, replica_of

CLOCK = {"step_s": 0.02, "token_s": 1e-4, "request_decode_s": 1e-4, "context_s": 1e-7}

CASES = {
    "plenty": {},
    "short of blocks": {"blocks": 300},
    "very short of blocks": {"blocks": 120},
    "least urgent first": {"blocks": 200, "victim": Victim.LEAST_URGENT},
    "few at a time": {"max_num_seqs": 3},
    "speculation": {"draft_tokens": 3, "acceptance_rate": 0.7, "blocks": 300},
    "two stages": {"blocks": 300, "clock": LinearClock(**CLOCK, stages=2)},
    "a time before the queue": {"clock": LinearClock(**CLOCK, request_s=0.013)},
}


def outcome(replica, requests):
    jobs, events = drive(replica, requests)
    times = [
        (
            *(job.started_s, job.first_token_s, job.decode_started_s, job.finished_s),
            *(job.first_preempted_s, sum(job.waits_s)),
        )
        for job in jobs
    ]
    counts = [(job.preemptions, job.cached_tokens, job.recomputed_tokens) for job in jobs]
    return finish_order(events), counts, times


def assert_same(ours, theirs):
    assert ours[:2] == theirs[:2]
    for a, b in zip(ours[2], theirs[2], strict=True):
        assert a == pytest.approx(b, rel=0, abs=1e-9)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("seed", range(3))
def test_jumps_equal_single_steps(seed, case):
    requests = random_requests(seed, count=150, rate=4, prompt=300, output=200)
    fast, slow = (replica_of(**CASES[case], step_by_step=each) for each in (False, True))
    assert_same(outcome(fast, requests), outcome(slow, requests))
    assert fast.counts.steps == slow.counts.steps
    assert fast.counts.decoded_tokens == slow.counts.decoded_tokens
    assert fast.counts.busy_s == pytest.approx(slow.counts.busy_s, rel=1e-9)
    if "blocks" in CASES[case]:
        assert fast.counts.preemptions > 0


def test_what_comes_twice_during_one_step_finds_the_stages_as_they_are():
    """A prompt starts behind decodes in a row, and the next, in the same step, behind both."""
    at = [0.0, 1.0013, 1.0017, 1.0021]
    requests = [Request(i, at[i], 400, 200) for i in range(4)]
    clock = LinearClock(**CLOCK, stages=2)
    fast, slow = (replica_of(clock, step_by_step=each) for each in (False, True))
    assert_same(outcome(fast, requests), outcome(slow, requests))


def conversations(seed):
    """Prompts of three parts: one for all, one for a group of ten, one of its own."""
    return [
        Request(
            number=r.number,
            arrival_s=r.arrival_s,
            prompt_tokens=200 + 150 + r.prompt_tokens,
            output_tokens=r.output_tokens,
            priority=r.number % 3,
            pieces=(
                (shared_identity(0), 200),
                (shared_identity(1 + r.number % 10), 150),
                (prompt_identity(r.number), r.prompt_tokens),
            ),
        )
        for r in random_requests(seed, count=150, rate=3, prompt=200, output=200)
    ]


@pytest.mark.parametrize("blocks", [1500, 250])
def test_jumps_equal_single_steps_with_prefixes_and_priorities(blocks):
    results = []
    for step_by_step in (False, True):
        replica = Replica(
            0,
            LinearClock(**CLOCK),
            total_blocks=blocks,
            settings=EngineSettings(step_by_step=step_by_step, victim=Victim.LEAST_URGENT),
            order=by_priority,
        )
        results.append(outcome(replica, conversations(1)))
    assert_same(*results)
    assert sum(cached for _, cached, _ in results[0][1]) > 0


@pytest.mark.parametrize("cost_model", ["calibrated", "physical"])
def test_jumps_equal_single_steps_on_a_real_plan(cost_model):
    results = []
    requests = random_requests(2, count=150, rate=6, prompt=800, output=250)
    for step_by_step in (False, True):
        plan = ReplicaPlan(
            llm=gpu_catalog.llm("Llama-3.1-8B"),
            pool=Pool(
                name="decode",
                gpu=gpu_catalog.gpu("NVIDIA L40S"),
                pp=1,
                release=serving_engine("vLLM 0.19").release,
            ),
            settings=EngineSettings(step_by_step=step_by_step),
            cost_model=cost_model,
        )
        results.append(outcome(plan.replica(0), requests))
    assert_same(*results)


def test_looking_does_not_change_anything():
    """States asked for at odd times, in the middle of jumps, leave the run as it is."""
    requests = random_requests(5, count=100, rate=4, prompt=300, output=200)
    plain, _ = drive(replica_of(blocks=200), requests)
    replica = replica_of(blocks=200)
    jobs = []
    for request in requests:
        for part in (0.3, 0.9):
            last = jobs[-1].request.arrival_s if jobs else 0.0
            replica.state(last + part * (request.arrival_s - last))
        replica.advance(request.arrival_s)
        job = Job(request)
        replica.submit(job, request.arrival_s)
        jobs.append(job)
    replica.advance(1e6)
    for a, b in zip(plain, jobs, strict=True):
        assert b.finished_s == pytest.approx(a.finished_s, rel=0, abs=1e-9)


def test_free_blocks_in_the_middle_of_a_jump_are_those_of_single_steps():
    requests = random_requests(6, count=60, rate=4, prompt=300, output=200)
    looks = []
    for step_by_step in (False, True):
        replica = replica_of(blocks=400, step_by_step=step_by_step)
        seen = []
        for request in requests:
            replica.advance(request.arrival_s)
            replica.submit(Job(request), request.arrival_s)
            state = replica.state(request.arrival_s + 1e-4)
            seen.append((state.free_blocks, state.context_tokens, state.running, state.waiting))
        looks.append(seen)
    assert looks[0] == looks[1]
