"""A cluster in simulated time: requests come, go through replicas and wires, and end."""

from collections.abc import Callable
from math import inf

from simcore.engine import SimulatedSystem
from simcore.errors import SimulationError
from simcore.serving.cluster.arrivals import Arrivals
from simcore.serving.cluster.brains import Brains
from simcore.serving.cluster.fleet import Fleet
from simcore.serving.cluster.handing import Handing
from simcore.serving.cluster.ledger import Ledger
from simcore.serving.cluster.members import STARTING, Member
from simcore.serving.cluster.outcome import Course, Status
from simcore.serving.cluster.passing import Passing
from simcore.serving.cluster.placing import Placing
from simcore.serving.cluster.scaling import Scaler
from simcore.serving.cluster.spec import Bounds, ClusterSpec
from simcore.serving.cluster.timers import (
    Arrival,
    Look,
    PhaseOver,
    Scrape,
    Tell,
    Tick,
    Timers,
    Wake,
)
from simcore.serving.cluster.watching import Watch
from simcore.serving.replica import (
    Finished,
    FirstToken,
    LayersPrefilled,
    Preempted,
    Prefilled,
    Role,
    Started,
)
from simcore.serving.request import Source

PATIENT_LOOKS = 100
"""Of an autoscaler, after which requests that wait for a replica that it starts are given up."""


