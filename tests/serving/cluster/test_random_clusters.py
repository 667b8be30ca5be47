"""Clusters drawn by chance, with faults at any time: the ledger holds, and so does what follows."""

import math
import random

import pytest

from simcore.serving.admission import ADMISSIONS
from simcore.serving.cluster import (
    Bounds,
    ClusterSpec,
    KVTransfer,
    MachineFault,
    PartFault,
    Policies,
    Policy,
    PoolSpec,
    ReplicaFault,
    Scaling,
    Signals,
    Status,
    serve,
)
from simcore.serving.deciding import DECIDERS
from simcore.serving.replica import LinearClock, Role
from simcore.serving.routing import ROUTERS
from simcore.serving.scheduling import SCHEDULERS
from simcore.serving.workload import workload_of
from simcore.topologies import NodeKind
from tests.serving.cluster.clusters import Listed, machines, poisson, sharing, simple

ROLES = {
    "aggregated": (("decode", Role.BOTH),),
    "disaggregated": (("prefill", Role.PREFILL), ("decode", Role.DECODE)),
    "mixture": (("prefill", Role.PREFILL), ("decode", Role.BOTH)),
}


def drawn_plan(draw, gpus):
    clock = LinearClock(
        step_s=0.01,
        token_s=5e-5,
        request_decode_s=1e-4,
        context_s=1e-7,
        request_s=draw.choice([0.0, 0.005]),
        stages=draw.choice([1, 1, 2]),
    )
    return simple(
        clock=clock,
        tp=gpus,
        blocks=draw.choice([120, 300, 2000]),
        layer_groups=draw.choice([1, 3, 8]),
        max_num_batched_tokens=draw.choice([256, 1024, 8192]),
        max_num_seqs=draw.choice([4, 32, 256]),
        prefix_caching=draw.random() < 0.8,
    )


def drawn_scaling(draw, replicas):
    if draw.random() > 0.3:
        return None
    parameters = {
        "target": draw.choice([2.0, 8.0]),
        "down_window_s": draw.choice([0.0, 10.0]),
        "count_pending": draw.random() < 0.5,
    }
    return Scaling(
        policy=Policy("hpa", parameters),
        least=draw.choice([0, 1]),
        most=replicas + 2,
        every_s=draw.choice([0.5, 2.0]),
        scrape_delay_s=draw.choice([0.0, 0.3]),
        provisioning_s=draw.choice([0.0, 2.0]),
        loading_s=1.0,
    )


def drawn_fault(draw, pools, fabric):
    at = draw.uniform(0, 12)
    back = at + draw.uniform(0.01, 6) if draw.random() < 0.8 else math.inf
    kind = draw.random()
    if kind < 0.5:
        pool = draw.choice(pools)
        number = draw.randrange(pool.replicas)
        return ReplicaFault(pool=pool.name, replica=number, at_s=at, back_s=back)
    if kind < 0.8:
        nics = [node.name for node in fabric.nodes if node.kind is NodeKind.NIC]
        return PartFault(part=draw.choice(nics), at_s=at, back_s=back)
    names = sorted({node.machine for node in fabric.nodes if node.machine})
    return MachineFault(machine=draw.choice(names), at_s=at, back_s=back)


def drawn_cluster(draw, kind):
    gpus = draw.choice([1, 2, 4])
    plan = drawn_plan(draw, gpus)
    count = {"prefill": draw.randint(1, 3), "decode": draw.randint(1, 3)}
    fabric = machines(
        count["prefill"] + 2, count["decode"] + 2, gpus=gpus, nics=draw.choice([1, 4, 8])
    )
    slower = draw.choice([1.0, 1e-2, 1e-3])
    fabric = fabric.scaled({name: slower for name in fabric.groups if "NIC cable" in name})
    pools = tuple(
        PoolSpec(
            name=name,
            plan=plan,
            role=role,
            replicas=count[name],
            scaling=drawn_scaling(draw, count[name]),
        )
        for name, role in ROLES[kind]
    )
    faults = [drawn_fault(draw, pools, fabric) for _ in range(draw.choice([0, 1, 3, 6]))]
    return ClusterSpec(
        pools=pools,
        topology=fabric,
        policies=Policies(
            routing=Policy(draw.choice(ROUTERS.names())),
            decode_routing=Policy(draw.choice(ROUTERS.names())),
            admission=Policy(draw.choice(ADMISSIONS.names())),
            scheduling=Policy(draw.choice(SCHEDULERS.names())),
            deciding=Policy(draw.choice(DECIDERS.names())),
        ),
        kv_transfer=draw.choice(list(KVTransfer)),
        signals=Signals(delay_s=draw.choice([0.0, 0.05, 1.0]), every_s=draw.choice([0.0, 0.2])),
        faults=tuple(faults),
        retries=draw.choice([0, 1, 5]),
        tick_s=draw.choice([0.05, 0.5, 3.0]),
        most_points=draw.choice([8, 100, 4096]),
    )


def drawn_source(draw, seed):
    rate = draw.choice([3, 10, 40])
    if draw.random() < 0.5:
        requests = poisson(seed, count=100, rate=rate, prompt=draw.choice([100, 400, 900]))
        return Listed(sharing(requests) if draw.random() < 0.5 else requests)
    chat = {
        "name": "chat",
        "ttft_s": 1.0,
        "arrivals": {"law": "gamma", "rate_per_s": rate, "cv": 2},
        "prompt": {"law": "lognormal", "mean": 200, "cv": 1},
        "output": {"law": "lognormal", "mean": 30, "cv": 1},
        "session": {"turns": 3, "think_s": 0.5},
    }
    users = {
        "name": "users",
        "priority": 2,
        "arrivals": {"law": "closed-loop", "concurrency": 5},
        "prompt": 300,
        "output": 20,
        "requests": 40,
    }
    return workload_of({"requests": 100, "clients": [chat, users]}).source(seed)


@pytest.mark.parametrize("kind", ROLES)
@pytest.mark.parametrize("seed", range(12))
def test_nothing_vanishes_in_any_cluster(kind, seed):
    draw = random.Random(f"{kind} {seed}")
    spec = drawn_cluster(draw, kind)
    served = serve(spec, drawn_source(draw, seed), seed=seed, bounds=Bounds(until_s=5000.0))
    requests = served.ledger.requests
    assert not served.partial and not served.unfinished
    assert requests.balanced and requests.in_flight == 0
    assert requests.arrived == len(served.courses) > 0
    assert served.ledger.free_blocks == served.ledger.blocks
    spent = math.fsum(c.ended_s - c.request.arrival_s for c in served.courses)
    assert served.ledger.request_seconds == pytest.approx(spent, rel=1e-9, abs=1e-9)
    for course in served.courses:
        assert course.status is Status.COMPLETED or course.reason
        transfer = course.transfer
        if transfer and course.status is Status.COMPLETED:
            assert transfer.prefilled_s - 1e-12 <= transfer.ended_s <= course.ended_s
            assert spec.faults or transfer.contention_s > -1e-9
    for name, share in served.link_timeline.items():
        assert name == "time_s" or share.max(initial=0) <= 1 + 1e-6
