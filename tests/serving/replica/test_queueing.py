"""A replica that serves one prompt at a time is a queue of which theory knows the waiting time."""

import numpy as np
import pytest

from simcore.serving.replica import LinearClock
from simcore.serving.request import Request
from tests.serving.replica.driver import drive, replica_of

WARM_UP = 300
TOKENS = 64


def prompts_one_by_one(rate, seed, count, tokens=None):
    rng = np.random.default_rng(seed)
    at = np.cumsum(rng.exponential(1 / rate, count)).tolist()
    sizes = np.full(count, TOKENS) if tokens is None else tokens(rng, count)
    return [Request(i, at[i], int(sizes[i]), 1) for i in range(count)]


def means(clock, rate, measure, *, tokens=None, seeds=10, count=3000, budget=TOKENS, seqs=1):
    """Mean of a measure over the requests of each seed."""
    found = []
    for seed in range(seeds):
        replica = replica_of(
            clock, blocks=10**6, max_num_batched_tokens=budget, max_num_seqs=seqs,
            prefix_caching=False,
        )  # fmt: skip
        jobs, _ = drive(replica, prompts_one_by_one(rate, seed, count, tokens))
        found.append(np.mean([measure(job) for job in jobs[WARM_UP:]]))
    return np.array(found)


def wait(job):
    return job.started_s - job.request.arrival_s


def ttft(job):
    return job.first_token_s - job.request.arrival_s


def four_errors(found):
    return 4 * found.std(ddof=1) / np.sqrt(len(found))


@pytest.mark.parametrize("load", [0.3, 0.7])
def test_equal_prompts_wait_as_in_m_d_1(load):
    """E[W] = rho D / (2 (1 - rho)): Pollaczek and Khinchine with a constant service time."""
    found = means(LinearClock(step_s=1.0), load, wait)
    assert found.mean() == pytest.approx(load / (2 * (1 - load)), abs=four_errors(found))


def test_prompts_of_varying_length_wait_as_in_m_g_1():
    """E[W] = lambda E[S^2] / (2 (1 - rho)), Pollaczek and Khinchine, for geometric lengths."""
    mean = 20.0

    def lengths(rng, count):
        return rng.geometric(1 / mean, count)

    clock, rate = LinearClock(token_s=1 / mean), 0.6
    found = means(clock, rate, wait, tokens=lengths, budget=10**5)
    # Of a geometric law with mean m the second moment is m (2 m - 1).
    second = mean * (2 * mean - 1) / mean**2
    assert found.mean() == pytest.approx(rate * second / (2 * (1 - rate)), abs=four_errors(found))


@pytest.mark.parametrize("rate", [0.4, 1.4])
def test_two_stages_are_distserves_inter_operator_queue(rate):
    """D + R D^2 / (4 (2 - R D)): Zhong et al., "DistServe", OSDI 2024, equation 2, for D = 1."""
    clock = LinearClock(token_s=1 / TOKENS, stages=2)
    found = means(clock, rate, ttft, seqs=8)
    assert found.mean() == pytest.approx(1 + rate / (4 * (2 - rate)), abs=four_errors(found))


@pytest.mark.parametrize("rate", [0.4, 1.2])
def test_twofold_tensor_parallelism_is_distserves_intra_operator_queue(rate):
    """D/K + R D^2 / (2 K (K - R D)): the same, equation 3, with a speed-up of K = 1.6 for D = 1."""
    k = 1.6
    found = means(LinearClock(token_s=1 / (k * TOKENS)), rate, ttft)
    assert found.mean() == pytest.approx(
        1 / k + rate / (2 * k * (k - rate)), abs=four_errors(found)
    )


def test_stages_win_from_the_rate_on_at_which_the_formulas_cross():
    """For K = 1.5 and D = 1 that is where 5 R^2 - 17.5 R + 12 = 0."""
    k = 1.5
    crossing = (17.5 - np.sqrt(17.5**2 - 240)) / 10

    def gap(rate):
        return 1 + rate / (4 * (2 - rate)) - (1 / k + rate / (2 * k * (k - rate)))

    assert gap(crossing) == pytest.approx(0, abs=1e-12)
    for rate, sign in ((0.85 * crossing, 1), (1.15 * crossing, -1)):
        stages = means(LinearClock(token_s=1 / TOKENS, stages=2), rate, ttft, seqs=8)
        shards = means(LinearClock(token_s=1 / (k * TOKENS)), rate, ttft)
        differences = stages - shards
        assert np.sign(differences.mean()) == sign
        assert differences.mean() == pytest.approx(gap(rate), abs=four_errors(differences))