class Running(SimulatedSystem):
    """One run.

    Parameters
    ----------
    ended : told of every request that is over

    Attributes
    ----------
    courses : of requests under way, by number
    returns : by index of a replica that has failed, when it is back [s]
    faults_to_come : how many
    last_end_s : when the last request was over [s]
    """

    def __init__(
        self,
        spec: ClusterSpec,
        source: Source,
        *,
        seed: int,
        bounds: Bounds,
        ended: Callable[[Course], None],
    ):
        self.spec, self.source, self.bounds, self._ended = spec, source, bounds, ended
        self.brains = Brains(spec, source.clients, seed)
        self.timers = Timers()
        self.ledger = Ledger.empty()
        self.fleet = Fleet(spec, self.brains.order, telling=self.brains.read_states)
        self.handing = Handing(spec, self.timers, self.ledger)
        self.scaler = Scaler(self)
        self.watch = Watch(self)
        self.placing = Placing(self)
        self.passing = Passing(self)
        self.courses: dict[int, Course] = {}
        self.returns: dict[int, float] = {}
        self.faults_to_come = 0
        self._seen_s = self.last_end_s = 0.0
        self._stuck_s = inf
        self._records = self.fleet.telling and not self.fleet.live
        self._records &= not spec.signals.every_s
        self.arrivals = Arrivals(self, source)
        self.arrivals.expect()
        if self.busy:
            self.timers.at(spec.tick_s, Tick())
            if self.fleet.telling and spec.signals.every_s:
                self.timers.at(spec.signals.every_s, Tell())
            self.scaler.begin()

    @property
    def busy(self) -> bool:
        """Whether requests are under way or will come."""
        return bool(self.courses) or self.arrivals.expected

    # What the simulator tells

    def on_compute_complete(self, simulator, job):
        match job.tag:
            case Wake(member, version):
                if version == member.version:
                    self._wake(member)
            case Arrival():
                self.arrivals.arrive()
            case Tick():
                self._tick()
            case Tell():
                self._tell()
            case Scrape(pool):
                self.scaler.scrape(pool)
            case Look(pool, metrics):
                self.scaler.look(pool, metrics)
            case PhaseOver(member, version):
                if version == member.phase_version:
                    self.scaler.phase_over(member)

    def on_data_transfer_complete(self, simulator, batch):
        sending = self.handing.arrived(batch)
        # One that was given up has another way by now, or none.
        if sending.course.sending is sending and self.handing.complete(sending):
            self.passing.handed_over(sending.course)

    def count_time(self) -> None:
        """Sum up the time that requests have spent here, until now."""
        now = self.timers.now
        self.ledger.request_seconds += len(self.courses) * (now - self._seen_s)
        self._seen_s = now

    # Replicas work

    def reschedule(self, member: Member) -> None:
        """Something may happen on a replica at another time than before."""
        at = member.replica.next_time()
        if at != member.wake_s:
            member.wake_s = at
            member.version += 1
            if at < inf:
                self.timers.at(at, Wake(member, member.version))

    def settle(self) -> None:
        """Let all that happens on replicas at this moment be known."""
        for member in list(self.fleet.members.values()):
            if member.replica.next_time() <= self.timers.now:
                self._wake(member)

    def _wake(self, member):
        member.wake_s = inf
        room = False
        for event in member.replica.advance(self.timers.now):
            course = self.courses[event.job.request.number]
            match event:
                case Finished():
                    room = True
                    member.drop(course)
                    if course.sending is not None and course.decode is not None:
                        # Its first token was its last; layers of its KV cache were on their way.
                        self.passing.try_room(self.passing.withdraw(course))
                    self.end(course, Status.COMPLETED, "", event.time)
                case Prefilled():
                    self.passing.prefilled(course, event.time)
                case Started() if course.apart and self.handing.layers:
                    if member is course.prefill:
                        self.passing.started(course)
                case LayersPrefilled(tokens=tokens, group=group) if self.handing.layers:
                    self.handing.computed(course, group, tokens)
                case Preempted():
                    room = True
                    if course.sending is not None and member is course.prefill:
                        self.passing.begun_anew(course)
                case FirstToken() | Started() | LayersPrefilled():
                    pass
        if room and member.room:
            self.passing.try_room(member)
        else:
            self.reschedule(member)
        if self._records:
            member.tell(self.timers.now, self.spec.signals.delay_s)
        self.scaler.empty(member)

    def end(self, course: Course, status: Status, reason: str, at: float | None = None) -> None:
        """A request is over, now or at another time [s]."""
        now = self.timers.now
        request = course.request
        self.count_time()
        del self.courses[request.number]
        course.status, course.reason = status, reason
        course.ended_s = now if at is None else at
        course.prefill = course.decode = course.sending = None
        self.last_end_s = max(self.last_end_s, course.ended_s)
        self.ledger.count(status.value, request)
        self._ended(course)
        more = self.source.after(request, now, completed=status is Status.COMPLETED)
        if more:
            self.arrivals.expect(more)

    # Time goes by

    def _tick(self):
        self.watch.tick()
        self.timers.forget()
        if self.busy:
            self._look_for_progress()
            self.timers.at(self.timers.now + self.watch.tick_s, Tick())

    def _look_for_progress(self):
        """Whether anything will ever happen again; autoscalers are given some looks for it."""
        now = self.timers.now
        if (
            self.arrivals.expected
            or self.faults_to_come
            or self.timers.simulator.active_batches
            or self.fleet.next_time() < inf
            or any(member.phase in STARTING for member in self.fleet.members.values())
        ):
            self._stuck_s = inf
            return
        homeless = self.placing.homeless
        self._stuck_s = min(self._stuck_s, now)
        if any(self.placing.hope(c.request, *Role, later=True) for c in homeless):
            patience = max(
                (pool.scaling.every_s for pool in self.spec.pools if pool.scaling), default=0.0
            )
            if now - self._stuck_s <= PATIENT_LOOKS * patience:
                return
        if homeless:
            self.placing.give_up()
            return
        raise SimulationError(
            f"{len(self.courses)} requests are under way at {now:g} s, and nothing will ever "
            "happen to them"
        )

    def _tell(self):
        if self.busy:
            now = self.timers.now
            for member in self.fleet.members.values():
                member.tell(now, self.spec.signals.delay_s)
            self.timers.at(now + self.spec.signals.every_s, Tell())
