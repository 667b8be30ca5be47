"""The order in which an engine takes those that wait."""

import numpy as np
import pytest

from simcore.errors import ScenarioError
from simcore.serving.cluster import Policies, Policy, serve
from simcore.serving.policies import made
from simcore.serving.replica import LinearClock
from simcore.serving.request import Client, Request
from simcore.serving.scheduling import SCHEDULERS
from tests.serving.cluster.clusters import Listed, aggregated, simple

CLIENTS = (
    Client(name="slow", ttft_s=9.0, priority=2),
    Client(name="fast", ttft_s=1.0),
    Client(name="any", priority=1),
)
ONE_BY_ONE = simple(
    clock=LinearClock(token_s=1e-3),
    blocks=10**5,
    max_num_seqs=1,
    max_num_batched_tokens=4096,
    chunked_prefill=False,
    prefix_caching=False,
)
# While request 0 is computed all the others come.
REQUESTS = [
    Request(0, 0.0, 1000, 1, client=2, priority=1),
    Request(1, 0.1, 800, 1, client=2, priority=1),
    Request(2, 0.2, 500, 1, client=0, priority=2),
    Request(3, 0.3, 900, 1, client=1, priority=0),
    Request(4, 0.4, 300, 1, client=0, priority=2),
    Request(5, 0.5, 500, 1, client=1, priority=0),
]


def order_of(name, **parameters):
    policies = Policies(scheduling=Policy(name, parameters))
    served = serve(aggregated(1, ONE_BY_ONE, policies=policies), Listed(REQUESTS, CLIENTS))
    return [c.request.number for c in sorted(served.courses, key=lambda c: c.job.started_s)]


def test_first_come_first_served():
    assert order_of("fcfs") == [0, 1, 2, 3, 4, 5]


def test_the_lowest_priority_number_first():
    assert order_of("priority") == [0, 3, 5, 1, 2, 4]


def test_the_shortest_prompt_first():
    assert order_of("sjf") == [0, 4, 2, 5, 1, 3]
    # Waiting counts: a second earlier is as good as 10,000 tokens less.
    assert order_of("sjf", tokens_per_s=1e4) == [0, 1, 2, 3, 4, 5]


def test_the_earliest_deadline_first():
    assert order_of("slo-aware") == [0, 3, 5, 2, 4, 1]
    assert order_of("slo-aware", without_s=0.5) == [0, 1, 3, 5, 2, 4]


def test_the_shortest_first_waits_least_on_average():
    """Of all orders without preemption (Smith, Naval Research Logistics Quarterly 3, 1956)."""
    rng = np.random.default_rng(1)
    requests = [Request(i, 0.0, int(n), 1) for i, n in enumerate(rng.integers(50, 2000, 40))]
    waits = {}
    for name in SCHEDULERS.names():
        policies = Policies(scheduling=Policy(name))
        served = serve(aggregated(1, ONE_BY_ONE, policies=policies), Listed(requests))
        waits[name] = np.mean([c.job.first_token_s for c in served.courses])
    ends = np.cumsum(np.sort([r.prompt_tokens for r in requests]) * 1e-3)
    assert waits["sjf"] == pytest.approx(ends.mean(), rel=1e-9)
    assert waits["sjf"] < 0.8 * waits["fcfs"]


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("sjf", {"tokens_per_s": -1}), ("slo-aware", {"without_s": "long"}), ("fcfs", {"last": 1})],
)
def test_wrong_parameters_are_refused(name, parameters):
    with pytest.raises(ScenarioError) as refused:
        made(SCHEDULERS, Policy(name, parameters))
    assert refused.value.field == next(iter(parameters))
