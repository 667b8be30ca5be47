"""What a cluster is: pools, what joins them, policies, faults and bounds."""

from dataclasses import dataclass, field
from enum import Enum
from math import inf
from typing import Protocol

from gpu_catalog import LLM
from simcore.costs.plan import Pool
from simcore.errors import ScenarioError
from simcore.serving.cluster.faults import Fault, check_faults
from simcore.serving.policies import Policy
from simcore.serving.replica.order import Order
from simcore.serving.replica.replica import Replica, Role
from simcore.serving.replica.settings import EngineSettings
from simcore.topologies import Topology

MOST_REPLICAS = 1024


class Plan(Protocol):
    """What a replica is made of; `simcore.serving.replica.ReplicaPlan` is one."""

    llm: LLM
    pool: Pool
    settings: EngineSettings

    def replica(self, index: int, *, role: Role, order: Order) -> Replica:
        """A replica of this plan, empty."""


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """How the replicas of a pool become more and fewer.

    Attributes
    ----------
    policy : of the autoscaling registry
    least, most : replicas that are there, or are being started
    every_s : between two looks [s]
    scrape_delay_s : age of the metrics that it sees [s]
    provisioning_s, loading_s, warm_up_s : from the wish for a replica to its machine, from there to
        the model in its memory, and from there to the first request that it takes [s]
    """

    policy: Policy = field(default_factory=lambda: Policy("none"))
    least: int = 1
    most: int = 1
    every_s: float = 15.0
    scrape_delay_s: float = 0.0
    provisioning_s: float = 0.0
    loading_s: float = 0.0
    warm_up_s: float = 0.0

    def __post_init__(self):
        _whole(self, "least", 0, MOST_REPLICAS)
        _whole(self, "most", max(1, self.least), MOST_REPLICAS)
        _between(self, "every_s", 1e-3, 1e6)
        for name in ("scrape_delay_s", "provisioning_s", "loading_s", "warm_up_s"):
            _between(self, name, 0.0, 1e6)


@dataclass(frozen=True, kw_only=True)
class PoolSpec:
    """Replicas of one plan with one role.

    Attributes
    ----------
    name : like no other pool's
    role : `PREFILL` and `DECODE` pools work together; a `BOTH` pool can do all of a request, and
        decode what a prefill pool has computed
    replicas : at the start
    scaling : None: as many as at the start, for ever
    place, first_gpu : of its GPUs in the topology: the name of their pool there, and the rank of
        the first; the replicas follow each other, stage by stage. None for `name`
    """

    name: str
    plan: Plan
    role: Role = Role.BOTH
    replicas: int = 1
    scaling: Scaling | None = None
    place: str | None = None
    first_gpu: int = 0

    def __post_init__(self):
        _whole(self, "replicas", 0 if self.scaling else 1, MOST_REPLICAS)
        if self.scaling and not self.scaling.least <= self.replicas <= self.scaling.most:
            raise ScenarioError(
                f"pool {self.name}: replicas = {self.replicas} is not from {self.scaling.least} to "
                f"{self.scaling.most}, what its scaling allows; change one of them",
                field="replicas",
            )

    @property
    def most_replicas(self) -> int:
        """That it may have at one time, and needs GPUs for."""
        return self.scaling.most if self.scaling else self.replicas


class KVTransfer(Enum):
    """When KV cache goes from a prefill replica to the replica that decodes.

    Attributes
    ----------
    AFTER : when the whole prompt is prefilled
    LAYERS : group of layers by group of layers, while it is prefilled; the plan's settings say how
        many groups there are
    """

    AFTER = "after prefill"
    LAYERS = "layer-wise"


@dataclass(frozen=True, kw_only=True)
class Signals:
    """How old what engines tell is when policies see it.

    Attributes
    ----------
    delay_s : from the engine to the policy [s]
    every_s : between two states that an engine sends [s]; 0 for whenever something happens to it or
        somebody looks
    """

    delay_s: float = 0.0
    every_s: float = 0.0

    def __post_init__(self):
        _between(self, "delay_s", 0.0, 1e6)
        _between(self, "every_s", 0.0, 1e6)


