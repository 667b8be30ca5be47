"""The same cluster, requests and seed: the same times, to the last bit."""

from dataclasses import replace

import pytest

from simcore.serving.cluster import Policies, Policy, Signals, serve
from simcore.serving.routing import ROUTERS
from simcore.serving.workload import workload_of
from tests.serving.cluster.clusters import Listed, aggregated, poisson, sharing, simple
from tests.serving.cluster.test_ledger import CLUSTERS


def ends(served):
    return [(c.request.number, c.status, c.ended_s, c.job.first_token_s) for c in served.courses]


@pytest.mark.parametrize("name", CLUSTERS)
def test_a_run_can_be_repeated(name):
    first, second = (
        serve(CLUSTERS[name], Listed(sharing(poisson(11, count=150))), seed=5) for _ in range(2)
    )
    assert ends(first) == ends(second)
    assert first.ledger == second.ledger
    assert first.replicas == second.replicas


@pytest.mark.parametrize(
    "name",
    [
        "aggregated",
        "little memory",
        "disaggregated, little memory",
        "layer-wise",
        "mixture",
        "failing, layer-wise",
    ],
)
def test_jumps_over_steady_decode_change_nothing(name):
    spec = CLUSTERS[name]
    slowly = replace(
        spec,
        pools=tuple(
            replace(
                pool,
                plan=replace(pool.plan, settings=replace(pool.plan.settings, step_by_step=True)),
            )
            for pool in spec.pools
        ),
    )
    fast, slow = (serve(each, Listed(poisson(11, count=120)), seed=5) for each in (spec, slowly))
    order = [
        [c.request.number for c in sorted(run.courses, key=lambda c: (c.ended_s, c.request.number))]
        for run in (fast, slow)
    ]
    assert order[0] == order[1]
    for a, b in zip(fast.courses, slow.courses, strict=True):
        assert a.ended_s == pytest.approx(b.ended_s, abs=1e-9)
        assert a.job.first_token_s == pytest.approx(b.job.first_token_s, abs=1e-9)


def test_another_router_disturbs_no_arrival():
    asked = workload_of(
        {
            "arrivals": {"law": "gamma", "rate_per_s": 10, "cv": 2},
            "prompt": {"law": "lognormal", "mean": 300, "cv": 1},
            "output": {"law": "lognormal", "mean": 40, "cv": 1},
            "session": {"turns": 2, "think_s": 1.0},
            "requests": 120,
        }
    )
    drawn = []
    for name in ROUTERS.names():
        spec = aggregated(3, policies=Policies(routing=Policy(name)))
        served = serve(spec, asked.source(seed=3), seed=3)
        assert served.ledger.requests.completed == 120
        drawn.append(
            [
                (
                    c.request.number,
                    c.request.prompt_tokens,
                    c.request.output_tokens,
                    c.request.arrival_s if c.request.turn == 0 else None,
                )
                for c in served.courses
            ]
        )
    assert all(each == drawn[0] for each in drawn)


def test_other_seeds_send_requests_elsewhere():
    spec = aggregated(4, policies=Policies(routing=Policy("random")))
    where = [
        [c.job.prefill_replica for c in serve(spec, Listed(poisson(1)), seed=seed).courses]
        for seed in (1, 1, 2)
    ]
    assert where[0] == where[1] != where[2]
    assert all(abs(where[0].count(i) - 75) < 4 * (300 * 0.25 * 0.75) ** 0.5 for i in range(4))


def test_how_often_the_ledger_is_checked_changes_nothing():
    runs = [
        serve(aggregated(2, simple(blocks=200), tick_s=tick), Listed(poisson(2)), seed=0)
        for tick in (0.013, 1.0, 500.0)
    ]
    for other in runs[1:]:
        for a, b in zip(ends(runs[0]), ends(other), strict=True):
            assert a[:2] == b[:2] and a[2:] == pytest.approx(b[2:], abs=1e-9)


@pytest.mark.parametrize("signals", [Signals(delay_s=0.05), Signals(delay_s=0.05, every_s=0.1)])
def test_a_run_with_old_signals_can_be_repeated(signals):
    spec = aggregated(3, signals=signals, policies=Policies(routing=Policy("kv-aware")))
    runs = [ends(serve(spec, Listed(sharing(poisson(4))), seed=0)) for _ in range(2)]
    assert runs[0] == runs[1]
