"""Requests in a pipeline: against queueing theory, and against one device that generates."""

from dataclasses import replace

import numpy as np
import pytest

from simcore.distributed import simulate, star
from simcore.distributed.algorithms import ALGORITHMS, Settings, program_for
from simcore.distributed.algorithms.continuous_batching import (
    arrivals_s,
    mean_time_in_system_s,
    service_s,
    waiting_and_service_s,
)

NETWORK = star(12.5e6, 1e-3)
SMALL = Settings(layers=2, ranks=1, tokens=8, output_tokens=3, max_batch=1, requests=150)


def _served(settings, values=False):
    program = program_for("continuous-batching", settings, values=values)
    return simulate(program, settings.ranks, network=NETWORK).values[0]


def _loaded(settings, load):
    return replace(settings, rate_per_s=load / service_s(settings, NETWORK))


def _waits_one_by_one(arrivals, service):
    """Lindley's recursion: who comes next waits for what is left of the one before."""
    waits = np.zeros(len(arrivals))
    for i in range(1, len(arrivals)):
        waits[i] = max(0.0, waits[i - 1] + service - (arrivals[i] - arrivals[i - 1]))
    return waits


def test_one_request_at_a_time_waits_as_lindley_says():
    settings = _loaded(SMALL, 0.8)
    service = service_s(settings, NETWORK)
    served = _served(settings)
    arrivals = arrivals_s(settings)
    assert [request.arrival_s for request in served] == arrivals.tolist()
    expected = _waits_one_by_one(arrivals, service) + service
    assert expected.max() > 3 * service, "nobody waits: nothing is tried"
    took = np.array([request.end_s - request.arrival_s for request in served])
    assert took == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("load", [0.3, 0.8])
def test_the_formula_is_the_mean_of_that(load):
    """Pollaczek-Khinchine for M/D/1, within four standard errors of 24 long samples."""
    settings = _loaded(replace(SMALL, requests=20_000), load)
    service = service_s(settings, NETWORK)
    means = [
        (_waits_one_by_one(arrivals_s(replace(settings, seed=seed)), service) + service).mean()
        for seed in range(24)
    ]
    error = np.std(means, ddof=1) / np.sqrt(len(means))
    assert np.mean(means) == pytest.approx(waiting_and_service_s(settings, NETWORK), abs=4 * error)


def test_a_request_alone_takes_the_service_time_in_a_pipeline():
    settings = replace(SMALL, ranks=3, layers=5, requests=4, rate_per_s=1e-3)
    took = [request.end_s - request.arrival_s for request in _served(settings)]
    assert took == pytest.approx([service_s(settings, NETWORK)] * 4, rel=1e-6)


def test_batching_and_stages_beat_one_request_at_a_time():
    """Decoding reads all weights whether for one request or for four."""
    alone = _loaded(replace(SMALL, output_tokens=8, requests=100), 0.9)
    one_by_one = np.mean([r.end_s - r.arrival_s for r in _served(alone)])
    batched = np.mean([r.end_s - r.arrival_s for r in _served(replace(alone, max_batch=4))])
    assert batched < 0.6 * one_by_one


def test_more_than_one_server_could_do_has_no_mean():
    assert waiting_and_service_s(_loaded(SMALL, 1.0), NETWORK) == float("inf")


def test_every_request_gets_all_its_tokens_in_order():
    settings = replace(_loaded(SMALL, 2.0), ranks=2, max_batch=3, requests=20)
    served = _served(settings)
    assert [request.number for request in served] == list(range(20))
    for request in served:
        assert request.steps == settings.output_tokens == len(request.tokens)
        assert request.arrival_s < request.first_token_s < request.end_s
    # Who comes first is served first.
    firsts = [request.first_token_s for request in served]
    assert firsts == sorted(firsts)


def test_the_measured_quantity_is_what_the_formula_is_about():
    settings = replace(SMALL, requests=5)
    run = simulate(program_for("continuous-batching", settings), 1, network=NETWORK)
    took = [request.end_s - request.arrival_s for request in run.values[0]]
    assert mean_time_in_system_s(run) == pytest.approx(sum(took) / 5)
    assert ALGORITHMS["continuous-batching"].formula.measured(run) == mean_time_in_system_s(run)


@pytest.mark.parametrize(("ranks", "max_batch"), [(1, 3), (2, 1), (3, 2)])
def test_batched_and_piped_requests_get_the_tokens_that_they_would_get_alone(
    ranks, max_batch, torch_on_one_thread
):
    """Greedy decoding, against a device that computes the whole sequence anew for each token."""
    torch = torch_on_one_thread
    from simcore.distributed.models.torch_models import maths_of

    settings = Settings(
        model="small Llama",
        ranks=ranks,
        tokens=5,
        output_tokens=4,
        requests=6,
        max_batch=max_batch,
        rate_per_s=1e6,
    )
    served = _served(settings, values=True)
    maths = maths_of(settings.shape)
    prompts = maths.inputs(settings.requests, settings.tokens)
    for request, prompt in zip(served, prompts, strict=True):
        sequence = prompt[None]
        for _ in range(settings.output_tokens):
            token = maths.next_tokens(maths.on_one_device(sequence))
            sequence = torch.cat([sequence, token], dim=1)
        generated = torch.cat(request.tokens, dim=1)
        assert torch.equal(generated, sequence[:, settings.tokens :])
