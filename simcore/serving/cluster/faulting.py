"""Faults: what fails, what is lost with it, and what is started again."""

from math import inf

from simcore.engine import DataBatch
from simcore.errors import ScenarioError
from simcore.serving.cluster.faults import Fault, MachineFault, PartFault, ReplicaFault
from simcore.serving.cluster.handing import FlowOf
from simcore.serving.cluster.members import Member, Phase
from simcore.serving.cluster.outcome import Course, Status
from simcore.topologies.graph import NodeKind


class Faults:
    """The faults of a run, in order of time.

    Attributes
    ----------
    moments : (time [s], whether something comes back, the fault)
    """

    def __init__(self, running):
        self.running = running
        spec = running.spec
        moments = []
        for number, fault in enumerate(spec.faults):
            moments.append((fault.at_s, False, number, fault))
            if fault.back_s < inf:
                moments.append((fault.back_s, True, number, fault))
        moments.sort(key=lambda moment: moment[:3])
        self.moments = [(at, back, fault) for at, back, _, fault in moments]
        running.faults_to_come = len(self.moments)
        self._down: list[str] = []
        self._freed: list[Member] = []  # where blocks were given back
        self._first = {
            (pool.name, number): running.fleet.of_pool(pool.name)[number]
            for pool in spec.pools
            for number in range(pool.replicas)
        }

    def apply(self, back: bool, fault: Fault) -> None:
        """A fault begins, or is over."""
        running = self.running
        running.faults_to_come -= 1
        members = self._members(fault)
        parts = self._parts(fault)
        lost: list[Course] = []
        if back:
            for part in parts:
                self._down.remove(part)
        else:
            self._down += parts
            for member in members:
                lost += self._fail(member, fault.back_s)
        if parts:
            topology = running.spec.topology
            if self._down:
                topology = topology.without(tuple(dict.fromkeys(self._down)))
            if running.handing.routes is not None:
                running.handing.routes.changed(topology, whole=not self._down)
        stranded: list[Course] = []
        running.timers.restart(lambda batch: self._onward(batch, stranded))
        handing = running.handing
        if parts and not back and handing.routes is not None:
            stranded += [
                course
                for course in running.courses.values()
                if course.sending and course.decode and not handing.reaches(course, course.decode)
            ]
        for course in dict.fromkeys(stranded):
            self._recall(course)
        for member in dict.fromkeys(self._freed):
            if member.phase not in (Phase.FAILED, Phase.GONE):
                running.passing.try_room(member)
        self._freed.clear()
        for course in lost:
            self._again(course)
        for course in dict.fromkeys(stranded):
            running.passing.seek(course)
        if back:
            for member in members:
                if member.phase is Phase.FAILED and running.returns[member.index] <= fault.back_s:
                    running.fleet.enter(member, Phase.READY, running.timers.now)
        running.placing.rehome()

    def _members(self, fault):
        running = self.running
        match fault:
            case ReplicaFault(pool=pool, replica=number):
                member = self._first[pool, number]
                return [member] if member.phase is not Phase.GONE else []
            case MachineFault(machine=machine):
                return [m for m in running.fleet.members.values() if machine in self._machines(m)]
            case PartFault():
                return []

    def _machines(self, member):
        topology, pool = self.running.spec.topology, member.pool
        gpus = pool.plan.pool.gpus
        first = pool.first_gpu + member.slot * gpus
        name = pool.place or pool.name
        return {
            topology.nodes[number].machine
            for place, number in topology.places.items()
            if place.pool == name and first <= place.rank < first + gpus
        }

    def _parts(self, fault):
        match fault:
            case PartFault(part=part):
                return [part]
            case MachineFault(machine=machine):
                nodes = self.running.spec.topology.nodes
                return [n.name for n in nodes if n.machine == machine and n.kind is NodeKind.NIC]
            case ReplicaFault():
                return []

    # A replica fails

    def _fail(self, member: Member, back_s: float) -> list[Course]:
        """Returns the requests to start again; of others the KV cache is elsewhere."""
        running, now = self.running, self.running.timers.now
        if member.phase is Phase.FAILED:
            running.returns[member.index] = max(running.returns[member.index], back_s)
            return []
        running.settle()
        member.replica.fail(now)
        # One that was being started or drained is not waited for.
        lasting = member.phase is Phase.READY
        running.fleet.enter(member, Phase.FAILED if lasting else Phase.GONE, now)
        running.returns[member.index] = back_s
        running.brains.left(member.index)
        again = []
        member.room.clear()
        for course in list(member.courses.values()):
            member.drop(course)
            if course.sending is not None and member is course.decode:
                self._new_target(course)
                continue
            other = course.decode
            if member is course.prefill and other is not None and course.sending is not None:
                self._freed.append(running.passing.withdraw(course))
            course.sending = None
            again.append(course)
        running.placing.homeless = [
            course for course in running.placing.homeless if course not in again
        ]
        running.reschedule(member)
        return again

    def _new_target(self, course):
        """Where it was to decode is gone, but its KV cache is where it was prefilled."""
        running = self.running
        course.decode = course.transfer = None
        old = course.sending
        fresh = running.handing.begin(course)
        fresh.done, fresh.whole, fresh.regular = old.done, old.whole, old.regular
        if fresh.whole:
            running.placing.homeless.append(course)

    def _again(self, course):
        running = self.running
        course.prefill = course.decode = course.transfer = None
        if course.attempts > running.spec.retries:
            often = "once" if course.attempts == 1 else f"{course.attempts} times"
            running.end(
                course,
                Status.FAILED,
                f"the replicas that worked on it failed, {often}; that is as often as it is tried",
            )
            return
        course.job.reset()
        running.placing.place(course)

    # Flows go another way

    def _onward(self, batch: DataBatch, stranded: list[Course]) -> DataBatch | None:
        running, tag = self.running, batch.tag
        sending, handing = tag.sending, running.handing
        course = sending.course
        if course.sending is not sending:
            handing.lost(batch)
            return None
        path, latency = batch.path, batch.latency_remaining
        if self._cut(path):
            try:
                route = handing.routes.route(sending.source, sending.target, tag.layer_group)
            except ScenarioError:
                handing.lost(batch)
                stranded.append(course)
                return None
            # As many flows as before, each on the way that has taken the place of its own.
            flow = route.flows[tag.place % len(route.flows)]
            path, latency = flow.path, flow.latency_s
            tag = FlowOf(sending, route, tag.stands_for, tag.layer_group, tag.place)
        handing.goes_on(batch)
        return DataBatch(batch.name, batch.rem_size, path, tag, latency)

    def _cut(self, path):
        topology = self.running.handing.routes.topology
        down = getattr(topology, "down", ())
        if not down:
            return False
        dead = {
            channel
            for wire in topology.wires
            if wire.name in down or any(topology.nodes[end].name in down for end in wire.ends)
            for channel in wire.channels
        }
        return not dead.isdisjoint(path)

    def _recall(self, course):
        """Its KV cache cannot get where it was to decode: that gives its blocks back."""
        running = self.running
        self._freed.append(running.passing.withdraw(course))
        self._new_target(course)
        if course in running.placing.homeless:
            running.placing.homeless.remove(course)
