"""Which replica takes a prompt, and what becomes of those that none takes now."""

from math import inf

from simcore.errors import SimulationError
from simcore.serving.cluster.arrivals import DECODES
from simcore.serving.cluster.members import Member
from simcore.serving.cluster.outcome import Course, Status
from simcore.serving.replica import Role
from simcore.serving.request import Request


class Placing:
    """Prompts on their way to replicas.

    Attributes
    ----------
    homeless : requests that no replica takes now, or whose KV cache none that decodes takes
    """

    def __init__(self, running):
        self.running = running
        self.homeless: list[Course] = []

    def place(self, course: Course) -> None:
        """Find a replica for a prompt; without one that takes requests now, it waits."""
        running, request, what = self.running, course.request, course.asked
        now, fleet, brains = running.timers.now, running.fleet, running.brains
        local = fleet.fitting(request, Role.BOTH)
        remote = fleet.fitting(request, Role.PREFILL)
        if remote and fleet.never_fits(request, *DECODES) is not None:
            remote = []
        if local and remote:
            views = fleet.views(local, now, states=brains.decider.reads_states)
            course.apart = brains.apart(what, views)
        elif local or remote:
            course.apart = bool(remote)
        else:
            self._wait(course)
            return
        way, members = ("prefill", remote) if course.apart else ("local", local)
        member = self.routed(way, course, members)
        course.attempts += 1
        course.lost_s = now - request.arrival_s
        course.prefill, course.decode = member, None
        member.take(course)
        refusal = member.replica.submit(course.job, now)
        if refusal is not None:
            raise SimulationError(f"{member} refused what fits: {refusal.reason}")
        if course.apart:
            running.handing.begin(course)
        running.reschedule(member)

    def routed(self, way: str, course: Course, members: list[Member]) -> Member:
        """The one of these replicas that a router chooses."""
        running = self.running
        states = running.brains.routers[way].reads_states
        views = running.fleet.views(members, running.timers.now, states=states)
        return running.fleet.members[running.brains.route(way, course.asked, views)]

    def hope(self, request: Request, *roles: Role, later: bool = False) -> bool:
        """Whether a replica with one of these roles takes such a request, or will later.

        `later` leaves out those that take requests now.
        """
        returns = self.running.returns
        return self.running.fleet.hope(
            request, lambda member: returns[member.index] < inf, *roles, later=later
        )

    def _wait(self, course):
        """No replica takes it now: it waits where one may later, and has failed otherwise."""
        request = course.request
        apart = self.hope(request, Role.PREFILL) and self.hope(request, *DECODES)
        if apart or self.hope(request, Role.BOTH):
            self.homeless.append(course)
        else:
            self.running.end(course, Status.FAILED, "no replica is left that could take it")

    def give_up(self) -> None:
        """Nothing will come back for those that wait."""
        waiting, self.homeless = self.homeless, []
        for course in waiting:
            if course.sending is None:
                self.running.end(course, Status.FAILED, "no replica has come that could take it")
            else:
                self.running.passing.give_up(course)

    def rehome(self) -> None:
        """Replicas or ways have come back: those that wait for one try again."""
        waiting, self.homeless = self.homeless, []
        for course in waiting:
            if course.sending is None:
                self.place(course)
            else:
                self.running.passing.seek(course)
