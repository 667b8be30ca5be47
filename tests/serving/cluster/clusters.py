"""Clusters of round numbers, and requests for them."""

from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

import gpu_catalog
from simcore.costs import COST_MODELS
from simcore.costs.plan import Pool
from simcore.serving.cluster import ClusterSpec, PoolSpec
from simcore.serving.replica import EngineSettings, LinearClock, Replica, Role
from simcore.serving.request import Client, Request
from simcore.topologies import TOPOLOGIES, Fleet, NicMapping, Placement, PoolSize

LLM = gpu_catalog.llm("Llama-3.1-8B")
GPU = gpu_catalog.gpu("NVIDIA H100")
EVERYBODY = (Client(name="all"),)
CLOCK = LinearClock(step_s=0.01, token_s=5e-5, request_decode_s=1e-4, context_s=1e-7)


@dataclass(frozen=True)
class SimplePlan:
    """A replica with a clock of round numbers, on GPUs that only KV cache is sent between."""

    clock: LinearClock = CLOCK
    blocks: int = 2000
    settings: EngineSettings = field(default_factory=EngineSettings)
    tp: int = 1
    llm: object = LLM

    @property
    def pool(self):
        return Pool(name="any", gpu=GPU, pp=1, tp=self.tp)

    def replica(self, index, *, role, order):
        return Replica(
            index,
            self.clock,
            total_blocks=self.blocks,
            settings=self.settings,
            role=role,
            order=order,
        )


def simple(*, blocks=2000, clock=CLOCK, tp=1, **settings) -> SimplePlan:
    return SimplePlan(clock, blocks, EngineSettings(**settings), tp)


@lru_cache
def machines(prefill=2, decode=2, *, gpus=1, nics=8, name="hgx-rail"):
    """Two pools of that many replicas on machines of their own."""
    return TOPOLOGIES[name](
        Fleet(
            prefill=PoolSize(name="prefill", gpu=GPU, stages=prefill, ranks=gpus),
            decode=PoolSize(name="decode", gpu=GPU, stages=decode, ranks=gpus),
            placement=Placement.ACROSS,
            nics=nics,
            mapping=NicMapping.MODULO,
            oversubscription=1.0,
            link=COST_MODELS["physical"].link,
            full_duplex=True,
        )
    )


def aggregated(replicas=2, plan=None, **more) -> ClusterSpec:
    return ClusterSpec(
        pools=(PoolSpec(name="both", plan=plan or simple(), replicas=replicas),), **more
    )


def disaggregated(prefill=2, decode=2, plan=None, decode_plan=None, nics=8, **more) -> ClusterSpec:
    plan = plan or simple()
    return ClusterSpec(
        pools=(
            PoolSpec(name="prefill", plan=plan, role=Role.PREFILL, replicas=prefill),
            PoolSpec(name="decode", plan=decode_plan or plan, role=Role.DECODE, replicas=decode),
        ),
        **{"topology": machines(prefill, decode, gpus=plan.tp, nics=nics)} | more,
    )


def mixture(prefill=1, both=2, plan=None, **more) -> ClusterSpec:
    """A pool that prefills, and one that does everything."""
    plan = plan or simple()
    return ClusterSpec(
        pools=(
            PoolSpec(name="prefill", plan=plan, role=Role.PREFILL, replicas=prefill),
            PoolSpec(name="decode", plan=plan, role=Role.BOTH, replicas=both),
        ),
        topology=machines(prefill, both),
        **more,
    )


class Listed:
    """A source of requests that are known beforehand; sessions go on after their answers."""

    def __init__(self, requests, clients=EVERYBODY):
        self.requests, self.clients = list(requests), clients
        self.ended = []

    def __iter__(self):
        return iter(self.requests)

    def after(self, request, now, *, completed=True):
        self.ended.append((request.number, now, completed))
        return ()


def requests_at(times, prompt=512, output=20, **more) -> list[Request]:
    return [Request(i, float(at), prompt, output, **more) for i, at in enumerate(times)]


def poisson(seed, *, count=300, rate=10.0, prompt=400, output=40, **more) -> list[Request]:
    """Poisson arrivals; lengths from 1 to about four times the mean."""
    rng = np.random.default_rng(seed)
    at = np.cumsum(rng.exponential(1 / rate, count))
    prompts = 1 + rng.gamma(2.0, prompt / 2, count).astype(int)
    outputs = 1 + rng.gamma(2.0, output / 2, count).astype(int)
    return [
        Request(i, float(at[i]), int(prompts[i]), int(outputs[i]), **more) for i in range(count)
    ]


def sharing(requests, groups=4, shared=128) -> list[Request]:
    """The same with the same beginnings in each of some groups of prompts."""
    return [
        replace(
            r,
            prompt_tokens=r.prompt_tokens + shared,
            pieces=((4 * (r.number % groups) + 2, shared), (4 * r.number, r.prompt_tokens)),
        )
        for r in requests
    ]
