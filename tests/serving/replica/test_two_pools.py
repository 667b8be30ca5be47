"""One replica prefills and one decodes: transfers, failures, little room on either side."""

import random
from dataclasses import replace
from heapq import heappop, heappush

import pytest

from simcore.serving.replica import (
    EngineSettings,
    Finished,
    Job,
    LinearClock,
    Prefilled,
    Replica,
    Role,
    Victim,
)
from simcore.serving.request import Request, prompt_identity, shared_identity
from tests.serving.replica.driver import random_requests

CLOCK = LinearClock(step_s=0.02, token_s=1e-4, request_decode_s=1e-4, context_s=1e-7)


class Pair:
    """Prefill, transfer, decode; those that find no room wait in turn and hold their KV cache."""

    def __init__(self, *, blocks, fail_at=(), stages=1, **settings):
        more = {"settings": EngineSettings(**settings)}
        clock = replace(CLOCK, stages=stages)
        self.pools = [
            Replica(index, clock, total_blocks=blocks[index], role=role, **more)
            for index, role in enumerate((Role.PREFILL, Role.DECODE))
        ]
        self.waiting, self.agenda, self.number = [], [], 0
        self.jobs, self.order = {}, []
        for at, index in fail_at:
            self.plan(at, "fail", index)

    def plan(self, at, what, about):
        heappush(self.agenda, (at, self.number, what, about))
        self.number += 1

    def run(self, requests):
        for request in requests:
            self.plan(request.arrival_s, "arrive", request)
        while True:
            now = min([pool.next_time() for pool in self.pools] + [e[0] for e in self.agenda[:1]])
            if now == float("inf"):
                return
            for pool in self.pools:
                for event in pool.advance(now):
                    self.seen(event, now)
            while self.agenda and self.agenda[0][0] <= now:
                _, _, what, about = heappop(self.agenda)
                getattr(self, what)(about, now)
            self.send(now)

    def seen(self, event, now):
        if isinstance(event, Prefilled):
            self.waiting.append(event.job)
        elif isinstance(event, Finished):
            self.order.append(event.job.request.number)

    def send(self, now):
        while self.waiting:
            job = self.waiting[0]
            lacking = self.pools[1].reserve(job, now)
            if lacking is None:
                return
            self.waiting.pop(0)
            job.note = now
            self.plan(now + 1e-3 + lacking * 2e-5, "arrived", (job, now))

    def arrive(self, request, now):
        job = self.jobs.setdefault(request.number, Job(request))
        assert self.pools[0].submit(job, now) is None

    def arrived(self, sent, now):
        job, since = sent
        if job.note == since:
            self.pools[0].release(job, now)
            self.pools[1].start_decoding(job, now)

    def fail(self, index, now):
        for job in self.pools[index].fail(now):
            if job.note is not None:
                # It holds blocks on the other side.
                other = self.pools[1 - index]
                if index == 0:
                    other.cancel(job, now)
                elif job.decode_ready_s < 0:
                    other.release(job, now)
            if job in self.waiting:
                self.waiting.remove(job)
            job.note = None
            job.reset()
            self.arrive(job.request, now)


def some_requests(seed):
    rng = random.Random(seed)
    found = []
    for r in random_requests(seed, count=120, rate=5, prompt=300, output=120):
        group = rng.randrange(4)
        pieces = ()
        if group:
            pieces = ((shared_identity(group), 160), (prompt_identity(r.number), r.prompt_tokens))
        tokens = r.prompt_tokens + (160 if group else 0)
        found.append(
            Request(r.number, r.arrival_s, tokens, r.output_tokens, priority=group, pieces=pieces)
        )
    return found


CASES = {
    "plenty": {"blocks": (2000, 2000)},
    "little room to decode": {"blocks": (400, 160)},
    "little room to prefill": {"blocks": (130, 600)},
    "no prefixes": {"blocks": (400, 200), "prefix_caching": False},
    "two stages": {"blocks": (400, 200), "stages": 2},
    "the least urgent first": {"blocks": (300, 160), "victim": Victim.LEAST_URGENT},
    "small chunks": {"blocks": (130, 300), "max_num_batched_tokens": 128, "max_num_seqs": 64},
    "small blocks": {"blocks": (3000, 1200), "block_tokens": 2, "stages": 3},
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_lost_and_jumps_change_nothing(seed, case):
    requests = some_requests(seed)
    runs = []
    for step_by_step in (False, True):
        pair = Pair(**CASES[case], step_by_step=step_by_step)
        pair.run(requests)
        assert sorted(pair.order) == list(range(len(requests)))
        for pool in pair.pools:
            state = pool.state(1e6)
            assert state.free_blocks == state.total_blocks
            assert (state.sending, state.receiving, state.running, state.waiting) == (0, 0, 0, 0)
        runs.append(pair)
    fast, slow = runs
    assert fast.order == slow.order
    for number, job in fast.jobs.items():
        other = slow.jobs[number]
        assert (job.preemptions, job.cached_tokens, job.sent_tokens_saved) == (
            other.preemptions, other.cached_tokens, other.sent_tokens_saved
        )  # fmt: skip
        for name in ("started_s", "first_token_s", "decode_started_s", "finished_s"):
            assert getattr(job, name) == pytest.approx(getattr(other, name), rel=0, abs=1e-9)
    if case == "little room to decode":
        assert fast.pools[1].counts.preemptions > 0
    if case != "no prefixes":
        assert sum(job.sent_tokens_saved for job in fast.jobs.values()) > 0


@pytest.mark.parametrize("seed", range(3))
def test_what_fails_is_done_again(seed):
    requests = some_requests(seed)
    fail_at = [(3.0, 0), (7.0, 1), (11.0, 0), (11.0, 1), (15.5, 1)]
    pair = Pair(blocks=(400, 300), fail_at=fail_at)
    pair.run(requests)
    assert sorted(pair.order) == list(range(len(requests)))
    assert [pool.state(1e6).free_blocks for pool in pair.pools] == [400, 300]
    for job in pair.jobs.values():
        assert job.generated == job.request.output_tokens


def test_the_parts_of_a_ttft_add_up():
    pair = Pair(blocks=(110, 160), max_num_batched_tokens=256)
    pair.run(some_requests(1))
    lost = 0.0
    for job in pair.jobs.values():
        prefill = job.first_token_s - job.queued_s - job.queue_s - job.first_preempted_s
        assert prefill >= 0.02 - 1e-9
        lost += job.first_preempted_s
    assert lost > 0
