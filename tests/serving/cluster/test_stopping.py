"""Runs that do not come to their end: overload, bounds, policies and sources that fail."""

from dataclasses import dataclass, replace

import pytest

from simcore.errors import ScenarioError, SimulationError
from simcore.serving.admission import ADMISSIONS, Admission
from simcore.serving.autoscaling import AUTOSCALERS, Autoscaler
from simcore.serving.cluster import (
    Bounds,
    ClusterSpec,
    MachineFault,
    PartFault,
    Policies,
    Policy,
    PolicyError,
    PoolSpec,
    ReplicaFault,
    Scaling,
    ServingStopped,
    Signals,
    Status,
    Verdict,
    serve,
)
from simcore.serving.cluster.served import verdict_of
from simcore.serving.deciding import DECIDERS, Decider
from simcore.serving.replica import LinearClock, Role
from simcore.serving.request import Request
from simcore.serving.routing import ROUTERS, Router
from simcore.serving.scheduling import SCHEDULERS, Scheduling
from tests.serving.cluster.clusters import (
    Listed,
    aggregated,
    disaggregated,
    machines,
    mixture,
    poisson,
    requests_at,
    simple,
)


def test_more_requests_than_it_can_ever_serve_are_detected_and_stopped_at_a_bound():
    requests = (Request(i, i / 100, 800, 50) for i in range(10**9))  # without end

    class Endless(Listed):
        def __init__(self):
            super().__init__(())

        def __iter__(self):
            return requests

    served = serve(aggregated(1), Endless(), bounds=Bounds(most_in_flight=3000))
    assert served.partial and served.verdict is Verdict.OVERLOADED
    assert "more than 3,000 requests were under way" in served.stopped
    assert "add replicas" in served.stopped
    assert served.ledger.requests.in_flight == len(served.unfinished) == 3001
    assert served.ledger.requests.balanced and served.ledger.prompt_tokens.balanced
    assert served.ledger.requests.completed == len(served.courses) > 0


def test_a_run_may_end_at_a_moment():
    served = serve(disaggregated(), Listed(poisson(1, count=300)), bounds=Bounds(until_s=10.0))
    assert served.end_s == 10.0 and "10 s" in served.stopped
    assert served.ledger.requests.arrived == sum(r.arrival_s <= 10.0 for r in poisson(1, count=300))
    assert served.ledger.requests.balanced
    whole = serve(disaggregated(), Listed(poisson(1, count=300)), bounds=Bounds(until_s=1e4))
    assert not whole.partial
    # What had ended by then had ended at the same moments.
    early = [c for c in whole.courses if c.ended_s <= 10.0]
    assert [(c.request.number, c.ended_s) for c in early] == [
        (c.request.number, c.ended_s) for c in served.courses
    ]


RATES = {5.0: Verdict.STABLE, 20.0: Verdict.STABLE, 45.0: Verdict.OVERLOADED}


@pytest.mark.parametrize("rate", RATES)
def test_the_verdict_follows_the_load(rate):
    served = serve(aggregated(1, simple(blocks=2000)), Listed(poisson(1, count=1500, rate=rate)))
    assert served.verdict is RATES[rate] and not served.partial


def test_the_verdict_of_points_in_time():
    times = [float(i) for i in range(101)]
    rising = [5.0 * i for i in range(101)]
    came = [10.0 * i for i in range(101)]
    assert verdict_of(times, came, [1] * 101, [9] * 101, 100.0) is Verdict.STABLE
    assert verdict_of(times, came, [30] * 101, [9] * 101, 100.0) is Verdict.BACKLOGGED
    assert verdict_of(times, came, rising, [9] * 101, 100.0) is Verdict.OVERLOADED
    few = [50.0 + 0.4 * i for i in range(101)]  # 4 % of those that come
    assert verdict_of(times, came, few, [99] * 101, 100.0) is Verdict.STABLE
    # After the last request has come, it only drains.
    assert verdict_of(times, came, [0] * 50 + [30] * 51, [9] * 101, 50.0) is Verdict.STABLE
    assert verdict_of([], [], [], [], 0.0) is Verdict.STABLE


