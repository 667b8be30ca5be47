"""The rules of the engine, one by one, on steps of round numbers."""

import pytest

from simcore.errors import ScenarioError, SimulationError
from simcore.serving.replica import (
    EngineSettings,
    Finished,
    FirstToken,
    Job,
    LinearClock,
    Preempted,
    Replica,
    Victim,
    by_priority,
)
from simcore.serving.request import Request
from tests.serving.replica.driver import drive, finish_order, random_requests, replica_of


def run(requests, *, clock, blocks=1000, order=None, **settings):
    more = {} if order is None else {"order": order}
    replica = Replica(0, clock, total_blocks=blocks, settings=EngineSettings(**settings), **more)
    jobs, events = drive(replica, requests)
    return replica, jobs, events


def test_a_request_alone_takes_a_prefill_and_a_step_for_each_further_token():
    _, [job], _ = run([Request(0, 1.0, 100, 11)], clock=LinearClock(step_s=0.1, token_s=0.01))
    assert job.started_s == 1.0
    assert job.first_token_s == pytest.approx(1.0 + 0.1 + 100 * 0.01)
    assert job.finished_s == pytest.approx(job.first_token_s + 10 * 0.1)


def test_a_long_prompt_is_cut_to_what_the_budget_leaves():
    """256 tokens a step: the decoding request takes 1 of them, and is never held up for longer."""
    clock = LinearClock(token_s=0.001)
    requests = [Request(0, 0.0, 10, 100), Request(1, 0.005, 600, 1)]
    _, [first, second], _ = run(requests, clock=clock, max_num_batched_tokens=256, max_num_seqs=8)
    assert second.started_s == pytest.approx(0.01)
    # 255 + 255 + 90 tokens.
    assert second.first_token_s == pytest.approx(0.01 + 0.6)
    waits = [gap for gap in first.token_gaps() if gap.first_s > 0]
    assert [round(gap.first_s / 0.001) for gap in waits] == [255, 255, 90]


def test_without_chunks_a_prompt_waits_for_a_step_that_takes_all_of_it():
    clock = LinearClock(step_s=1.0, token_s=0.001)
    requests = [Request(0, 0.0, 200, 1), Request(1, 0.0, 100, 1), Request(2, 0.0, 50, 1)]
    settings = {"max_num_batched_tokens": 256, "max_num_seqs": 8, "chunked_prefill": False}
    _, jobs, _ = run(requests, clock=clock, **settings)
    # 200, then 100 + 50: nobody overtakes the second, though the third would have fitted.
    assert [job.started_s for job in jobs] == [0.0, pytest.approx(1.2), pytest.approx(1.2)]


def test_one_step_takes_one_time_for_prefill_and_decode_together():
    clock = LinearClock(step_s=1.0, token_s=0.001, request_decode_s=0.1)
    requests = [Request(0, 0.0, 100, 3), Request(1, 0.5, 200, 1)]
    _, [first, second], _ = run(requests, clock=clock)
    assert second.first_token_s == pytest.approx(1.1 + 1.0 + 0.2 + 0.1)
    assert first.finished_s == pytest.approx(second.first_token_s + 1.1)


def test_no_more_requests_run_than_allowed():
    _, jobs, _ = run(
        [Request(i, 0.0, 10, 5) for i in range(3)], clock=LinearClock(step_s=1.0), max_num_seqs=2
    )
    assert [job.started_s for job in jobs] == [0.0, 0.0, 5.0]


def test_the_newest_is_preempted_and_goes_on_where_it_was():
    """8 blocks of 4 tokens: two requests of 12 tokens have 1 block left each."""
    clock = LinearClock(step_s=1.0)
    requests = [Request(0, 0.0, 12, 9), Request(1, 0.0, 12, 9)]
    replica, [old, new], events = run(
        requests, clock=clock, blocks=8, block_tokens=4, prefix_caching=False
    )
    [preempted] = [event for event in events if isinstance(event, Preempted)]
    assert preempted.job is new
    # With 13 to 16 tokens each they fill all blocks; the fifth step wants a ninth.
    assert preempted.time == 5.0
    assert old.finished_s == 9.0
    # Then its prompt and 5 tokens are computed at once, which gives the sixth.
    assert new.waits_s == pytest.approx((9.0 + 1.0 - 5.0,)) and new.first_preempted_s == 0
    assert new.finished_s == pytest.approx(13.0)
    assert new.recomputed_tokens == 16
    assert replica.counts.preemptions == new.preemptions == 1


def test_blocks_that_survive_a_preemption_are_found_again():
    clock = LinearClock(step_s=1.0)
    requests = [Request(0, 0.0, 12, 9), Request(1, 0.0, 12, 9)]
    replica, [_, new], _ = run(requests, clock=clock, blocks=8, block_tokens=4)
    # Of its 4 blocks the first request took 1, the last, for its tokens 17 to 20.
    assert new.recomputed_tokens == 16 - 12
    assert replica.counts.prefilled_tokens == 12 + 12 + 5


def test_the_least_urgent_is_preempted_where_that_is_asked_for():
    clock = LinearClock(step_s=1.0)
    requests = [
        Request(0, 0.0, 12, 9, priority=2),
        Request(1, 0.0, 12, 9, priority=1),
    ]
    for victim, expected in ((Victim.NEWEST, 1), (Victim.LEAST_URGENT, 0)):
        _, jobs, _ = run(requests, clock=clock, blocks=8, block_tokens=4, victim=victim)
        assert [job.preemptions for job in jobs].index(1) == expected


