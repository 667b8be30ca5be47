"""All replicas of a cluster, by pool: which take requests, what policies see of them."""

from collections.abc import Callable, Iterable
from math import inf

from simcore.errors import ScenarioError
from simcore.serving.cluster.members import STARTING, Member, Phase
from simcore.serving.cluster.spec import ClusterSpec, PoolSpec
from simcore.serving.replica.order import Order
from simcore.serving.replica.replica import Role
from simcore.serving.request import Request
from simcore.serving.views import PoolMetrics, ReplicaView


class Fleet:
    """The replicas.

    Parameters
    ----------
    order : of requests that wait in an engine
    telling : whether some policy looks at what engines tell

    Attributes
    ----------
    members : that are there, by index; indices are never used again
    gone : that were there
    """

    def __init__(self, spec: ClusterSpec, order: Order, *, telling: bool):
        self.spec, self.order, self.telling = spec, order, telling
        self.delay_s = spec.signals.delay_s
        self.live = telling and not spec.signals.delay_s and not spec.signals.every_s
        self.members: dict[int, Member] = {}
        self.gone: list[Member] = []
        self.pools = {pool.name: pool for pool in spec.pools}
        self._of_pool: dict[str, list[Member]] = {name: [] for name in self.pools}
        self._takers: dict[tuple[Role, ...], list[Member]] = {}
        self._least: dict[tuple[Role, ...], int] = {}
        self._next = 0
        oldest = spec.signals.delay_s + spec.signals.every_s
        for pool in spec.pools:
            if telling and pool.plan.settings.remember_s < oldest:
                raise ScenarioError(
                    f"pool {pool.name}: remember_s = {pool.plan.settings.remember_s:g} is less "
                    f"than the {oldest:g} s that signals may be old; raise it",
                    field="remember_s",
                )
            for _ in range(pool.replicas):
                self.start(pool, Phase.READY, 0.0)

    def start(self, pool: PoolSpec, phase: Phase, now: float) -> Member:
        """Another replica, on the first GPUs of the pool that are free."""
        taken = {member.slot for member in self._of_pool[pool.name]}
        slot = next(number for number in range(pool.most_replicas) if number not in taken)
        replica = pool.plan.replica(self._next, role=pool.role, order=self.order)
        member = Member(replica, pool, slot, phase, now)
        self._next += 1
        self.members[member.index] = member
        self._of_pool[pool.name].append(member)
        if now:
            replica.advance(now)
        if self.telling and not self.live:
            member.tell(now, self.delay_s)
        self._takers.clear()
        self._least.clear()
        return member

    def enter(self, member: Member, phase: Phase, now: float) -> None:
        """A phase of a replica's life begins."""
        member.enter(phase, now)
        self._takers.clear()
        self._least.clear()
        if phase is Phase.GONE:
            del self.members[member.index]
            self._of_pool[member.pool.name].remove(member)
            self.gone.append(member)

    def of_pool(self, name: str) -> list[Member]:
        """The replicas of a pool, in the order of their indices."""
        return self._of_pool[name]

    def takers(self, *roles: Role) -> list[Member]:
        """Replicas with one of these roles that take requests, in the order of their indices."""
        found = self._takers.get(roles)
        if found is None:
            found = self._takers[roles] = [
                member
                for member in self.members.values()
                if member.phase is Phase.READY and member.pool.role in roles
            ]
        return found

    def fitting(self, request: Request, *roles: Role) -> list[Member]:
        """Those of them that could ever take a request."""
        found = self.takers(*roles)
        least = self._least.get(roles)
        if least is None:
            least = min((member.replica.max_tokens for member in found), default=0)
            self._least[roles] = least
        if request.prompt_tokens + request.output_tokens <= least:
            return found
        return [member for member in found if member.fits(request)]

    def has(self, *roles: Role) -> bool:
        """Whether there is a pool with one of these roles."""
        return any(pool.role in roles for pool in self.pools.values())

    def hope(
        self, request: Request, back: Callable[[Member], bool], *roles: Role, later: bool
    ) -> bool:
        """Whether a replica with one of these roles takes such a request, or will later.

        Parameters
        ----------
        back : whether a replica that has failed comes back
        later : leaves out those that take requests now
        """
        for pool in self.pools.values():
            some = self._of_pool[pool.name]
            if pool.role not in roles or (some and not some[0].fits(request)):
                continue
            ready = any(member.phase is Phase.READY for member in some)
            if ready and not later:
                return True
            if not ready and pool.scaling and pool.scaling.policy.name != "none":
                return True
            for member in some:
                if member.phase in STARTING or (member.phase is Phase.FAILED and back(member)):
                    return True
        return False

    def never_fits(self, request: Request, *roles: Role) -> str | None:
        """Why no pool with one of these roles could ever take a request; None where one can."""
        reasons = []
        for pool in self.pools.values():
            if pool.role in roles:
                some = self._of_pool[pool.name]
                refusal = some[0].replica.refusal(request) if some else None
                if refusal is None:
                    return None
                reasons.append(refusal.reason)
        return reasons[0]

    def views(self, members: Iterable[Member], now: float, *, states: bool) -> list[ReplicaView]:
        """What policies see of replicas."""
        if not states:
            return [member.plain_view for member in members]
        if self.live:
            return [member.view(member.replica.state(now), now) for member in members]
        if not self.spec.signals.every_s:
            for member in members:
                member.tell(now, self.delay_s)
        as_of = now - self.delay_s
        return [member.view(member.known(as_of), now) for member in members]

    def metrics(self, name: str, now: float) -> dict:
        """Of a pool, what an autoscaler will see of it; see `PoolMetrics`."""
        waiting = in_flight = unfinished = 0
        usage = 0.0
        for member in self._of_pool[name]:
            in_flight += len(member.courses)
            state = member.replica.state(now)
            waiting += state.waiting + len(member.room)
            unfinished += state.unfinished_tokens
            if member.phase is Phase.READY:
                usage += state.kv_usage
        return {
            "in_flight": in_flight,
            "waiting": waiting,
            "kv_usage": usage,
            "unfinished_tokens": unfinished,
        }

    def pool_metrics(self, name: str, metrics: dict, now: float) -> PoolMetrics:
        """The same, as it is seen later, with how many replicas there are."""
        ready, pending, draining = self.counts(name)
        return PoolMetrics(
            time_s=now,
            age_s=self.pools[name].scaling.scrape_delay_s,
            ready=ready,
            pending=pending,
            draining=draining,
            **metrics,
        )

    def counts(self, name: str) -> tuple[int, int, int]:
        """Replicas of a pool that are ready, that are being started, and that are drained."""
        phases = [member.phase for member in self._of_pool[name]]
        return (
            phases.count(Phase.READY),
            sum(phase in STARTING for phase in phases),
            phases.count(Phase.DRAINING),
        )

    def next_time(self) -> float:
        """When something happens on a replica next [s]."""
        return min((m.replica.next_time() for m in self.members.values()), default=inf)