@dataclass
class BrokenRouter(Router):
    answer: object = None

    def choose(self, request, replicas):
        if request.number < 20:
            return replicas[0].index
        return 1 / 0 if self.answer is None else self.answer


@dataclass
class BrokenDoor(Admission):
    def refuse(self, request, door):
        return None if request.number < 20 else door.nothing


@dataclass
class BrokenOrder(Scheduling):
    def order(self, clients):
        return lambda waiting: {}[waiting.number] if waiting.number >= 20 else 0


@dataclass
class BrokenDecider(Decider):
    def apart(self, request, local):
        if request.number >= 20:
            raise RuntimeError("no idea")
        return True


@dataclass
class BrokenScaler(Autoscaler):
    def change(self, pool):
        raise RuntimeError("no idea")


@pytest.fixture
def broken(monkeypatch):
    for registry, policy in (
        (ROUTERS, BrokenRouter),
        (ADMISSIONS, BrokenDoor),
        (SCHEDULERS, BrokenOrder),
        (DECIDERS, BrokenDecider),
        (AUTOSCALERS, BrokenScaler),
    ):
        monkeypatch.setitem(registry.registered, "broken", policy)


BROKEN = Policy("broken")


@pytest.mark.parametrize(
    ("kind", "raised"),
    [
        ("routing", "ZeroDivisionError"),
        ("decode_routing", "ZeroDivisionError"),
        ("admission", "AttributeError"),
        ("scheduling", "KeyError"),
        ("deciding", "RuntimeError: no idea"),
    ],
)
def test_a_policy_that_raises_is_named_with_what_it_saw_and_results_are_kept(broken, kind, raised):
    spec = mixture(policies=replace(Policies(), **{kind: BROKEN}))
    with pytest.raises(ServingStopped) as stopped:
        serve(spec, Listed(poisson(1, count=100)))
    message = str(stopped.value)
    assert "'broken' raised " + raised in message and "number=20" in message
    cause = stopped.value.__cause__
    assert isinstance(cause, PolicyError) and cause.policy == "broken"
    assert cause.snapshot is not None and type(cause.__cause__).__name__ == raised.split(":")[0]
    served = stopped.value.served
    assert served.partial and "PolicyError" in served.stopped
    assert served.ledger.requests.arrived >= 21
    assert served.ledger.requests.completed == len(served.courses) > 0
    assert served.ledger.requests.balanced and served.ledger.output_tokens.balanced


def test_an_autoscaler_that_raises_is_named(broken):
    spec = aggregated(2)
    pool = replace(spec.pools[0], scaling=Scaling(policy=BROKEN, most=3, every_s=1.0))
    with pytest.raises(ServingStopped, match=r"autoscaling policy 'broken' raised.*in_flight="):
        serve(replace(spec, pools=(pool,)), Listed(poisson(1, count=100)))


@pytest.mark.parametrize("answer", [7, -1, "first", 0.5])
def test_a_router_that_chooses_no_replica_is_named(broken, answer):
    policies = Policies(routing=Policy("broken", {"answer": answer}))
    with pytest.raises(ServingStopped, match=r"chose replica .* for request 20; return the index"):
        serve(aggregated(3, policies=policies), Listed(poisson(1, count=100)))


def test_a_source_that_fails_leaves_what_came_before():
    class Failing(Listed):
        def __iter__(self):
            yield from self.requests
            raise ScenarioError("trace.csv, line 52: arrived_at = -1; use 0 or more")

    with pytest.raises(ServingStopped, match="line 52") as stopped:
        serve(aggregated(2), Failing(poisson(1, count=50)))
    served = stopped.value.served
    assert served.partial and served.ledger.requests.arrived == 50
    assert served.ledger.requests.balanced