@dataclass(frozen=True, kw_only=True)
class Policies:
    """One of each kind.

    Attributes
    ----------
    routing : of prompts
    decode_routing : of KV caches, to where they decode
    scheduling : of requests that wait in an engine
    deciding : whether a prompt is prefilled apart; asked where a cluster has prefill pools and
        pools that do both
    """

    routing: Policy = field(default_factory=lambda: Policy("least-loaded"))
    decode_routing: Policy = field(default_factory=lambda: Policy("least-loaded"))
    admission: Policy = field(default_factory=lambda: Policy("always"))
    scheduling: Policy = field(default_factory=lambda: Policy("fcfs"))
    deciding: Policy = field(default_factory=lambda: Policy("always"))


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Where a run stops that would not end by itself.

    Attributes
    ----------
    until_s : last moment [s]
    most_in_flight : requests that have come and not ended, beyond which the cluster counts as
        overloaded for good
    """

    until_s: float = inf
    most_in_flight: int = 100_000

    def __post_init__(self):
        _between(self, "until_s", 0.0, inf)
        _whole(self, "most_in_flight", 1, 10**8)


@dataclass(frozen=True, kw_only=True)
class ClusterSpec:
    """A whole cluster.

    Attributes
    ----------
    topology : what joins the GPUs; None only where no KV cache is moved
    retries : how often a request is started again after failures, before it is given up
    tick_s : between two checks of the ledger, which are also the points of the timelines [s]; the
        points become half as many each time they are more than `most_points`
    """

    pools: tuple[PoolSpec, ...]
    topology: Topology | None = None
    policies: Policies = field(default_factory=Policies)
    kv_transfer: KVTransfer = KVTransfer.AFTER
    signals: Signals = field(default_factory=Signals)
    faults: tuple[Fault, ...] = ()
    retries: int = 3
    tick_s: float = 1.0
    most_points: int = 4096

    def __post_init__(self):
        _whole(self, "retries", 0, 1000)
        _between(self, "tick_s", 1e-6, 1e6)
        _whole(self, "most_points", 2, 10**6)
        names = [pool.name for pool in self.pools]
        if not names or len(set(names)) < len(names):
            raise ScenarioError(
                "pools: give one or more, each with a name of its own", field="pools"
            )
        roles = {pool.role for pool in self.pools}
        if roles != {Role.BOTH} and Role.PREFILL not in roles and Role.DECODE in roles:
            raise ScenarioError(
                "pools: nothing prefills for the decode pool; add a pool with role prefill",
                field="pools",
            )
        if roles == {Role.PREFILL}:
            raise ScenarioError(
                "pools: nothing decodes; add a pool with role decode or both", field="pools"
            )
        if Role.PREFILL in roles and self.topology is None:
            raise ScenarioError(
                "topology: prefill and decode pools need one, over which KV cache goes",
                field="topology",
            )
        if len({pool.plan.llm.name for pool in self.pools}) > 1:
            raise ScenarioError("pools: all of them run one model", field="pools")
        if sum(pool.most_replicas for pool in self.pools) > MOST_REPLICAS:
            raise ScenarioError(
                f"pools: they have more than {MOST_REPLICAS:,} replicas together; use fewer",
                field="replicas",
            )
        check_faults(self.faults, {pool.name: pool.replicas for pool in self.pools}, self.topology)


def _whole(spec, name, least, most):
    value = getattr(spec, name)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ScenarioError(
            f"{name} = {value!r}; use a whole number from {least:,} to {most:,}", field=name
        )


def _between(spec, name, low, high):
    value = getattr(spec, name)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not low <= value <= high:
        raise ScenarioError(
            f"{name} = {value!r}; use a number from {low:g} to {high:g}", field=name
        )
