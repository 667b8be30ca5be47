"""The way in: a cluster and requests go in, what became of them comes out."""

from collections.abc import Callable
from math import inf
from time import thread_time

import numpy as np

from simcore.errors import LimitReached, ScenarioError
from simcore.serving.cluster.arrivals import Overloaded
from simcore.serving.cluster.brains import PolicyError
from simcore.serving.cluster.faulting import Faults
from simcore.serving.cluster.outcome import Course
from simcore.serving.cluster.running import Running
from simcore.serving.cluster.served import (
    ReplicaFacts,
    Served,
    ServingStopped,
    Verdict,
    verdict_of,
)
from simcore.serving.cluster.spec import Bounds, ClusterSpec
from simcore.serving.request import Source

BETWEEN_LOOKS = 500
"""Completions in the simulator between two looks at the clock: some 10 ms."""


def serve(
    spec: ClusterSpec,
    source: Source,
    *,
    seed: int = 0,
    bounds: Bounds | None = None,
    sink: Callable[[Course], None] | None = None,
    time_limit_s: float | None = None,
) -> Served:
    """Run a cluster until all requests have ended.

    Parameters
    ----------
    source : of requests; good for one run
    seed : of the policies' random numbers
    bounds : where the run stops that would not end by itself; what there is then is marked partial
    sink : told of each request that is over, in place of keeping it
    time_limit_s : processor time that the run may take [s]; what there is then is marked partial.
        None for no limit

    Raises ScenarioError where the cluster cannot be built, and ServingStopped, with what there is
    up to then, where a policy or the source raises an error.
    """
    bounds = bounds or Bounds()
    courses: list[Course] = []
    running = Running(
        spec, source, seed=seed, bounds=bounds, ended=courses.append if sink is None else sink
    )
    faults = Faults(running)
    look = None if time_limit_s is None else _looking(time_limit_s)
    stopped = None
    overloaded = False
    try:
        stopped = _run(running, faults, bounds, look)
        running.watch.tick()
    except Overloaded:
        overloaded = True
        stopped = (
            f"overloaded: more than {bounds.most_in_flight:,} requests were under way at "
            f"{running.timers.now:.6g} s, and can never drain as long as requests come this fast; "
            "add replicas, refuse some at the door, or lower the rate"
        )
    except _OutOfTime:
        running.watch.tick()
        stopped = (
            f"{time_limit_s:g} s of work, which is all that it may take, brought the run to "
            f"{running.timers.now:.6g} s; ask for fewer requests, or for more time"
        )
    except (PolicyError, ScenarioError) as error:
        served = _served(running, courses, seed, f"{type(error).__name__}: {error}", False)
        raise ServingStopped(
            f"{error} (at {running.timers.now:.6g} s; results up to then are kept)", served
        ) from error
    return _served(running, courses, seed, stopped, overloaded)


class _OutOfTime(Exception):
    """The run has taken as long as it may."""


def _looking(time_limit_s):
    """What looks at the clock."""
    deadline = thread_time() + time_limit_s

    def look():
        if thread_time() > deadline:
            raise _OutOfTime

    return look


def _run(running, faults, bounds, look):
    """Let time go by; why it stopped, or None where nothing is left to do."""
    for at, back, fault in faults.moments:
        if at > bounds.until_s:
            break
        if _ends_before(running, at, look):
            return None
        faults.apply(back, fault)
    if _ends_before(running, bounds.until_s, look):
        return None
    return f"the end of the simulated span, {bounds.until_s:g} s"


def _ends_before(running, until, look):
    """Whether all requests have ended by a time [s], up to which this runs."""
    if running.timers.now < until:
        ended = _go_on(running, until, look)
        return not running.busy or (ended and until == inf)
    return not running.busy


def _go_on(running, until, look):
    """Let time go by up to `until` [s]; whether nothing at all is left to come."""
    most = None if look is None else BETWEEN_LOOKS
    while True:
        try:
            running.timers.simulator.run(running, until=until, max_completions=most)
            return True
        except LimitReached:
            if most is None:
                return False
            if running.timers.now >= until:
                # Whichever bound it was: of this moment there may be something left.
                most = None
            else:
                look()


def _served(running, courses, seed, stopped, overloaded):
    now = running.last_end_s if stopped is None else running.timers.now
    running.count_time()
    running.handing.end_span()
    watch, fleet, ledger = running.watch, running.fleet, running.ledger
    if stopped is not None:
        ledger.requests.in_flight = len(running.courses)
        requests = [course.request for course in running.courses.values()]
        ledger.prompt_tokens.in_flight = sum(r.prompt_tokens for r in requests)
        ledger.output_tokens.in_flight = sum(r.output_tokens for r in requests)
    members = sorted((*fleet.members.values(), *fleet.gone), key=lambda member: member.index)
    replica_timeline = watch.replicas.table()
    cluster_timeline = watch.cluster.table()
    verdict = (
        Verdict.OVERLOADED if overloaded else _verdict(watch, replica_timeline, cluster_timeline)
    )
    stands_for = running.handing.routes.stands_for if running.handing.routes else {}
    return Served(
        spec=running.spec,
        clients=tuple(running.source.clients),
        seed=seed,
        courses=sorted(courses, key=lambda course: course.request.number),
        unfinished=list(running.courses.values()),
        end_s=now,
        last_arrival_s=watch.last_arrival_s,
        ledger=ledger,
        replicas=tuple(
            ReplicaFacts(
                index=member.index,
                pool=member.pool.name,
                slot=member.slot,
                phases=tuple(member.phases),
                counts=member.replica.counts,
                total_blocks=member.replica.total_blocks,
            )
            for member in members
        ),
        replica_timeline=replica_timeline,
        pool_timeline=watch.pools.table(),
        cluster_timeline=cluster_timeline,
        link_timeline=running.handing.links.table(stands_for),
        scaling=tuple(running.scaler.changes),
        verdict=verdict,
        stopped=stopped,
    )


def _verdict(watch, replicas, cluster):
    times = cluster["time_s"]
    waiting, running = np.zeros(len(times)), np.zeros(len(times))
    rows = np.searchsorted(times, replicas["time_s"])
    if len(times):
        np.add.at(waiting, rows, replicas["waiting"] + replicas["room"])
        np.add.at(running, rows, replicas["running"])
    waiting += cluster["homeless"]
    return verdict_of(
        times,
        cluster["arrived"],
        waiting,
        running,
        watch.last_arrival_s,
    )