def test_nobody_is_admitted_in_a_step_that_preempts():
    """A third request, of one block, comes before the preemption and finds a block right after."""
    clock = LinearClock(step_s=1.0)
    requests = [
        Request(0, 0.0, 12, 9),
        Request(1, 0.0, 12, 9),
        Request(2, 4.5, 2, 1, priority=-1),
    ]
    _, jobs, _ = run(
        requests, clock=clock, blocks=8, block_tokens=4, prefix_caching=False, order=by_priority
    )
    assert jobs[1].preemptions == 1
    assert jobs[2].started_s == 6.0


def test_the_order_of_those_that_wait_is_a_choice():
    clock = LinearClock(step_s=1.0)
    requests = [Request(i, 0.1 * i, 10, 2, priority=3 - i) for i in range(4)]
    settings = {"clock": clock, "max_num_seqs": 1}
    assert finish_order(run(requests, **settings)[2]) == [0, 1, 2, 3]
    assert finish_order(run(requests, order=by_priority, **settings)[2]) == [0, 3, 2, 1]


def test_an_order_sees_all_but_the_length_of_the_answer():
    seen = []

    def curious(waiting):
        seen.append(waiting)
        return -waiting.prompt_tokens

    requests = [Request(0, 0.0, 10, 7), Request(1, 0.1, 20, 7), Request(2, 0.2, 30, 7)]
    _, _, events = run(requests, clock=LinearClock(step_s=1.0), max_num_seqs=1, order=curious)
    assert finish_order(events) == [0, 2, 1]
    assert [waiting.prompt_tokens for waiting in seen] == [10, 20, 30]
    assert not any(hasattr(waiting, "output_tokens") for waiting in seen)


def test_speculation_gains_tokens_by_the_chance_that_they_are_accepted():
    """3 proposed tokens with a = 0.5 give 1 + 0.5 + 0.25 + 0.125 a step on average."""
    assert EngineSettings(draft_tokens=3, acceptance_rate=0.5).tokens_per_step == 1.875
    clock = LinearClock(step_s=1.0)
    _, [job], _ = run(
        [Request(0, 0.0, 10, 1 + 150)], clock=clock, draft_tokens=3, acceptance_rate=0.5,
        draft_s=0.25,
    )  # fmt: skip
    assert job.finished_s - job.first_token_s == pytest.approx(150 / 1.875 * 1.25)


def test_two_batches_are_under_way_on_two_stages():
    """Each decode step takes 1 s; two requests on two stages take turns and hinder nobody."""
    clock = LinearClock(step_s=1.0, stages=2)
    _, jobs, _ = run([Request(0, 0.0, 10, 5), Request(1, 0.2, 10, 5)], clock=clock)
    assert [job.finished_s for job in jobs] == [pytest.approx(5.0), pytest.approx(5.5)]


def test_what_can_never_fit_is_refused_at_the_door():
    replica = replica_of(blocks=10, block_tokens=16)
    refused = replica.submit(Job(Request(0, 0.0, 150, 11)), 0.0)
    assert (refused.need, refused.limit) == (161, 160)
    assert "161 tokens" in refused.reason
    assert "160" in refused.reason
    assert replica.submit(Job(Request(1, 0.0, 150, 10)), 0.0) is None
    events = replica.advance(1e3)
    assert [type(event) for event in events[1:]] == [FirstToken, Finished]


def test_a_model_limit_refuses_too():
    replica = replica_of(max_model_tokens=100)
    assert replica.refusal(Request(0, 0.0, 90, 11)).limit == 100
    assert replica.refusal(Request(0, 0.0, 90, 10)) is None


def test_time_runs_forwards():
    replica = replica_of()
    replica.advance(2.0)
    with pytest.raises(SimulationError, match="forwards"):
        replica.advance(1.0)


def test_pieces_that_do_not_add_up_are_refused():
    with pytest.raises(ScenarioError, match="request 0: its pieces add up to 9 tokens") as error:
        replica_of().submit(Job(Request(0, 0.0, 10, 1, pieces=((5, 9),))), 0.0)
    assert error.value.field == "pieces"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("max_num_batched_tokens", 0),
        ("max_num_seqs", 2.5),
        ("block_tokens", True),
        ("acceptance_rate", 1.5),
        ("memory_share", float("nan")),
        ("max_num_batched_tokens", 100),
        ("draft_tokens", -1),
    ],
)
def test_settings_that_make_no_sense_are_refused_by_name(field, value):
    with pytest.raises(ScenarioError) as error:
        EngineSettings(**{field: value})
    assert error.value.field == field
    assert field in str(error.value)


def test_a_replica_that_fails_names_all_its_requests_and_is_empty():
    replica = replica_of(blocks=200)
    requests = random_requests(1, count=40, rate=50)
    jobs, events = [], []
    for request in requests:
        events += replica.advance(request.arrival_s)
        jobs.append(Job(request))
        replica.submit(jobs[-1], request.arrival_s)
    now = requests[-1].arrival_s + 0.5
    events += replica.advance(now)
    lost = replica.fail(now)
    finished = [event.job for event in events if isinstance(event, Finished)]
    assert sorted(job.request.number for job in lost + finished) == list(range(40))
    state = replica.state(now)
    assert (state.waiting, state.running, state.free_blocks) == (0, 0, 200)
    assert len(state.index) == 0
    for job in lost:
        job.reset()
        replica.submit(job, now)
    replica.advance(1e4)
    assert all(job.finished_s > now for job in lost)
