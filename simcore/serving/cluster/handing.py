"""KV caches on their way from where prompts are prefilled to where they decode."""

from dataclasses import dataclass, field

from simcore.engine import DataBatch
from simcore.errors import ScenarioError
from simcore.serving.cluster.faults import ReplicaFault
from simcore.serving.cluster.kv_routes import End, KVRoute, KVRoutes
from simcore.serving.cluster.ledger import Ledger
from simcore.serving.cluster.members import Member
from simcore.serving.cluster.outcome import Course, Transfer
from simcore.serving.cluster.spec import ClusterSpec, KVTransfer
from simcore.serving.cluster.timelines import LinkUse
from simcore.serving.cluster.timers import Timers
from simcore.serving.replica.replica import Role

WHOLE = 0, 1


@dataclass(slots=True, eq=False)
class Sending:
    """A transfer under way: which tokens of which layers are where.

    Attributes
    ----------
    groups : of layers that are sent apart
    first : token from which on the target lacks KV cache; None until it has reserved blocks
    done, sent : by group of layers, up to which token it is computed, and sent
    flows : under way
    whole : whether the whole prompt is computed
    regular : whether groups of layers can be told from what the replica reports: not after it has
        begun anew
    """

    course: Course
    source: End
    groups: int
    first: int | None = None
    target: End | None = None
    done: list[int] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)
    flows: int = 0
    whole: bool = False
    regular: bool = True
    alone: dict = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class FlowOf:
    """What a batch is: a flow of a transfer.

    Attributes
    ----------
    stands_for : flows like it, itself among them
    layer_group, place : which layers it is of, and which of their route's flows it is
    """

    sending: Sending
    route: KVRoute
    stands_for: int
    layer_group: tuple[int, int]
    place: int


