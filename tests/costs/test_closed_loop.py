"""A serving engine in a closed loop: limits that are theorems, and a simulated engine."""

from collections import deque

import numpy as np
import pytest

from simcore.costs.closed_loop import (
    mean_wait_seconds,
    overflow_wait_seconds,
    prompts_together,
    seconds_per_token,
)


def simulated(*, decode_s, prompt_s, clients, outputs, steps):
    """Mean time per token and mean wait of prompts [s] of an engine simulated step by step.

    Each step gives every running request a token and prefills one waiting prompt at most.
    """
    rng = np.random.default_rng(1)
    low, high = outputs

    def length():
        return int(rng.integers(low, high + 1))

    running = {client: (length(), 0, 0.0) for client in range(clients)}
    waiting, now, tokens_s, waits = deque(), 0.0, [], []
    for _ in range(steps):
        joins = waiting.popleft() if waiting else None
        started = now
        now += decode_s + (prompt_s if joins is not None else 0.0)
        for client, (goal, made, since) in list(running.items()):
            if made + 1 < goal:
                running[client] = goal, made + 1, since
                continue
            del running[client]
            if since > 0:
                tokens_s.append((now - since) / goal)
            waiting.append((client, now))
        if joins is not None:
            client, arrived = joins
            waits.append(started - arrived)
            running[client] = length(), 0, now
    return np.mean(tokens_s), np.mean(waits)


@pytest.mark.parametrize("prompt_s", [0.005, 0.05, 0.2])
def test_a_simulated_engine_takes_as_long_per_token(prompt_s):
    """Within 4 %: prompts that wait are not among the running, which the formula leaves out."""
    load = {"decode_s": 0.01, "prompt_s": prompt_s}
    each, _ = simulated(**load, clients=16, outputs=(400, 500), steps=40_000)
    found = seconds_per_token(**load, running=16, output=450)
    assert found == pytest.approx(each, rel=0.04)


def test_a_lone_request_is_delayed_by_nobody():
    assert seconds_per_token(decode_s=0.02, prompt_s=9.0, running=1, output=10) == 0.02
    assert mean_wait_seconds(service_s=9.0, think_s=1.0, clients=1, rounds=10) == 0
    assert overflow_wait_seconds(turn_s=5.0, concurrency=8, running=8, rounds=10) == 0


def test_the_first_round_waits_for_half_of_the_others():
    found = mean_wait_seconds(service_s=0.5, think_s=1e9, clients=9, rounds=1)
    assert found == pytest.approx(8 * 0.5 / 2)


def test_waits_are_those_of_a_queue_and_never_more_than_everybody():
    light = mean_wait_seconds(service_s=0.1, think_s=1e3, clients=2, rounds=1e15)
    busy = 0.1 / (1e3 + 0.2)
    assert light == pytest.approx(busy * 0.1 / (2 * (1 - busy)), rel=1e-6)
    heavy = mean_wait_seconds(service_s=1.0, think_s=0.0, clients=50, rounds=10)
    assert heavy <= 49 / 2 + 1e-9


def test_twice_the_requests_that_fit_wait_a_turn():
    """A place becomes free every turn / running, and `running` stand in line: Little's law."""
    found = overflow_wait_seconds(turn_s=10.0, concurrency=64, running=32, rounds=1e9)
    assert found == pytest.approx(10.0)


@pytest.mark.parametrize("clients", [1, 16, 256, 4096])
def test_prompts_that_meet_are_a_fixed_point(clients):
    load = {"single_s": 0.08, "marginal_s": 0.01, "think_s": 10.0}
    together = prompts_together(**load, clients=clients, most=8.0)
    assert 1 <= together <= 8
    step = max(load["single_s"], together * load["marginal_s"])
    arrive = clients * step / (load["think_s"] + clients * step / together)
    assert together == pytest.approx(np.clip(arrive, 1, 8), rel=0.05)
