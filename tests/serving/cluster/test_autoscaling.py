"""Replicas that come and go: what they go through, and what makes an autoscaler oscillate."""

from dataclasses import replace

import numpy as np
import pytest

from simcore.errors import ScenarioError
from simcore.serving.autoscaling.hpa import HorizontalPodAutoscaler
from simcore.serving.cluster import Phase, Policies, Policy, PoolSpec, Scaling, Status, serve
from simcore.serving.replica import LinearClock, Role
from simcore.serving.request import Request
from simcore.serving.views import PoolMetrics
from tests.serving.cluster.clusters import (
    Listed,
    aggregated,
    disaggregated,
    machines,
    poisson,
    requests_at,
    simple,
)

# A request alone takes a second; four at once take no longer.
SLOW = simple(clock=LinearClock(step_s=0.05), max_num_seqs=4)
START = {"provisioning_s": 20.0, "loading_s": 30.0, "warm_up_s": 10.0}


def scaled(policy, *, replicas=2, least=1, most=20, **more):
    scaling = Scaling(policy=policy, least=least, most=most, **{"every_s": 5.0} | START | more)
    spec = aggregated(1, SLOW, policies=Policies(routing=Policy("shortest-queue")))
    pool = replace(spec.pools[0], replicas=replicas, scaling=scaling)
    return replace(spec, pools=(pool,))


def hpa(**more):
    return Policy("hpa", {"target": 3.0, "down_window_s": 30.0, **more})


STEP = [Request(i, i / 4, 64, 20) for i in range(400)] + [
    Request(400 + i, 100 + i / 16, 64, 20) for i in range(16 * 500)
]


def test_a_replica_is_provisioned_loaded_and_warmed_up_before_it_takes_requests():
    served = serve(scaled(hpa(), scrape_delay_s=2.0), Listed(STEP[:3000]))
    started = [r for r in served.replicas if r.phases[0][0] is Phase.PROVISIONING]
    assert started
    ready = 0
    for facts in started:
        phases = [phase for phase, _ in facts.phases]
        times = [at for _, at in facts.phases]
        assert times[0] % 5.0 == pytest.approx(2.0)  # a look every 5 s, of metrics from 2 s before
        if Phase.READY not in phases:
            continue
        ready += 1
        assert phases[:4] == [Phase.PROVISIONING, Phase.LOADING, Phase.WARMING_UP, Phase.READY]
        assert np.diff(times)[:3] == pytest.approx([20.0, 30.0, 10.0])
        courses = [c for c in served.courses if c.job.prefill_replica == facts.index]
        assert all(course.job.queued_s >= times[3] for course in courses)
    assert ready > 3


def test_a_drained_replica_ends_what_it_has_and_takes_no_more():
    lull = STEP[:2000] + [Request(2000 + i, 220 + 2.0 * i, 64, 20) for i in range(200)]
    served = serve(scaled(hpa(), replicas=2), Listed(lull))
    drained = [r for r in served.replicas if any(p is Phase.DRAINING for p, _ in r.phases)]
    assert drained
    for facts in drained:
        at = next(time for phase, time in facts.phases if phase is Phase.DRAINING)
        courses = [c for c in served.courses if c.job.prefill_replica == facts.index]
        assert max((c.job.queued_s for c in courses), default=0.0) <= at
        assert facts.phases[-1][0] is Phase.GONE
        if courses:
            assert facts.phases[-1][1] >= max(c.ended_s for c in courses) - 1e-9
    assert served.ledger.requests.completed == len(lull)


def replicas_over_time(served):
    """Those that are ready and those that are being started."""
    return served.pool_timeline["ready"] + served.pool_timeline["pending"]


def swings(total, low, high):
    """How often it went from `low` or less to `high` or more and back again."""
    count, above = 0, False
    for value in total:
        if not above and value >= high:
            above = True
        elif above and value <= low:
            above, count = False, count + 1
    return count


def test_leaving_out_those_on_their_way_makes_an_autoscaler_oscillate():
    """Ten requests a second, of a second each: four to six replicas keep the target. One takes a
    minute to start, and there is a look every 2 s. Where those that are being started do not count,
    each look adds again what is missing: far too many, which are taken away again, and so on. The
    cure is to count them.
    """
    requests = [Request(r.number, r.arrival_s, 64, 20) for r in poisson(3, count=6000, rate=10.0)]
    totals = {}
    for count in (True, False):
        policy = hpa(target=2.5, down_window_s=20.0, count_pending=count)
        served = serve(scaled(policy, replicas=4, most=60, every_s=2.0), Listed(requests))
        assert served.ledger.requests.completed == 6000
        totals[count] = replicas_over_time(served)
    assert totals[True].max() < 10 < 2 * 10 <= totals[False].max()
    assert swings(totals[True], 6, 10) == 0
    assert swings(totals[False], 6, 10) >= 3
    moved = {count: np.abs(np.diff(total)).sum() for count, total in totals.items()}
    assert moved[False] > 2 * moved[True]


