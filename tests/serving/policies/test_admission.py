"""Each admission policy refuses what it says, with the reason."""

import pytest

from simcore.errors import ScenarioError
from simcore.serving.admission import ADMISSIONS
from simcore.serving.cluster import Policies, Policy, Status, serve
from simcore.serving.policies import made
from simcore.serving.request import Client, Request
from tests.serving.cluster.clusters import Listed, aggregated, poisson
from tests.serving.policies.views import door, replica, request


def at_the_door(name, clients=(), **parameters):
    it = made(ADMISSIONS, Policy(name, parameters))
    it.begin(clients)
    return it


def test_always_refuses_nobody():
    assert at_the_door("always").refuse(request(), door(replica(0, in_flight=10**6))) is None


def test_a_bucket_fills_at_its_rate_up_to_its_size():
    it = at_the_door("token-bucket", tokens_per_s=100.0, burst_tokens=300.0)
    assert it.refuse(request(prompt=200), door(time_s=0.0)) is None
    assert "needs 200 tokens, and the bucket holds 100" in it.refuse(
        request(prompt=200), door(time_s=0.0)
    )
    assert it.refuse(request(prompt=150), door(time_s=0.5)) is None
    assert it.refuse(request(prompt=301), door(time_s=3.4)) is not None
    assert it.refuse(request(prompt=10_000), door(time_s=3.5)) is None  # larger than a full bucket
    assert it.refuse(request(prompt=1), door(time_s=3.5)) is not None


def test_the_bucket_bounds_the_tokens_of_a_run():
    """Over any time t no more than size + rate x t tokens are taken in."""
    policy = Policy("token-bucket", {"tokens_per_s": 1000.0, "burst_tokens": 2000.0})
    requests = poisson(1, count=400, rate=10.0)
    served = serve(aggregated(2, policies=Policies(admission=policy)), Listed(requests))
    taken = [c for c in served.courses if c.status is Status.COMPLETED]
    assert 0 < len(taken) < 400
    tokens = sum(c.request.prompt_tokens for c in taken)
    assert tokens <= 2000 + 1000 * requests[-1].arrival_s
    assert tokens > 0.9 * 1000 * requests[-1].arrival_s


def test_queue_depth_refuses_when_all_are_full():
    it = at_the_door("queue-depth", most_in_flight=3)
    assert it.refuse(request(), door(replica(0, in_flight=3), replica(1, in_flight=2))) is None
    assert it.refuse(request(), door(replica(0, in_flight=3), replica(1, in_flight=4)))


def test_saturation_looks_at_kv_cache_and_queue():
    it = at_the_door("saturation", most_kv_usage=0.8, most_waiting=2)
    full = replica(0, free_blocks=10)
    queueing = replica(1, waiting=3)
    assert it.refuse(request(), door(full, queueing)) is not None
    assert it.refuse(request(), door(full, queueing, replica(2, waiting=2))) is None


TIERS = tuple(Client(name=str(p), priority=p) for p in (0, 1, 1, 5))


def test_each_tier_has_its_share_of_the_tier_above():
    it = at_the_door("slo-tiers", TIERS, most_in_flight=8, share=0.5)
    two = replica(0), replica(1)
    limits = {0: 16, 1: 8, 5: 4}
    for priority, limit in limits.items():
        asked = request(priority=priority)
        assert it.refuse(asked, door(*two, in_flight=limit - 1)) is None
        assert it.refuse(asked, door(*two, in_flight=limit)) is not None


def test_under_overload_the_urgent_are_served_and_others_refused_with_the_reason():
    clients = (Client(name="chat", priority=0), Client(name="batch", priority=1))
    requests = [
        Request(
            r.number,
            r.arrival_s,
            r.prompt_tokens,
            r.output_tokens,
            client=r.number % 2,
            priority=r.number % 2,
        )
        for r in poisson(1, count=600, rate=50.0)
    ]
    spec = aggregated(
        1, policies=Policies(admission=Policy("slo-tiers", {"most_in_flight": 100, "share": 0.2}))
    )
    served = serve(spec, Listed(requests, clients))
    refused = [
        sum(c.status is Status.REFUSED for c in served.courses if c.request.client == i)
        for i in (0, 1)
    ]
    assert refused[1] > 3 * max(1, refused[0])
    reasons = {c.reason for c in served.courses if c.status is Status.REFUSED}
    assert all("slo-tiers" in reason and "is taken in below" in reason for reason in reasons)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("token-bucket", {"tokens_per_s": 0}),
        ("token-bucket", {"burst_tokens": "many"}),
        ("queue-depth", {"most_in_flight": 1.5}),
        ("saturation", {"most_kv_usage": 2}),
        ("saturation", {"most_waiting": -1}),
        ("slo-tiers", {"share": 1.5}),
        ("always", {"but": 1}),
    ],
)
def test_wrong_parameters_are_refused(name, parameters):
    with pytest.raises(ScenarioError) as refused:
        at_the_door(name, **parameters)
    assert refused.value.field == next(iter(parameters))
