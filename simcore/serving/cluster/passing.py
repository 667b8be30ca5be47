"""Requests that pass from where their prompt is prefilled to where they decode."""

from simcore.serving.cluster.arrivals import DECODES
from simcore.serving.cluster.handing import begin_transfer
from simcore.serving.cluster.members import Member
from simcore.serving.cluster.outcome import Course, Status


class Passing:
    """From prefill to decode: a replica is found, blocks are reserved, KV cache is sent."""

    def __init__(self, running):
        self.running = running

    def started(self, course: Course) -> None:
        """Prefill has begun, and KV cache is sent layer by layer."""
        sending = course.sending
        sending.done = [course.job.cached_tokens] * sending.groups
        if course.decode is None:
            self.seek(course)

    def begun_anew(self, course: Course) -> None:
        """Its prefill was preempted: what is reserved for it elsewhere is given back.

        Else it could wait for blocks of another that waits for those that it has reserved. It looks
        for a replica again when it is prefilled.
        """
        target = None
        if course.decode is not None:
            target = self.withdraw(course)
            course.decode = course.transfer = None
        self.running.handing.begin(course).regular = False
        if target is not None:
            self.try_room(target)

    def prefilled(self, course: Course, at: float) -> None:
        """The whole prompt has been computed at a time [s]."""
        handing = self.running.handing
        if course.transfer is not None:
            course.transfer.prefilled_s = at
        handing.prefilled(course)
        if course.decode is None:
            self.seek(course)
        elif handing.complete(course.sending):
            self.handed_over(course)

    def seek(self, course: Course) -> None:
        """Find a replica that decodes what another prefills."""
        running, request = self.running, course.request
        members = [
            member
            for member in running.fleet.fitting(request, *DECODES)
            if running.handing.reaches(course, member)
        ]
        if not members:
            if not course.sending.whole:
                return  # once it is prefilled, it looks again
            if running.faults_to_come or running.placing.hope(request, *DECODES, later=True):
                running.placing.homeless.append(course)
            else:
                self.give_up(course)
            return
        member = running.placing.routed("decode", course, members)
        course.decode = member
        begin_transfer(course)
        member.take(course)
        member.room.append(course)
        if len(member.room) == 1:
            self.try_room(member)

    def give_up(self, course: Course) -> None:
        """Its KV cache can go nowhere."""
        source = course.prefill
        source.replica.release(course.job, self.running.timers.now)
        self.running.end(course, Status.FAILED, "no replica that decodes can be reached")
        self._left(source, course)

    def _left(self, source, course):
        source.drop(course)
        self.running.reschedule(source)
        self.running.scaler.empty(source)

    def try_room(self, member: Member) -> None:
        """Reserve blocks for KV caches that wait for them, in order."""
        running = self.running
        while member.room:
            course = member.room[0]
            tokens = member.replica.reserve(course.job, running.timers.now)
            if tokens is None:
                break
            member.room.popleft()
            running.handing.reserved(course, tokens)
            if running.handing.complete(course.sending):
                self.handed_over(course)
        running.reschedule(member)

    def withdraw(self, course: Course) -> Member:
        """Its KV cache will not come where it was to decode; returns that replica."""
        target = course.decode
        target.drop(course)
        if course in target.room:
            target.room.remove(course)
        else:
            target.replica.cancel(course.job, self.running.timers.now)
        return target

    def handed_over(self, course: Course) -> None:
        """All of a KV cache is where it decodes."""
        running, transfer = self.running, course.transfer
        now = running.timers.now
        if not transfer.parts:
            transfer.started_s = transfer.ended_s = transfer.alone_end_s = now
        source, target = course.prefill, course.decode
        course.sending = None
        target.replica.start_decoding(course.job, now)
        source.replica.release(course.job, now)
        running.reschedule(target)
        self._left(source, course)
