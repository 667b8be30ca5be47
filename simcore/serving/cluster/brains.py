"""The policies of a cluster, asked: whatever goes wrong in one of them is said with what it saw."""

from collections.abc import Sequence
from typing import Any

from simcore.errors import SimulationError
from simcore.serving.admission import ADMISSIONS
from simcore.serving.autoscaling import AUTOSCALERS
from simcore.serving.cluster.spec import ClusterSpec
from simcore.serving.deciding import DECIDERS
from simcore.serving.policies import Policy, made
from simcore.serving.request import Client
from simcore.serving.routing import ROUTERS
from simcore.serving.scheduling import SCHEDULERS
from simcore.serving.views import Asked, DoorView, PoolMetrics, ReplicaView
from simcore.serving.workload.streams import stream


class PolicyError(SimulationError):
    """A policy has raised an exception, or answered what is no answer.

    Attributes
    ----------
    policy : its name
    snapshot : what it was asked about
    """

    def __init__(self, message: str, *, policy: str = "", snapshot: Any = None):
        super().__init__(message)
        self.policy, self.snapshot = policy, snapshot


class Brains:
    """One policy of each kind; routers of prompts for each way of serving."""

    def __init__(self, spec: ClusterSpec, clients: Sequence[Client], seed: int):
        policies = spec.policies
        self.policies = policies
        self.admission = made(ADMISSIONS, policies.admission)
        self.admission.begin(clients)
        self.decider = made(DECIDERS, policies.deciding)
        self.order = self._checked(policies.scheduling, clients)
        self.routers = {}
        for way, policy in (
            ("local", policies.routing),
            ("prefill", policies.routing),
            ("decode", policies.decode_routing),
        ):
            router = self.routers[way] = made(ROUTERS, policy)
            router.begin(stream(seed, "routing", way))
        self.scalers = {
            pool.name: made(AUTOSCALERS, pool.scaling.policy)
            for pool in spec.pools
            if pool.scaling and pool.scaling.policy.name != "none"
        }
        self._scaling = {pool.name: pool.scaling for pool in spec.pools}

    @property
    def read_states(self) -> bool:
        """Whether any of them looks at what engines tell."""
        readers = (self.admission, self.decider, *self.routers.values())
        return any(policy.reads_states for policy in readers)

    def refuses(self, request: Asked, door: DoorView) -> str | None:
        """Why a request is not taken in; None where it is."""
        name = self.policies.admission.name
        try:
            return self.admission.refuse(request, door)
        except Exception as error:
            raise _failed("admission policy", name, error, (request, door)) from error

    def apart(self, request: Asked, local: Sequence[ReplicaView]) -> bool:
        """Whether a prompt is prefilled apart."""
        try:
            return self.decider.apart(request, local)
        except Exception as error:
            name = self.policies.deciding.name
            raise _failed("decider", name, error, (request, local)) from error

    def route(self, way: str, request: Asked, replicas: Sequence[ReplicaView]) -> int:
        """The index of the replica to which a request goes."""
        policies = self.policies
        name = (policies.decode_routing if way == "decode" else policies.routing).name
        try:
            index = self.routers[way].choose(request, replicas)
        except Exception as error:
            raise _failed("routing policy", name, error, (request, replicas)) from error
        if all(index != replica.index for replica in replicas):
            indices = ", ".join(str(replica.index) for replica in replicas)
            raise PolicyError(
                f"routing policy {name!r} chose replica {index!r} for request {request.number}; "
                f"return the index of one of {indices}",
                policy=name,
                snapshot=(request, replicas),
            )
        return index

    def left(self, index: int) -> None:
        """A replica is no longer there, or is empty."""
        for router in self.routers.values():
            router.left(index)

    def change(self, pool: PoolMetrics, name: str) -> int:
        """How many replicas of the pool of that name to start, or, if negative, to drain."""
        policy = self._scaling[name].policy.name
        try:
            return int(self.scalers[name].change(pool))
        except Exception as error:
            raise _failed("autoscaling policy", policy, error, pool) from error

    def _checked(self, policy: Policy, clients):
        order = made(SCHEDULERS, policy).order(clients)
        if policy.name == "fcfs":
            return order

        def key(waiting):
            try:
                return order(waiting)
            except Exception as error:
                raise _failed("scheduling policy", policy.name, error, waiting) from error

        return key


def _failed(kind, name, error, snapshot):
    return PolicyError(
        f"{kind} {name!r} raised {type(error).__name__}: {error}; it was asked about "
        f"{_short(snapshot)}",
        policy=name,
        snapshot=snapshot,
    )


def _short(snapshot):
    text = repr(snapshot)
    return text if len(text) <= 600 else f"{text[:600]}..."
