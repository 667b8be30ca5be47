"""Each routing policy chooses what it says; and what old signals do to those that trust them."""

from collections import Counter

import numpy as np
import pytest

from simcore.errors import ScenarioError
from simcore.serving.cluster import Policies, Policy, Signals, serve
from simcore.serving.policies import made
from simcore.serving.routing import ROUTERS
from tests.serving.cluster.clusters import Listed, aggregated, poisson, sharing, simple
from tests.serving.policies.views import replica, request


def router(name, **parameters):
    it = made(ROUTERS, Policy(name, parameters))
    it.begin(np.random.default_rng(0))
    return it


def test_round_robin_takes_one_after_the_other_also_where_one_is_missing():
    it = router("round-robin")
    three = [replica(0), replica(2), replica(5)]
    assert [it.choose(request(), three) for _ in range(4)] == [0, 2, 5, 0]
    assert it.choose(request(), [replica(0), replica(5)]) == 5
    assert it.choose(request(), [replica(0), replica(2), replica(5)]) == 0


def test_random_takes_each_equally_often():
    it = router("random")
    four = [replica(i) for i in (3, 5, 7, 9)]
    drawn = Counter(it.choose(request(), four) for _ in range(4000))
    assert set(drawn) == {3, 5, 7, 9}
    assert all(abs(n - 1000) < 4 * (4000 * 0.25 * 0.75) ** 0.5 for n in drawn.values())


def test_least_loaded_takes_that_with_the_fewest_unfinished_tokens():
    views = [
        replica(0, waiting_tokens=500, context_tokens=100),
        replica(1, waiting_tokens=100, context_tokens=400, in_flight=9),
        replica(2, waiting_tokens=0, context_tokens=500),
    ]
    assert router("least-loaded").choose(request(), views) == 1


def test_shortest_queue_takes_that_with_the_fewest_requests_in_flight():
    views = [replica(0, in_flight=3), replica(1, in_flight=1), replica(2, in_flight=1)]
    assert router("shortest-queue").choose(request(), views) == 1


def test_of_two_that_are_drawn_the_better_one():
    """With n replicas the k-th emptiest is chosen with probability 2 (n - k) / (n (n - 1))."""
    it = router("power-of-two")
    views = [replica(i, in_flight=i) for i in range(5)]
    drawn = Counter(it.choose(request(), views) for _ in range(5000))
    for k in range(1, 6):
        share = 2 * (5 - k) / 20
        assert abs(drawn[k - 1] - 5000 * share) <= 4 * (5000 * share * (1 - share)) ** 0.5


A, B = ((2, 640), (4, 40)), ((6, 640), (8, 40))


def test_prefix_affinity_sends_a_prefix_where_it_went_before():
    it = router("prefix-affinity")
    views = [replica(0), replica(1)]
    assert it.choose(request(prompt=680, pieces=A), views) == 0
    assert it.choose(request(prompt=680, pieces=B), [replica(0, in_flight=1), replica(1)]) == 1
    busy = [replica(0, in_flight=5), replica(1, in_flight=2)]
    assert it.choose(request(prompt=690, pieces=(A[0], (12, 50))), busy) == 0
    # Too little of this prompt is known.
    assert it.choose(request(prompt=2000, pieces=(A[0], (12, 1360))), busy) == 1
    # Replica 0 has far more to do.
    full = [replica(0, in_flight=50), replica(1, in_flight=2)]
    assert it.choose(request(prompt=690, pieces=(A[0], (16, 50))), full) == 1
    it.left(0)
    assert it.choose(request(prompt=680, pieces=A), busy) == 1


def test_prefix_affinity_forgets_the_least_recently_used():
    it = router("prefix-affinity", index_tokens=1280)
    views = [replica(0), replica(1, in_flight=1)]
    for pieces in (A, B, ((10, 640), (12, 40))):
        assert it.choose(request(prompt=680, pieces=pieces), views) == 0
    here = [replica(0, in_flight=2), replica(1)]
    assert it.choose(request(prompt=680, pieces=B), here) == 0
    assert it.choose(request(prompt=680, pieces=A), here) == 1


