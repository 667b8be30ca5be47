"""What is noted at every tick: the ledger, checked, and a point of the timelines."""

from simcore.errors import SimulationError
from simcore.serving.cluster.members import STARTING, Phase
from simcore.serving.cluster.timelines import Timeline

REPLICA = ("replica", "waiting", "running", "receiving", "sending", "room", "kv_blocks", "busy_s")
POOL = ("pool", "ready", "pending", "draining", "failed")
CLUSTER = ("arrived", "in_flight", "homeless")


class Watch:
    """Checks and timelines of a run.

    Attributes
    ----------
    tick_s : between two points [s]; it grows with the run
    replicas, pools, cluster : timelines
    last_arrival_s : [s]
    """

    def __init__(self, running):
        spec = running.spec
        self.running = running
        self.tick_s = spec.tick_s
        self.replicas = Timeline(REPLICA, spec.most_points)
        self.pools = Timeline(POOL, spec.most_points)
        self.cluster = Timeline(CLUSTER, spec.most_points)
        self.last_arrival_s = 0.0

    def arrived(self, now: float) -> None:
        """A request has come."""
        self.last_arrival_s = now

    def tick(self) -> None:
        """Check the ledger and note how things are."""
        running, now = self.running, self.running.timers.now
        running.settle()
        rows = []
        ledger, fleet = running.ledger, running.fleet
        ledger.blocks = ledger.free_blocks = ledger.held_blocks = 0
        places = 0
        for member in fleet.members.values():
            state = member.replica.state(now)
            inside = state.waiting + state.running + state.receiving + state.sending
            places += self._known_there(member, inside)
            used = state.total_blocks - state.free_blocks
            ledger.blocks += state.total_blocks
            ledger.free_blocks += state.free_blocks
            # What nobody holds has been forgotten.
            ledger.held_blocks += used if inside else 0
            rows.append(
                (
                    now,
                    member.index,
                    state.waiting,
                    state.running,
                    state.receiving,
                    state.sending,
                    len(member.room),
                    used,
                    member.replica.counts.busy_s,
                )
            )
        running.handing.end_span()
        self._count_anew(places)
        ledger.check()
        if self.replicas.add(rows):
            self.tick_s *= 2
        pools = []
        for name in fleet.pools:
            phases = [member.phase for member in fleet.of_pool(name)]
            pending = sum(phase in STARTING for phase in phases)
            counts = [phases.count(p) for p in (Phase.READY, Phase.DRAINING, Phase.FAILED)]
            pools.append((now, name, counts[0], pending, counts[1], counts[2]))
        self.pools.add(pools)
        arrived = ledger.requests.arrived
        self.cluster.add([(now, arrived, len(running.courses), len(running.placing.homeless))])

    def _known_there(self, member, inside):
        """Requests that have a place there; those that it holds must be those sent there."""
        expected = len(member.courses) - len(member.room)
        if inside != expected:
            raise SimulationError(
                f"{member} has {inside} requests, but {expected} were sent there and have not ended"
            )
        # One under way between two replicas has its place where it is prefilled.
        return sum(
            course.prefill is member or course.sending is None for course in member.courses.values()
        )

    def _count_anew(self, places):
        """What is in flight, from where it is."""
        running, ledger = self.running, self.running.ledger
        homeless = sum(course.sending is None for course in running.placing.homeless)
        ledger.requests.in_flight = places + homeless
        prompts = answers = 0
        for course in running.courses.values():
            prompts += course.request.prompt_tokens
            answers += course.request.output_tokens
        ledger.prompt_tokens.in_flight = prompts
        ledger.output_tokens.in_flight = answers
        ledger.bytes_under_way = sum(
            batch.total_size * batch.tag.stands_for
            for batch in running.timers.simulator.active_batches
        )
