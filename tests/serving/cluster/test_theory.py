"""Clusters against theory: waiting at prefill, work conservation, and one request alone."""

import math

import numpy as np
import pytest

from simcore.serving.cluster import Policies, Policy, serve
from simcore.serving.replica import LinearClock
from tests.serving.cluster.clusters import Listed, aggregated, poisson, requests_at, simple

PROMPT = 500
SERVICE_S = 0.1  # D, of one prompt alone
COUNT = 1500
SEEDS = range(7)


def mean_ttft_s(rate, seed, *, stages=1, speed=1.0):
    """Of prompts of one length, one in each step, on a replica that only prefills."""
    clock = LinearClock(token_s=SERVICE_S / PROMPT / speed, stages=stages)
    plan = simple(
        clock=clock,
        blocks=10**6,
        max_num_batched_tokens=PROMPT,
        max_num_seqs=PROMPT,
        prefix_caching=False,
    )
    times = np.cumsum(np.random.default_rng(seed).exponential(1 / rate, COUNT))
    served = serve(aggregated(1, plan, tick_s=1000.0), Listed(requests_at(times, PROMPT, output=1)))
    return np.mean([c.job.first_token_s - c.request.arrival_s for c in served.courses])


def over_seeds(*args, **more):
    means = [mean_ttft_s(*args, seed, **more) for seed in SEEDS]
    return np.mean(means), np.std(means, ddof=1) / math.sqrt(len(means))


def inter_operator_s(rate):
    """Two stages: D + R D^2 / (4 (2 - R D)); Zhong et al., DistServe, OSDI 2024, section 3.1."""
    return SERVICE_S + rate * SERVICE_S**2 / (4 * (2 - rate * SERVICE_S))


def intra_operator_s(rate, speed):
    """Twice the GPUs, K times as fast: D/K + R D^2 / (2 K (K - R D)); the same."""
    return SERVICE_S / speed + rate * SERVICE_S**2 / (2 * speed * (speed - rate * SERVICE_S))


@pytest.mark.parametrize("rate", [4.0, 14.0])
def test_two_stages_are_distserves_inter_operator_parallelism(rate):
    mean, error = over_seeds(rate, stages=2)
    assert mean == pytest.approx(inter_operator_s(rate), abs=4 * error)


@pytest.mark.parametrize(("rate", "speed"), [(8.0, 1.8), (12.0, 1.5)])
def test_a_faster_replica_is_distserves_intra_operator_parallelism(rate, speed):
    mean, error = over_seeds(rate, speed=speed)
    assert mean == pytest.approx(intra_operator_s(rate, speed), abs=4 * error)


def test_the_two_kinds_of_parallelism_cross_where_the_formulas_do():
    """Sharing every layer is better below, sharing out the layers above that rate."""
    speed = 1.5
    rates = np.linspace(1.0, 14.5, 2000)
    gain = [intra_operator_s(rate, speed) - inter_operator_s(rate) for rate in rates]
    crossing = rates[np.flatnonzero(np.diff(np.sign(gain)))]
    assert len(crossing) == 1
    for rate, sign in ((crossing[0] * 0.75, -1), (min(crossing[0] * 1.25, 14.0), 1)):
        ours = [
            mean_ttft_s(rate, seed, speed=speed) - mean_ttft_s(rate, seed, stages=2)
            for seed in SEEDS
        ]
        assert sign * np.mean(ours) > 4 * np.std(ours, ddof=1) / math.sqrt(len(ours))


@pytest.mark.parametrize("name", ["fcfs", "priority", "sjf", "slo-aware"])
def test_no_order_of_requests_changes_how_much_work_there_is(name):
    """Work conservation: one prompt in each step, so the server is busy for their sum, and the last
    is over at the same moment whatever their order (Kleinrock, vol. II, 1976, section 3.4)."""
    clock = LinearClock(token_s=1e-4)
    plan = simple(
        clock=clock,
        blocks=10**6,
        max_num_batched_tokens=8192,
        chunked_prefill=False,
        max_num_seqs=1,
        prefix_caching=False,
    )
    requests = [
        r for r in poisson(5, count=400, rate=20.0, prompt=450, output=1) if r.prompt_tokens < 8000
    ]
    requests = [
        type(r)(i, r.arrival_s, r.prompt_tokens, 1, priority=i % 3) for i, r in enumerate(requests)
    ]
    served = serve(
        aggregated(1, plan, policies=Policies(scheduling=Policy(name))), Listed(requests)
    )
    work = 1e-4 * sum(r.prompt_tokens for r in requests)
    assert served.replicas[0].counts.busy_s == pytest.approx(work, rel=1e-9)
    end = 0.0
    for request in requests:
        end = max(end, request.arrival_s) + 1e-4 * request.prompt_tokens
    assert served.end_s == pytest.approx(end, rel=1e-9)


def test_a_random_router_splits_a_poisson_stream_into_poisson_streams():
    """Each of two replicas is an M/D/1 queue with half the rate: W = D + rho D / (2 (1 - rho))."""
    rate, service = 14.0, SERVICE_S
    plan = simple(
        clock=LinearClock(token_s=service / PROMPT),
        blocks=10**6,
        max_num_batched_tokens=PROMPT,
        max_num_seqs=PROMPT,
        prefix_caching=False,
    )
    spec = aggregated(2, plan, tick_s=1000.0, policies=Policies(routing=Policy("random")))
    means = []
    for seed in SEEDS:
        times = np.cumsum(np.random.default_rng(seed).exponential(1 / rate, COUNT))
        served = serve(spec, Listed(requests_at(times, PROMPT, output=1)), seed=seed)
        means.append(np.mean([c.ended_s - c.request.arrival_s for c in served.courses]))
    rho = rate / 2 * service
    expected = service + rho * service / (2 * (1 - rho))
    error = np.std(means, ddof=1) / math.sqrt(len(means))
    assert np.mean(means) == pytest.approx(expected, abs=4 * error)