def test_a_prompt_that_can_never_fit_is_refused_at_the_door_with_the_reason():
    small = simple(blocks=50)  # 800 tokens
    large = [Request(0, 0.0, 700, 20), Request(1, 0.1, 790, 20), Request(2, 0.2, 900, 20)]
    for spec in (
        aggregated(2, small),
        disaggregated(1, 1, small),
        disaggregated(1, 1, simple(), small),
    ):
        served = serve(spec, Listed(large))
        assert [c.status for c in served.courses] == [
            Status.COMPLETED,
            Status.REFUSED,
            Status.REFUSED,
        ]
        assert "needs 810 tokens" in served.courses[1].reason
        assert "at most 800" in served.courses[1].reason


def test_where_nothing_is_left_requests_fail_and_where_something_comes_back_they_wait():
    requests = requests_at([0.0, 5.0, 10.0], output=5)
    for back_s, last in ((30.0, Status.COMPLETED), (float("inf"), Status.FAILED)):
        fault = ReplicaFault(pool="both", replica=0, at_s=4.0, back_s=back_s)
        served = serve(aggregated(1, faults=(fault,)), Listed(requests))
        assert [c.status for c in served.courses] == [Status.COMPLETED, last, last]
        if last is Status.FAILED:
            assert "no replica is left" in served.courses[1].reason
        else:
            assert served.courses[1].job.queued_s == pytest.approx(30.0)


def test_all_of_no_requests():
    served = serve(aggregated(2), Listed([]))
    assert served.ledger.requests.arrived == 0 and served.verdict is Verdict.STABLE
    assert not served.partial and served.end_s == 0.0


POOL = PoolSpec(name="a", plan=simple())
WRONG = {
    "no pool": lambda: ClusterSpec(pools=()),
    "two of a name": lambda: ClusterSpec(pools=(POOL, POOL)),
    "nothing prefills": lambda: ClusterSpec(
        pools=(replace(POOL, role=Role.DECODE),), topology=machines()
    ),
    "nothing decodes": lambda: ClusterSpec(
        pools=(replace(POOL, role=Role.PREFILL),), topology=machines()
    ),
    "no topology": lambda: disaggregated(topology=None),
    "no replica": lambda: PoolSpec(name="a", plan=simple(), replicas=0),
    "replica of nothing": lambda: aggregated(
        2, faults=(ReplicaFault(pool="both", replica=2, at_s=1.0),)
    ),
    "fault without end": lambda: aggregated(
        2, faults=(ReplicaFault(pool="both", replica=1, at_s=2.0, back_s=1.0),)
    ),
    "no such NIC": lambda: disaggregated(faults=(PartFault(part="node 0 NIC 99", at_s=1.0),)),
    "no such machine": lambda: disaggregated(faults=(MachineFault(machine="node 9", at_s=1.0),)),
    "parts of nothing": lambda: aggregated(2, faults=(PartFault(part="x", at_s=1.0),)),
    "tick": lambda: aggregated(2, tick_s=0.0),
    "retries": lambda: aggregated(2, retries=-1),
    "delay": lambda: Signals(delay_s=float("nan")),
    "until": lambda: Bounds(until_s=-1.0),
    "scaling": lambda: Scaling(least=3, most=2),
    "too old": lambda: serve(
        aggregated(2, simple(remember_s=1.0), signals=Signals(delay_s=2.0)), Listed([])
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_clusters_that_cannot_be_are_refused(what):
    with pytest.raises(ScenarioError) as refused:
        WRONG[what]()
    assert refused.value.field


def test_a_router_for_nobody_is_an_error_of_the_simulation_not_a_hang():
    """A clock whose steps take no time at all ends, too."""
    served = serve(aggregated(1, simple(clock=LinearClock())), Listed(poisson(1, count=20)))
    assert served.ledger.requests.completed == 20
    assert issubclass(ServingStopped, SimulationError)
