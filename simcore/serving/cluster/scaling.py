"""Replicas that are started and drained, one loop for each pool."""

from simcore.serving.cluster.members import STARTING, Member, Phase
from simcore.serving.cluster.timers import Look, PhaseOver, Scrape
from simcore.serving.replica import Role


class Scaler:
    """The autoscalers of all pools, and the lives of replicas.

    Attributes
    ----------
    changes : (time [s], pool, replicas that were started or, if negative, drained)
    """

    def __init__(self, running):
        self.running = running
        self.changes: list[tuple[float, str, int]] = []

    def begin(self) -> None:
        """The first looks."""
        for name in self.running.brains.scalers:
            self._again(name)

    def _again(self, name):
        timers = self.running.timers
        timers.at(timers.now + self._scaling(name).every_s, Scrape(name))

    def _scaling(self, name):
        return self.running.fleet.pools[name].scaling

    def scrape(self, name: str) -> None:
        """Metrics are read, to be seen when they have come."""
        running = self.running
        if running.busy:
            timers = running.timers
            metrics = running.fleet.metrics(name, timers.now)
            pool = running.fleet.pools[name]
            if not running.fleet.counts(name)[0]:
                # Nobody else would call for a replica that takes them.
                for metric in ("waiting", "in_flight"):
                    metrics[metric] += self._homeless(pool.role)
            timers.at(timers.now + self._scaling(name).scrape_delay_s, Look(name, metrics))
            self._again(name)

    def _homeless(self, role):
        """Requests that wait for a replica with that role."""
        prefilled = [course.sending is not None for course in self.running.placing.homeless]
        match role:
            case Role.PREFILL:
                return prefilled.count(False)
            case Role.DECODE:
                return prefilled.count(True)
            case Role.BOTH:
                return len(prefilled)

    def look(self, name: str, metrics: dict) -> None:
        """An autoscaler sees metrics, and replicas are started or drained."""
        running = self.running
        if not running.busy:
            return
        now, fleet, scaling = running.timers.now, running.fleet, self._scaling(name)
        change = running.brains.change(fleet.pool_metrics(name, metrics, now), name)
        pool = fleet.pools[name]
        done = 0
        while done < change and self._may_start(name):
            first = Phase.PROVISIONING
            self._phase(fleet.start(pool, first, now), first)
            done += 1
        while done > change and sum(fleet.counts(name)[:2]) > scaling.least:
            self._drain_one(name)
            done -= 1
        if done:
            self.changes.append((now, name, done))

    def _may_start(self, name):
        # Drained and failed ones still have their GPUs.
        return len(self.running.fleet.of_pool(name)) < self._scaling(name).most

    def _drain_one(self, name):
        """Of those that are being started the latest, else of the ready ones the emptiest."""
        running = self.running
        members = running.fleet.of_pool(name)
        starting = [member for member in members if member.phase in STARTING]
        if starting:
            self._leave(starting[-1])
            return
        ready = [member for member in members if member.phase is Phase.READY]
        member = min(ready, key=lambda m: (len(m.courses), -m.index))
        running.fleet.enter(member, Phase.DRAINING, running.timers.now)
        self.empty(member)

    def empty(self, member: Member) -> None:
        """A replica may have ended its last request."""
        if member.phase is Phase.DRAINING and not member.courses:
            self._leave(member)

    def _leave(self, member):
        running = self.running
        running.fleet.enter(member, Phase.GONE, running.timers.now)
        running.brains.left(member.index)

    def phase_over(self, member: Member) -> None:
        """A phase of a replica's start is over."""
        following = {
            Phase.PROVISIONING: Phase.LOADING,
            Phase.LOADING: Phase.WARMING_UP,
            Phase.WARMING_UP: Phase.READY,
        }[member.phase]
        self.running.fleet.enter(member, following, self.running.timers.now)
        self._phase(member, following)

    def _phase(self, member, phase):
        if phase is Phase.READY:
            self.running.placing.rehome()
            return
        scaling, timers = member.pool.scaling, self.running.timers
        lasts = {
            Phase.PROVISIONING: scaling.provisioning_s,
            Phase.LOADING: scaling.loading_s,
            Phase.WARMING_UP: scaling.warm_up_s,
        }[phase]
        timers.at(timers.now + lasts, PhaseOver(member, member.phase_version))
