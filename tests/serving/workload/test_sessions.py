"""Sessions: what came before is in every prompt, and the rest waits for answers."""

from itertools import pairwise

import numpy as np
import pytest

from simcore.serving.request import answer_identity, prompt_identity
from simcore.serving.workload import workload_of
from tests.serving.workload.answering import answered, requests_of, single

LENGTHS = {"prompt": {"law": "lognormal", "mean": 300, "cv": 1}, "output": {"law": "zipf"}}
AGENT = {"calls": {"law": "uniform", "low": 0, "high": 4}, "seconds": 2.0, "result": 700}
RETRIEVAL = {"seconds": {"law": "exponential", "mean": 1.0}, "corpus": 500, "passages": 6}
SESSION = {"turns": {"law": "uniform", "low": 1, "high": 6}, "think_s": 3.0}
SHAPES = {
    "conversation": SESSION,
    "agent": {**SESSION, "tools": AGENT},
    "retrieval": {**SESSION, "retrieval": RETRIEVAL},
    "both": {**SESSION, "tools": AGENT, "retrieval": RETRIEVAL},
}
PREFIXES = [{"tokens": 64}, {"tokens": {"law": "uniform", "low": 0, "high": 99}, "groups": 7}]


def by_session(pairs):
    """(request, end) of each session, in order of its turns."""
    sessions = {}
    for request, end in pairs:
        sessions.setdefault(request.session, []).append((request, end))
    return sessions


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("prefixes", [[], PREFIXES], ids=["bare", "prefixes"])
def test_each_prompt_is_all_that_came_before_and_something_new(shape, prefixes):
    workload = workload_of(single(**LENGTHS, session=SHAPES[shape], prefixes=prefixes))
    sessions = by_session(answered(workload.source(5)))
    assert len(sessions) > 50 and max(map(len, sessions.values())) > 3
    for number, turns in sessions.items():
        requests = [request for request, _ in turns]
        assert [r.turn for r in requests] == list(range(len(requests)))
        assert [r.number for r in requests] == list(range(number, number + len(requests)))
        for request in requests:
            assert sum(tokens for _, tokens in request.pieces) == request.prompt_tokens
            assert all(tokens > 0 for _, tokens in request.pieces)
            assert request.pieces[-1][0] == prompt_identity(request.number)
        for (before, end), (request, _) in pairwise(turns):
            answer = (answer_identity(before.number), before.output_tokens)
            known = (*before.pieces, answer)
            assert request.pieces[: len(known)] == known
            assert request.arrival_s > end


def test_an_agent_calls_its_tools_between_the_messages():
    session = {"turns": 2, "think_s": 30.0, "tools": {"calls": 3, "seconds": 2.0, "result": 700}}
    [(_, turns)] = by_session(
        answered(workload_of(single(session=session, requests=8)).source(0))
    ).items()
    waits = [request.arrival_s - end for (_, end), (request, _) in pairwise(turns)]
    assert waits == pytest.approx([2, 2, 2, 30, 2, 2, 2])
    new = [request.pieces[-1][1] for request, _ in turns]
    assert new == [100, 700, 700, 700, 100, 700, 700, 700]


def test_a_look_up_delays_the_request_and_the_order_is_that_of_arrival():
    plain = requests_of(**single(requests=500))
    looked_up = list(workload_of(single(session={"retrieval": RETRIEVAL}, requests=500)).source(0))
    arrivals = [request.arrival_s for request in looked_up]
    assert arrivals == sorted(arrivals)
    assert [request.number for request in looked_up] == list(range(500))
    delays = np.mean(arrivals) - np.mean([request.arrival_s for request in plain])
    assert delays == pytest.approx(1.0, abs=4 / np.sqrt(500))


def test_passages_are_shared_by_those_who_find_them_and_popular_ones_more_often():
    retrieval = {"passages": 5, "tokens": 50, "corpus": 200, "exponent": 1.0}
    requests = requests_of(**single(session={"retrieval": retrieval}, requests=3000))
    found = [request.pieces[:-1] for request in requests]
    for pieces in found:
        assert len(set(pieces)) == len(pieces) <= 5 and {tokens for _, tokens in pieces} == {50}
    counts = {}
    for identity, _ in (piece for pieces in found for piece in pieces):
        counts[identity] = counts.get(identity, 0) + 1
    # The indices of the corpus are its ranks.
    ranked = [counts.get(identity, 0) for identity in sorted(counts)]
    assert len(counts) > 150 and ranked[0] == max(ranked)
    # At least once in a message with 5 draws.
    harmonic = sum(1 / k for k in range(1, 201))
    once = 1 - (1 - 1 / harmonic) ** 5
    assert ranked[0] / 3000 == pytest.approx(once, abs=4 * np.sqrt(once * (1 - once) / 3000))


def test_a_session_ends_before_its_context_is_too_long():
    session = {"turns": 100, "most_tokens": 2000}
    sessions = by_session(
        answered(workload_of(single(**LENGTHS, session=session, requests=2000)).source(1))
    )
    assert any(len(turns) > 2 for turns in sessions.values())
    for turns in sessions.values():
        for request, _ in turns[1:]:
            assert request.prompt_tokens + request.output_tokens <= 2000


def test_a_session_whose_request_was_refused_ends():
    session = {"turns": 5, "think_s": 1.0}
    source = workload_of(single(session=session, requests=50)).source(1)
    sessions = by_session(answered(source, refused=lambda request: request.turn == 2))
    assert [len(turns) for turns in sessions.values()] == [3] * 10


def test_the_last_session_is_cut_short_where_there_are_no_more_requests():
    requests = requests_of(**single(session={"turns": 4}, requests=10))
    assert sorted(request.number for request in requests) == list(range(10))
    assert sorted(request.turn for request in requests) == [0, 0, 0, 1, 1, 1, 2, 2, 3, 3]


def test_a_system_prompt_is_everybody_s_and_groups_have_their_own():
    prefixes = [{"tokens": 500}, {"tokens": 200, "groups": 3, "exponent": 1.0}]
    requests = requests_of(**single(prefixes=prefixes, requests=6000))
    assert {request.prompt_tokens for request in requests} == {800}
    assert len({request.pieces[0] for request in requests}) == 1
    groups = [request.pieces[1][0] for request in requests]
    counts = sorted((groups.count(each) for each in set(groups)), reverse=True)
    expected = [6000 / (k * (1 + 1 / 2 + 1 / 3)) for k in (1, 2, 3)]
    assert counts == pytest.approx(expected, abs=4 * np.sqrt(6000 / 4))
    own = {request.pieces[2] for request in requests}
    assert len(own) == 6000


def test_two_clients_share_nothing():
    one = {"arrivals": {"law": "constant"}, "prompt": 10, "output": 1, "prefixes": [{"groups": 9}]}
    clients = [{"name": "a", **one}, {"name": "b", **one}]
    requests = requests_of(clients=clients, requests=400)
    heads = [{r.pieces[0] for r in requests if r.client == client} for client in (0, 1)]
    assert len(heads[0]) == len(heads[1]) == 9 and not heads[0] & heads[1]