class Handing:
    """All transfers of KV cache."""

    def __init__(self, spec: ClusterSpec, timers: Timers, ledger: Ledger):
        self.timers, self.ledger = timers, ledger
        self.layers = spec.kv_transfer is KVTransfer.LAYERS
        self.links = LinkUse(spec.most_points)
        self._noted: dict[DataBatch, float] = {}
        self.routes = None
        if any(pool.role is Role.PREFILL for pool in spec.pools):
            fails = any(not isinstance(fault, ReplicaFault) for fault in spec.faults)
            self.routes = KVRoutes(spec.topology, spec.pools, alike=not fails)

    def begin(self, course: Course) -> Sending:
        """A prompt is on a prefill replica; its KV cache will be sent."""
        member = course.prefill
        pool = member.pool
        groups = pool.plan.settings.layer_groups if self.layers else 1
        sending = Sending(course, End(pool, member.slot, _group(course, pool)), groups)
        sending.done, sending.sent = [0] * groups, [0] * groups
        course.sending = sending
        return sending

    def reaches(self, course: Course, member: Member) -> bool:
        """Whether the KV cache of a request can go from where it is to another replica."""
        if self.routes.whole:
            return True
        try:
            sending = course.sending
            for group in range(sending.groups):
                self.routes.route(sending.source, _end(course, member), (group, sending.groups))
        except ScenarioError:
            return False
        return True

    def reserved(self, course: Course, tokens: int) -> None:
        """The target has room, and lacks the last `tokens` of the prompt."""
        sending, transfer = course.sending, course.transfer
        transfer.reserved_s = self.timers.now
        transfer.tokens = tokens
        sending.target = _end(course, course.decode)
        sending.first = course.request.prompt_tokens - tokens
        sending.sent = [sending.first] * sending.groups
        for group in range(sending.groups):
            self._flush(sending, group)

    def computed(self, course: Course, group: int, tokens: int) -> None:
        """A group of layers has the KV cache of more tokens."""
        sending = course.sending
        if sending.regular and not sending.whole:
            sending.done[group] += tokens
            self._flush(sending, group)

    def prefilled(self, course: Course) -> None:
        """The whole prompt is computed."""
        sending = course.sending
        sending.whole = True
        sending.done = [course.request.prompt_tokens] * sending.groups
        for group in range(sending.groups):
            self._flush(sending, group)

    def complete(self, sending: Sending) -> bool:
        """Whether all that the target lacked is there."""
        return sending.whole and sending.first is not None and not sending.flows

    def arrived(self, batch: DataBatch) -> Sending:
        """A flow has arrived; returns what it is of."""
        tag, now = batch.tag, self.timers.now
        sending, size = tag.sending, batch.total_size
        sending.flows -= 1
        total = size * tag.stands_for
        self.ledger.bytes_arrived += total
        self.ledger.bytes_under_way -= total
        bottleneck = self.timers.bottleneck(batch)
        if bottleneck is not None:
            self.links.add(batch.path, size - self._noted.pop(batch, 0.0))
        if sending.course.sending is sending:  # else it was given up
            transfer = sending.course.transfer
            transfer.ended_s = now
            if bottleneck is not None:
                transfer.bottleneck = bottleneck.name
        return sending

    def lost(self, batch: DataBatch) -> None:
        """A flow under way is given up."""
        tag = batch.tag
        tag.sending.flows -= 1
        self._noted.pop(batch, None)
        total = batch.total_size * tag.stands_for
        self.ledger.bytes_lost += total
        self.ledger.bytes_under_way -= total

    def end_span(self) -> None:
        """A span of the links' timeline ends."""
        for batch in self.timers.simulator.active_batches:
            moved = batch.total_size - batch.rem_size
            if batch.path and moved:
                self.links.add(batch.path, moved - self._noted.get(batch, 0.0))
                self._noted[batch] = moved
        self.links.end_span(self.timers.now)

    def goes_on(self, batch: DataBatch) -> None:
        """Another takes the place of a flow under way; what has moved of it has moved."""
        moved = batch.total_size - batch.rem_size
        if batch.path:
            self.links.add(batch.path, moved - self._noted.pop(batch, 0.0))
        self.ledger.bytes_arrived += moved * batch.tag.stands_for
        self.ledger.bytes_under_way -= moved * batch.tag.stands_for

    def _flush(self, sending, group):
        """Send what a group of layers has of what the target lacks."""
        start, end = sending.sent[group], sending.done[group]
        if sending.first is None or end <= start:
            return
        sending.sent[group] = end
        course, now = sending.course, self.timers.now
        transfer = course.transfer
        layer_group = group, sending.groups
        route = self.routes.route(sending.source, sending.target, layer_group)
        in_window = route.window_tokens(start, end, course.request.prompt_tokens)
        size = route.bytes(end - start, in_window)
        if not transfer.parts:
            transfer.started_s = now
            transfer.latency_s = route.latency_s
        transfer.parts += 1
        transfer.bytes += size
        seconds = size * route.byte_s
        transfer.serialisation_s += seconds
        way = route.flows[0].path
        alone = now + route.alone_s(end - start, in_window)
        alone = max(alone, sending.alone.get(way, 0.0) + seconds)
        sending.alone[way] = alone
        transfer.alone_end_s = max(transfer.alone_end_s, alone)
        self.ledger.bytes_sent += size
        self.ledger.bytes_under_way += size
        sending.flows += len(route.flows)
        simulator = self.timers.simulator
        for place, flow in enumerate(route.flows):
            tag = FlowOf(sending, route, flow.stands_for, layer_group, place)
            each = flow.bytes(end - start, in_window)
            simulator.add_batch(DataBatch("KV cache", each, flow.path, tag, flow.latency_s))


def begin_transfer(course: Course) -> None:
    """A request is to decode elsewhere: at `course.decode`."""
    course.transfer = Transfer(course.request.number, course.prefill.index, course.decode.index)
    if course.sending.whole:
        course.transfer.prefilled_s = course.job.prefilled_s


def _group(course, pool):
    return course.request.number % pool.plan.pool.dp


def _end(course, member):
    return End(member.pool, member.slot, _group(course, member.pool))
