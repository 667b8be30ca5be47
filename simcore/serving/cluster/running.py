"""A cluster in simulated time: requests come, go through replicas and wires, and end."""

from collections.abc import Callable
from heapq import heappop, heappush
from math import inf

from simcore.engine import SimulatedSystem
from simcore.errors import SimulationError
from simcore.serving.cluster.brains import Brains
from simcore.serving.cluster.fleet import Fleet
from simcore.serving.cluster.handing import Handing, begin_transfer
from simcore.serving.cluster.ledger import Ledger
from simcore.serving.cluster.members import Member
from simcore.serving.cluster.outcome import Course, Status
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
    Job,
    LayersPrefilled,
    Preempted,
    Prefilled,
    Role,
    Started,
)
from simcore.serving.request import Request, Source
from simcore.serving.views import DoorView, asked

DECODES = Role.DECODE, Role.BOTH


class Overloaded(Exception):
    """More requests are under way than the bound says; it ends the run, and is no error."""


class Running(SimulatedSystem):
    """One run.

    Parameters
    ----------
    ended : told of every request that is over

    Attributes
    ----------
    courses : of requests under way, by number
    homeless : of them, those that no replica takes now
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
        self.courses: dict[int, Course] = {}
        self.homeless: list[Course] = []
        self.returns: dict[int, float] = {}  # by index of a failed replica, when it is back [s]
        self.faults_to_come = 0
        self._first = iter(source)
        self._coming: list[tuple[float, int, Request]] = []
        self._asked_s = inf
        self._seen_s = self.last_end_s = 0.0
        self._records = self.fleet.telling and not self.fleet.live
        self._records &= not spec.signals.every_s
        self._draw()
        self._await()
        if self.busy:
            self.timers.at(spec.tick_s, Tick())
            if self.fleet.telling and spec.signals.every_s:
                self.timers.at(spec.signals.every_s, Tell())
            self.scaler.begin()

    @property
    def busy(self) -> bool:
        """Whether requests are under way or will come."""
        return bool(self.courses or self._coming)

    # What the simulator tells

    def on_compute_complete(self, simulator, job):
        match job.tag:
            case Wake(member, version):
                if version == member.version:
                    self._wake(member)
            case Arrival():
                self._arrive()
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
        if self.handing.complete(sending):
            self._handed_over(sending.course)

    def count_time(self) -> None:
        """Sum up the time that requests have spent here, until now."""
        now = self.timers.now
        self.ledger.request_seconds += len(self.courses) * (now - self._seen_s)
        self._seen_s = now

    # Requests come

    def _draw(self):
        request = next(self._first, None)
        if request is not None:
            heappush(self._coming, (request.arrival_s, -1, request.number, request))

    def _await(self):
        """Have a timer for the next arrival."""
        if self._coming and self._coming[0][0] < self._asked_s:
            self._asked_s = self._coming[0][0]
            self.timers.at(self._asked_s, Arrival())

    def _arrive(self):
        now, coming = self.timers.now, self._coming
        self._asked_s = inf
        while coming and coming[0][0] <= now:
            _, kind, _, request = heappop(coming)
            self._take_in(request)
            if kind < 0:
                self._draw()
        self._await()

    def _take_in(self, request):
        now = self.timers.now
        self.count_time()
        self.ledger.count("arrived", request)
        course = Course(request, Job(request), asked(request))
        self.courses[request.number] = course
        self.watch.arrived(now)
        if len(self.courses) > self.bounds.most_in_flight:
            raise Overloaded
        reason = self._never_fits(request) or self._refused(course, now)
        if reason is None:
            self.place(course)
        else:
            self.end(course, Status.REFUSED, reason)

    def _refused(self, course, now):
        admission, fleet = self.brains.admission, self.fleet
        members = fleet.takers(Role.BOTH, Role.PREFILL)
        views = fleet.views(members, now, states=admission.reads_states)
        reason = self.brains.refuses(course.asked, DoorView(now, len(self.courses) - 1, views))
        return reason and f"admission policy {self.spec.policies.admission.name!r}: {reason}"

    def _never_fits(self, request):
        fleet = self.fleet
        reason = None
        if fleet.has(Role.BOTH):
            reason = fleet.never_fits(request, Role.BOTH)
            if reason is None:
                return None
        if fleet.has(Role.PREFILL):
            return fleet.never_fits(request, Role.PREFILL) or fleet.never_fits(request, *DECODES)
        return reason

    # Requests are placed

    def place(self, course: Course) -> None:
        """Find a replica for a prompt; without one that takes requests now, it waits."""
        now, fleet, request = self.timers.now, self.fleet, course.request
        local = fleet.fitting(request, Role.BOTH)
        remote = fleet.fitting(request, Role.PREFILL)
        what = course.asked
        if remote and fleet.never_fits(request, *DECODES) is not None:
            remote = []
        if local and remote:
            views = fleet.views(local, now, states=self.brains.decider.reads_states)
            course.apart = self.brains.apart(what, views)
        elif local or remote:
            course.apart = bool(remote)
        else:
            self._wait_for_home(course)
            return
        way, members = ("prefill", remote) if course.apart else ("local", local)
        member = self._routed(way, what, members)
        course.attempts += 1
        course.lost_s = now - request.arrival_s
        course.prefill, course.decode = member, None
        member.take(course)
        refusal = member.replica.submit(course.job, now)
        if refusal is not None:
            raise SimulationError(f"{member} refused what fits: {refusal.reason}")
        if course.apart:
            self.handing.begin(course)
        self.reschedule(member)

    def _routed(self, way, what, members) -> Member:
        views = self.fleet.views(
            members, self.timers.now, states=self.brains.routers[way].reads_states
        )
        return self.fleet.members[self.brains.route(way, what, views)]

    def _wait_for_home(self, course):
        """No replica takes it now: it waits where one may later, and has failed otherwise."""
        whole = self.coming(Role.BOTH) or self.fleet.takers(Role.BOTH)
        prefill = self.coming(Role.PREFILL) or self.fleet.takers(Role.PREFILL)
        decode = self.coming(*DECODES) or self.fleet.takers(*DECODES)
        if whole or (prefill and decode):
            self.homeless.append(course)
        else:
            self.end(course, Status.FAILED, "no replica is left that could take it")

    def coming(self, *roles: Role) -> bool:
        """Whether a replica with one of these roles may take requests later."""
        return self.fleet.coming(lambda member: self.returns[member.index] < inf, *roles)

    def rehome(self) -> None:
        """Replicas or ways have come back: those that wait for one try again."""
        waiting, self.homeless = self.homeless, []
        for course in waiting:
            if course.sending is None:
                self.place(course)
            else:
                self.seek(course)

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
                    self._finished(course, member, event.time)
                case Prefilled():
                    self._prefilled(course, event.time)
                case Started() if course.apart and self.handing.layers:
                    if member is course.prefill:
                        self._started(course)
                case LayersPrefilled(tokens=tokens, group=group) if self.handing.layers:
                    self.handing.computed(course, group, tokens)
                case Preempted():
                    room = True
                    if course.sending is not None and member is course.prefill:
                        course.sending.regular = False
                case FirstToken() | Started() | LayersPrefilled():
                    pass
        if room and member.room:
            self.try_room(member)
        else:
            self.reschedule(member)
        if self._records:
            member.tell(self.timers.now, self.spec.signals.delay_s)
        self.scaler.empty(member)

    def _finished(self, course, member, at):
        member.drop(course)
        self.end(course, Status.COMPLETED, "", at)

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
        for following in more:
            heappush(self._coming, (following.arrival_s, 0, following.number, following))
        if more:
            self._await()

    # KV caches move

    def _started(self, course):
        sending = course.sending
        sending.done = [course.job.cached_tokens] * sending.groups
        if sending.target is None and course.decode is None:
            self.seek(course)

    def _prefilled(self, course, at):
        if course.transfer is not None:
            course.transfer.prefilled_s = at
        self.handing.prefilled(course)
        if course.decode is None:
            self.seek(course)
        elif self.handing.complete(course.sending):
            self._handed_over(course)

    def seek(self, course: Course) -> None:
        """Find a replica that decodes what another prefills."""
        request = course.request
        members = [
            member
            for member in self.fleet.fitting(request, *DECODES)
            if self.handing.reaches(course, member)
        ]
        if not members:
            if not course.sending.whole:
                return  # once it is prefilled, it looks again
            if self.coming(*DECODES) or self.faults_to_come:
                self.homeless.append(course)
            else:
                self._give_up(course, "no replica that decodes can be reached")
            return
        member = self._routed("decode", course.asked, members)
        course.decode = member
        begin_transfer(course)
        member.take(course)
        member.room.append(course)
        if len(member.room) == 1:
            self.try_room(member)

    def _give_up(self, course, reason):
        source = course.prefill
        source.replica.release(course.job, self.timers.now)
        source.drop(course)
        self.reschedule(source)
        self.end(course, Status.FAILED, reason)

    def try_room(self, member: Member) -> None:
        """Reserve blocks for KV caches that wait for them, in order."""
        now = self.timers.now
        while member.room:
            course = member.room[0]
            tokens = member.replica.reserve(course.job, now)
            if tokens is None:
                break
            member.room.popleft()
            self.handing.reserved(course, tokens)
            if self.handing.complete(course.sending):
                self._handed_over(course)
        self.reschedule(member)

    def _handed_over(self, course):
        """All of a KV cache is where it decodes."""
        now, transfer = self.timers.now, course.transfer
        if not transfer.parts:
            transfer.started_s = transfer.ended_s = transfer.alone_end_s = now
        source, target = course.prefill, course.decode
        course.sending = None
        target.replica.start_decoding(course.job, now)
        source.replica.release(course.job, now)
        source.drop(course)
        self.reschedule(target)
        self.reschedule(source)
        self.scaler.empty(source)

    # Time goes by

    def _tick(self):
        self.watch.tick()
        self.timers.forget()
        if self.busy:
            self._refuse_stuck()
            self.timers.at(self.timers.now + self.watch.tick_s, Tick())

    def _refuse_stuck(self):
        """Whether anything will ever happen again."""
        if self._coming or self.faults_to_come or self.timers.simulator.active_batches:
            return
        if self.fleet.next_time() < inf or self.coming(*Role):
            return
        raise SimulationError(
            f"{len(self.courses)} requests are under way at {self.timers.now:g} s, and nothing "
            "will ever happen to them"
        )

    def _tell(self):
        if self.busy:
            now = self.timers.now
            for member in self.fleet.members.values():
                member.tell(now, self.spec.signals.delay_s)
            self.timers.at(now + self.spec.signals.every_s, Tell())
