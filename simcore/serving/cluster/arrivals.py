"""Requests that come to a cluster, and whether it takes them in."""

from heapq import heappop, heappush
from math import inf

from simcore.serving.cluster.outcome import Course, Status
from simcore.serving.cluster.timers import Arrival
from simcore.serving.replica import Job, Role
from simcore.serving.request import Request
from simcore.serving.views import DoorView, asked

DECODES = Role.DECODE, Role.BOTH


class Overloaded(Exception):
    """More requests are under way than the bound says; it ends the run, and is no error."""


class Arrivals:
    """What the source asks for, one request ahead."""

    def __init__(self, running, source):
        self.running = running
        self._first = iter(source)
        self._coming: list[tuple[float, int, int, Request]] = []
        self._asked_s = inf
        self._draw()

    @property
    def expected(self) -> bool:
        """Whether a request is known to come."""
        return bool(self._coming)

    def expect(self, more: tuple[Request, ...] = ()) -> None:
        """Have a timer for the next arrival, of these requests or of those that are known."""
        for request in more:
            heappush(self._coming, (request.arrival_s, 0, request.number, request))
        if self._coming and self._coming[0][0] < self._asked_s:
            self._asked_s = self._coming[0][0]
            self.running.timers.at(self._asked_s, Arrival())

    def arrive(self) -> None:
        """Take in whatever is due."""
        now, coming = self.running.timers.now, self._coming
        self._asked_s = inf
        while coming and coming[0][0] <= now:
            _, kind, _, request = heappop(coming)
            self._take_in(request)
            if kind < 0:
                self._draw()
        self.expect()

    def _draw(self):
        request = next(self._first, None)
        if request is not None:
            heappush(self._coming, (request.arrival_s, -1, request.number, request))

    def _take_in(self, request):
        running = self.running
        now = running.timers.now
        running.count_time()
        running.ledger.count("arrived", request)
        course = Course(request, Job(request), asked(request))
        running.courses[request.number] = course
        running.watch.arrived(now)
        if len(running.courses) > running.bounds.most_in_flight:
            raise Overloaded
        reason = self._never_fits(request) or self._refused(course, now)
        if reason is None:
            running.placing.place(course)
        else:
            running.end(course, Status.REFUSED, reason)

    def _refused(self, course, now):
        running = self.running
        brains, fleet = running.brains, running.fleet
        members = fleet.takers(Role.BOTH, Role.PREFILL)
        views = fleet.views(members, now, states=brains.admission.reads_states)
        door = DoorView(now, len(running.courses) - 1, tuple(views))
        reason = brains.refuses(course.asked, door)
        return reason and f"admission policy {running.spec.policies.admission.name!r}: {reason}"

    def _never_fits(self, request):
        fleet = self.running.fleet
        reason = None
        if fleet.has(Role.BOTH):
            reason = fleet.never_fits(request, Role.BOTH)
            if reason is None:
                return None
        if fleet.has(Role.PREFILL):
            return fleet.never_fits(request, Role.PREFILL) or fleet.never_fits(request, *DECODES)
        return reason
