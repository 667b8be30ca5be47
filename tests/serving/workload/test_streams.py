"""Random streams have names: what one draws disturbs no other, and nothing depends on answers."""

import numpy as np
import pytest

from simcore.errors import SimulationError
from simcore.serving.workload import stream, workload_of
from tests.serving.workload.answering import answered, single

RICH = single(
    arrivals={"law": "gamma", "rate_per_s": 5.0, "cv": 2.0},
    prompt={"law": "lognormal", "mean": 300},
    output={"law": "normal", "mean": 100, "sd": 30},
    prefixes=[{"groups": 5}],
    session={
        "turns": {"law": "uniform", "low": 1, "high": 4},
        "tools": {"calls": {"law": "uniform", "low": 0, "high": 2}},
        "retrieval": {"corpus": 100},
    },
)


def drawn(description, seed=0, seconds=lambda request: 1.0):
    return [request for request, _ in answered(workload_of(description).source(seed), seconds)]


def test_a_seed_gives_the_same_requests_and_another_seed_others():
    assert drawn(RICH) == drawn(RICH)
    assert drawn(RICH, 1) != drawn(RICH, 0)


def test_what_is_asked_does_not_depend_on_how_fast_it_is_answered():
    def asked(seconds):
        found = {}
        for request in drawn(RICH, 3, seconds):
            arrival = request.arrival_s if request.turn == 0 else None
            found[request.number] = (request.pieces, request.output_tokens, arrival)
        return found

    assert asked(lambda request: 0.01) == asked(lambda request: request.number % 11)


def column(requests, name, client=0):
    return [getattr(request, name) for request in requests if request.client == client]


@pytest.mark.parametrize(
    ("changed", "kept"),
    [
        ({"output": 7}, ("arrival_s", "prompt_tokens")),
        ({"prompt": {"law": "zipf"}}, ("arrival_s", "output_tokens")),
        ({"arrivals": {"law": "diurnal"}}, ("prompt_tokens", "output_tokens")),
        ({"prefixes": [{"groups": 3}]}, ("arrival_s", "output_tokens")),
        ({"session": {"turns": 1, "think_s": 1}}, ("arrival_s", "prompt_tokens", "output_tokens")),
        ({"requests": 500}, ("arrival_s", "prompt_tokens", "output_tokens")),
    ],
)
def test_changing_one_thing_leaves_the_others_as_they_were(changed, kept):
    base = single(prompt={"law": "lognormal"}, output={"law": "lognormal"})
    one, other = drawn(base), drawn(base | changed)
    for name in kept:
        assert column(one, name)[: len(other)] == column(other, name)


def test_another_client_leaves_the_first_as_it_was():
    lengths = {"prompt": {"law": "lognormal"}, "output": {"law": "zipf"}}
    one = {"name": "one", "arrivals": {"law": "poisson", "rate_per_s": 2.0}, **lengths}
    two = {"name": "two", "arrivals": {"law": "weibull", "rate_per_s": 9.0}, **lengths}
    alone = drawn({"clients": [one], "duration_s": 300})
    for clients in ([one, two], [two, one]):
        together = drawn({"clients": clients, "duration_s": 300})
        place = clients.index(one)
        for name in ("arrival_s", "prompt_tokens", "output_tokens"):
            assert column(together, name, place) == column(alone, name)


def test_streams_of_different_names_and_seeds_are_independent():
    names = [("a",), ("b",), ("a", "b"), ("ab",), ("a\x00b",)]
    samples = [stream(seed, *name).random(20_000) for name in names for seed in (0, 1)]
    correlations = np.corrcoef(samples) - np.eye(len(samples))
    assert abs(correlations).max() < 5 / np.sqrt(20_000)
    assert stream(5, "a").random() == stream(5, "a").random()


def test_a_source_is_good_for_one_run():
    source = workload_of(single()).source(0)
    next(iter(source))
    with pytest.raises(SimulationError, match="make another source"):
        next(iter(source))
