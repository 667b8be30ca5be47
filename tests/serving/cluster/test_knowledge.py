"""What policies may see: snapshots that cannot be changed, as old as they say, and no future."""

from dataclasses import dataclass, fields, is_dataclass, replace

import pytest

from simcore.serving.admission import ADMISSIONS, Admission
from simcore.serving.autoscaling import AUTOSCALERS, Autoscaler
from simcore.serving.cluster import Policies, Policy, Scaling, Signals, serve
from simcore.serving.deciding import DECIDERS, Decider
from simcore.serving.replica import EngineSettings, Job, LinearClock, PrefixIndex, Replica
from simcore.serving.request import Request
from simcore.serving.routing import ROUTERS, Router
from simcore.serving.views import Asked
from tests.serving.cluster.clusters import Listed, aggregated, mixture, poisson, sharing

SEEN = []


@dataclass
class SpyRouter(Router):
    reads_states = True

    def choose(self, request, replicas):
        SEEN.append((request, replicas))
        return min(replicas, key=lambda r: (r.in_flight, r.index)).index


@dataclass
class SpyDoor(Admission):
    reads_states = True

    def refuse(self, request, door):
        SEEN.append((request, door))


@dataclass
class SpyDecider(Decider):
    reads_states = True

    def apart(self, request, local):
        SEEN.append((request, local))
        return request.number % 2 == 0


@dataclass
class SpyScaler(Autoscaler):
    def change(self, pool):
        SEEN.append(pool)
        return 0


@pytest.fixture
def spies(monkeypatch):
    SEEN.clear()
    for registry, spy in (
        (ROUTERS, SpyRouter),
        (ADMISSIONS, SpyDoor),
        (DECIDERS, SpyDecider),
        (AUTOSCALERS, SpyScaler),
    ):
        monkeypatch.setitem(registry.registered, "spy", spy)
    return Policies(
        routing=Policy("spy"),
        decode_routing=Policy("spy"),
        admission=Policy("spy"),
        deciding=Policy("spy"),
    )


def reachable(thing, found, through=()):
    """All objects that can be had from `thing` by its fields and its slots, but a prefix index."""
    if id(thing) in found or isinstance(thing, int | float | str | bool | None | PrefixIndex):
        return
    found[id(thing)] = thing
    if is_dataclass(thing):
        for each in fields(thing):
            reachable(getattr(thing, each.name), found)
    elif isinstance(thing, list | tuple | set | frozenset):
        for each in thing:
            reachable(each, found)
    elif isinstance(thing, dict):
        for each in (*thing, *thing.values()):
            reachable(each, found)
    else:
        raise AssertionError(f"a policy sees {thing!r}")


def test_no_policy_can_see_how_long_an_answer_will_be(spies):
    spec = mixture(policies=spies)
    spec = replace(
        spec,
        pools=tuple(
            replace(pool, scaling=Scaling(policy=Policy("spy"), least=1, most=2, every_s=1.0))
            for pool in spec.pools[1:]
        )
        + spec.pools[:1],
    )
    serve(spec, Listed(sharing(poisson(1, count=100))))
    kinds = {type(each).__name__ for each in SEEN}
    assert kinds == {"tuple", "PoolMetrics"} and len(SEEN) > 300
    found = {}
    for each in SEEN:
        reachable(each, found)
    assert not any(isinstance(thing, Request | Job) for thing in found.values())
    assert not any(hasattr(thing, "output_tokens") for thing in found.values())


def test_what_policies_see_cannot_be_changed(spies):
    serve(aggregated(2, policies=spies), Listed(poisson(1, count=5)))
    request, views = next(seen for seen in SEEN if isinstance(seen[1], list))
    for thing, name in (
        (request, "prompt_tokens"),
        (views[0], "in_flight"),
        (views[0].state, "waiting"),
    ):
        with pytest.raises(AttributeError):
            setattr(thing, name, 0)


@pytest.mark.parametrize("name", ROUTERS.names())
def test_longer_answers_of_requests_to_come_change_no_decision(name):
    """Until the first answer that is longer would have ended, all goes the same way."""
    requests = [
        replace(r, output_tokens=r.output_tokens + 200)
        for r in sharing(poisson(1, count=200, rate=40.0))
    ]
    longer = [replace(r, output_tokens=r.output_tokens + 400) for r in requests]
    policies = Policies(routing=Policy(name))
    first, second = (
        serve(aggregated(3, policies=policies), Listed(each)) for each in (requests, longer)
    )
    until = min(c.ended_s for c in first.courses)
    early = [r.number for r in requests if r.arrival_s < until]
    assert len(early) >= 50
    for number in early:
        ours, theirs = first.courses[number], second.courses[number]
        assert ours.job.prefill_replica == theirs.job.prefill_replica


@pytest.mark.parametrize("delay", [0.0, 0.02, 0.5])
def test_what_engines_tell_is_at_least_as_old_as_the_delay(spies, delay):
    spec = aggregated(2, policies=spies, signals=Signals(delay_s=delay))
    serve(spec, Listed(poisson(1, rate=40.0)))
    ages = [
        view.age_s
        for request, views in SEEN
        if isinstance(views, list) and request.arrival_s > delay
        for view in views
    ]
    assert min(ages) >= delay - 1e-12
    # Something happens every few milliseconds, and a state is told then.
    assert delay == 0 or sum(ages) / len(ages) < delay + 0.1
    assert delay > 0 or max(ages) == 0.0


def test_engines_that_tell_seldom_are_seen_as_they_were_then(spies):
    spec = aggregated(2, policies=spies, signals=Signals(delay_s=0.1, every_s=0.25))
    serve(spec, Listed(poisson(1, rate=40.0)))
    ages = [
        view.age_s
        for request, views in SEEN
        if isinstance(views, list) and request.arrival_s > 0.5
        for view in views
    ]
    assert 0.1 - 1e-9 <= min(ages) < 0.15 and 0.3 < max(ages) <= 0.35 + 1e-9
    times = {
        round(view.state.time / 0.25, 6)
        for _, views in SEEN
        if isinstance(views, list)
        for view in views
    }
    assert all(time == round(time) for time in times)


def test_in_flight_counts_are_exact_however_old_signals_are(spies):
    spec = aggregated(3, policies=spies, signals=Signals(delay_s=5.0))
    served = serve(spec, Listed(poisson(1, rate=40.0)))
    courses = served.courses
    for request, views in SEEN:
        if not isinstance(views, list):
            continue
        now = request.arrival_s
        for view in views:
            there = sum(
                c.job.prefill_replica == view.index
                and c.request.number < request.number
                and c.ended_s > now
                for c in courses
            )
            assert view.in_flight == there


def test_a_cache_is_seen_as_it_was():
    """A prompt just sent is not yet seen in the cache of the replica, if signals are old."""
    replica = Replica(0, LinearClock(token_s=1e-5), total_blocks=100, settings=EngineSettings())
    request = Request(0, 0.0, 320, 2, pieces=((2, 320),))
    before = replica.state(0.5)
    replica.submit(Job(request), 0.6)
    replica.advance(1.0)
    after = replica.state(1.0)
    assert before.cached_tokens(request.pieces) == 0
    assert after.cached_tokens(request.pieces) == 320


def test_asked_has_all_of_a_request_but_its_answer():
    names = {each.name for each in fields(Request)}
    assert {each.name for each in fields(Asked)} == names - {"output_tokens"}
