"""A closed loop: so many users, each of whom waits for an answer."""

import pytest

from simcore.serving.workload import workload_of
from tests.serving.workload.answering import answered, single

LENGTHS = {"prompt": {"law": "lognormal", "mean": 300, "cv": 1}, "output": {"law": "zipf"}}


def closed(concurrency=4, think_s=0.0, **fields):
    law = {"law": "closed-loop", "concurrency": concurrency, "think_s": think_s}
    return workload_of(single(arrivals=law, **LENGTHS, **fields))


def most_under_way(pairs):
    """The greatest number of requests at a time; an end comes before an arrival at its instant."""
    changes = [(request.arrival_s, 1) for request, _ in pairs] + [(end, -1) for _, end in pairs]
    count = most = 0
    for _, change in sorted(changes):
        count += change
        most = max(most, count)
    return most


@pytest.mark.parametrize("think_s", [0.0, 0.5])
def test_there_are_never_more_under_way_than_users(think_s):
    pairs = answered(closed(think_s=think_s).source(2), lambda r: r.output_tokens / 100)
    assert len(pairs) == 1000
    assert most_under_way(pairs) == 4
    # Until the last ones, a user is always busy or thinking.
    busy = sum(end - request.arrival_s + think_s for request, end in pairs)
    over = max(end for _, end in pairs)
    longest = max(request.output_tokens for request, _ in pairs) / 100 + think_s
    assert 4 * (over - longest) <= busy <= 4 * (over + think_s)


def test_the_nth_request_is_the_same_however_fast_it_is_answered():
    def asked(seconds):
        pairs = answered(closed(session={"turns": 3}).source(2), seconds)
        return {r.number: (r.prompt_tokens, r.output_tokens, r.pieces, r.turn) for r, _ in pairs}

    assert asked(lambda r: 1.0) == asked(lambda r: 0.1 + r.output_tokens % 7)


def test_a_user_whose_request_was_refused_goes_on():
    pairs = answered(closed(think_s=0.1).source(2), refused=lambda r: r.number % 3 == 0)
    assert len(pairs) == 1000


def test_a_user_has_one_session_at_a_time():
    pairs = answered(closed(session={"turns": 3, "think_s": 0.2}).source(2))
    assert len(pairs) == 1000 and most_under_way(pairs) == 4
    spans = {}
    for request, end in pairs:
        first, _ = spans.get(request.session, (request.arrival_s, end))
        spans[request.session] = (first, end)
    changes = sorted([(a, 1) for a, _ in spans.values()] + [(b, -1) for _, b in spans.values()])
    count = 0
    for _, change in changes:
        count += change
        assert count <= 4


def test_nobody_starts_anew_after_the_duration():
    pairs = answered(closed(think_s=0.3, duration_s=20.0).source(2))
    assert max(request.arrival_s for request, _ in pairs) <= 20.0
    assert len(pairs) == 4 * 16  # 1.3 s a request, from 0 to 19.5 s


def test_open_and_closed_clients_have_numbers_of_their_own():
    law = {"law": "closed-loop", "concurrency": 2}
    lengths = {"prompt": 10, "output": 10}
    clients = [
        {"name": "chat", "arrivals": {"law": "poisson", "rate_per_s": 3.0}, **lengths},
        {"name": "batch", "arrivals": law, "requests": 30, **lengths},
    ]
    workload = workload_of({"clients": clients, "requests": 100})
    for seconds in (0.5, 5.0):
        pairs = answered(workload.source(1), lambda r, s=seconds: s)
        batch = [request.number for request, _ in pairs if request.client == 1]
        chat = [request.number for request, _ in pairs if request.client == 0]
        assert sorted(batch) == list(range(30))
        assert chat == list(range(30, 100))


def test_more_users_than_requests_make_as_many_as_there_are():
    pairs = answered(closed(concurrency=50, requests=7).source(0))
    assert [request.number for request, _ in pairs] == list(range(7))