def test_each_pool_has_a_loop_of_its_own():
    """Long answers load the decode pool alone."""
    spec = disaggregated(1, 1, SLOW)
    prefill, decode = (
        replace(pool, scaling=Scaling(policy=hpa(), least=1, most=4, every_s=5.0))
        for pool in spec.pools
    )
    spec = replace(spec, pools=(prefill, decode), topology=machines(4, 4))
    served = serve(spec, Listed(requests_at(np.arange(600) / 5, prompt=64, output=40)))
    by_pool = {
        name: [n for _, pool, n in served.scaling if pool == name] for name in ("prefill", "decode")
    }
    assert by_pool["decode"] and max(by_pool["decode"]) >= 1
    assert not by_pool["prefill"]
    assert served.ledger.requests.completed == 600


def test_a_decode_pool_without_a_replica_counts_the_kv_caches_that_wait():
    spec = disaggregated(1, 1, simple(), topology=machines(1, 2))
    policy = hpa(metric="waiting", target=4.0, down_window_s=0.0)
    decode = Scaling(policy=policy, least=0, most=2, every_s=1.0)
    pools = spec.pools[0], replace(spec.pools[1], scaling=decode)
    requests = requests_at([0.0, 30.0, 60.0])
    served = serve(replace(spec, pools=pools), Listed(requests))
    assert served.ledger.requests.completed == 3
    assert [n for _, _, n in served.scaling].count(1) >= 2


def metrics(time, total, ready, pending=0):
    return PoolMetrics(time, 0.0, ready, pending, 0, total, 0, 0.0, 0)


def test_the_rule_is_the_sum_over_the_target_rounded_up():
    scaler = HorizontalPodAutoscaler(target=10.0, down_window_s=0.0)
    assert scaler.change(metrics(0, 41, 2)) == 3
    assert scaler.change(metrics(1, 21, 2)) == 0  # within 10 % of the target
    assert scaler.change(metrics(2, 5, 4)) == -3
    assert scaler.change(metrics(3, 41, 2, pending=3)) == 0
    scaler = HorizontalPodAutoscaler(target=10.0, down_window_s=0.0, count_pending=False)
    assert scaler.change(metrics(0, 41, 2, pending=3)) == 3


def test_windows_let_a_dip_and_a_spike_pass():
    scaler = HorizontalPodAutoscaler(target=10.0, up_window_s=20.0, down_window_s=60.0)
    assert scaler.change(metrics(0, 40, 4)) == 0
    assert scaler.change(metrics(10, 90, 4)) == 0  # 10 s ago less was enough
    assert scaler.change(metrics(25, 90, 4)) == 5  # for 15 s it has been more
    assert scaler.change(metrics(30, 10, 9)) == 0
    assert scaler.change(metrics(84, 10, 9)) == 0
    assert scaler.change(metrics(90, 10, 9)) == -8


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"metric": "mood"}, "metric"),
        ({"target": 0}, "target"),
        ({"target": float("nan")}, "target"),
        ({"tolerance": -1}, "tolerance"),
        ({"count_pending": 1}, "count_pending"),
        ({"down_window_s": "long"}, "down_window_s"),
    ],
)
def test_wrong_parameters_are_refused(change, field):
    with pytest.raises(ScenarioError) as refused:
        HorizontalPodAutoscaler(**change)
    assert refused.value.field == field


def test_a_pool_outside_what_its_scaling_allows_is_refused():
    with pytest.raises(ScenarioError, match="replicas = 5 is not from 1 to 4"):
        PoolSpec(name="p", plan=SLOW, role=Role.BOTH, replicas=5, scaling=Scaling(least=1, most=4))


def test_requests_do_not_wait_for_ever_for_a_replica_that_is_never_started():
    """An autoscaler that looks at KV cache sees none where there is no replica."""
    policy = hpa(metric="kv-usage", target=0.5)
    served = serve(scaled(policy, replicas=0, least=0), Listed(poisson(1, count=5)))
    assert [course.status for course in served.courses] == [Status.FAILED] * 5
    assert "no replica has come" in served.courses[0].reason
    assert served.end_s < 1000.0


def test_a_pool_starts_from_nothing_where_requests_wait():
    """Those that wait at the door are no replica's; a pool without one counts them."""
    served = serve(scaled(hpa(metric="waiting"), replicas=0, least=0), Listed(poisson(1, count=5)))
    assert served.ledger.requests.completed == 5
    assert min(course.job.queued_s for course in served.courses) >= 60.0