def test_precise_prefix_takes_the_replica_that_has_most_of_the_prompt():
    views = [replica(0), replica(1, cached=[A], in_flight=7), replica(2, cached=[A[:1]])]
    it = router("precise-prefix")
    assert it.choose(request(prompt=680, pieces=A), views) == 1
    assert it.choose(request(prompt=680, pieces=B), views) == 0
    assert it.choose(request(prompt=680), views) == 0


def test_kv_aware_weighs_what_is_to_be_computed_against_what_is_in_use():
    views = [replica(0, free_blocks=90), replica(1, cached=[A], free_blocks=60)]
    # 680 tokens to compute and 160 in use, against 8 and 640.
    assert router("kv-aware").choose(request(prompt=680, pieces=A), views) == 1
    assert router("kv-aware", overlap_weight=0.1).choose(request(prompt=680, pieces=A), views) == 0
    assert router("kv-aware").choose(request(prompt=680, pieces=B), views) == 0


def test_weighted_scores_are_summed():
    views = [
        replica(0, cached=[A], in_flight=10, free_blocks=50),
        replica(1, in_flight=0, free_blocks=100),
        replica(2, cached=[A[:1]], in_flight=4, free_blocks=100),
    ]
    asked = request(prompt=680, pieces=A)
    assert router("weighted", weights={"prefix": 1}).choose(asked, views) == 0
    assert router("weighted", weights={"in-flight": 1}).choose(asked, views) == 1
    # Prefix scores 1, 0, 640 / 672; in flight 0, 1, 0.6.
    assert router("weighted", weights={"prefix": 1, "in-flight": 1}).choose(asked, views) == 2
    assert not router("weighted", weights={"in-flight": 1}).reads_states
    assert router("weighted").reads_states


@pytest.mark.parametrize(
    ("name", "parameters", "field"),
    [
        ("weighted", {"weights": {"beauty": 1}}, "weights"),
        ("weighted", {"weights": {"prefix": -1}}, "weights"),
        ("weighted", {"weights": []}, "weights"),
        ("power-of-two", {"choices": 0}, "choices"),
        ("power-of-two", {"choice": 2}, "choice"),
        ("prefix-affinity", {"least_share": 2}, "least_share"),
        ("kv-aware", {"overlap_weight": float("nan")}, "overlap_weight"),
        ("round-robin", {"start": 1}, "start"),
    ],
)
def test_wrong_parameters_are_refused(name, parameters, field):
    with pytest.raises(ScenarioError) as refused:
        router(name, **parameters)
    assert refused.value.field == field


def test_an_unknown_policy_gets_the_closest_known_one():
    with pytest.raises(ScenarioError, match="did you mean 'round-robin'"):
        router("round-robbin")


def p99_ttft(policy, delay_s):
    """Of a load that four replicas bear well if it is spread evenly."""
    spec = aggregated(
        4,
        simple(blocks=4000),
        signals=Signals(delay_s=delay_s),
        policies=Policies(routing=policy),
    )
    requests = sharing(poisson(3, count=2000, rate=110.0, prompt=500, output=30), groups=8)
    served = serve(spec, Listed(requests))
    return np.percentile([c.job.first_token_s - c.request.arrival_s for c in served.courses], 99)


def test_old_signals_harm_who_trusts_them_alone_and_counting_oneself_damps_that():
    alone = Policy("weighted", {"weights": {"prefix": 1.0, "kv-usage": 2.0}})
    damped = Policy("weighted", {"weights": {"prefix": 1.0, "kv-usage": 2.0, "in-flight": 4.0}})
    fresh, stale = (p99_ttft(alone, delay) for delay in (0.01, 0.1))
    assert stale > 1.5 * fresh
    assert p99_ttft(damped, 0.1) < 0.6 * stale
