"""Steps in time: when those of a replica start and end on its pipeline stages."""

from collections import deque
from heapq import heappush
from math import inf

from simcore.serving.replica.blocks import BlockPool
from simcore.serving.replica.clock import Clock
from simcore.serving.replica.events import Event, LayersPrefilled
from simcore.serving.replica.job import NEVER
from simcore.serving.replica.passes import Pass
from simcore.serving.replica.scheduling import Scheduler
from simcore.serving.replica.settings import EngineSettings


class Stepper:
    """What is on the stages of a replica.

    A step goes through the stages one after the other; a stage works on one step at a time, in
    order. As many batches are under way as there are stages. Where nothing but decodes is under
    way, steps in a row are taken at once up to the next change; what comes from outside cuts them
    short at the end of the step under way.

    Parameters
    ----------
    reporting : whether milestones are told

    Attributes
    ----------
    flights : steps under way, in order
    milestones : heap of what happens while they last: time, number, event
    busy_s : time in which the first stage worked, of steps that have ended [s]
    """

    def __init__(
        self,
        clock: Clock,
        settings: EngineSettings,
        queues: Scheduler,
        pool: BlockPool,
        *,
        reporting: bool,
    ):
        self.clock, self.settings, self.queues, self.pool = clock, settings, queues, pool
        self.flights: deque[Pass] = deque()
        self.milestones: list[tuple[float, int, Event]] = []
        self.busy_s = 0.0
        self._reporting = reporting and settings.layer_groups > 1
        self._reported = 0
        self._stage_free = [0.0] * clock.stages

    def next_time(self) -> float:
        """When a step ends or something in one happens [s]; infinite where nothing is under way."""
        if not self.flights:
            return inf
        end = self.flights[0].end
        if self.milestones and self.milestones[0][0] < end:
            return self.milestones[0][0]
        return end

    def start(self, now: float, events: list[Event]) -> None:
        """Start what can be started at `now` [s]; says in `events` what that brings about."""
        queues = self.queues
        while len(self.flights) < self.clock.stages:
            preemptions = queues.preemptions
            step = queues.next_pass(now, events)
            if step is None:
                if queues.preemptions > preemptions:
                    # All that ran has made room: now somebody may be admitted.
                    continue
                return
            if self.flights or step.chunks:
                self._start_one(step, now)
            else:
                self._start_many(step, queues.preemptions > preemptions)
            self.flights.append(step)
            fresh = step.batch.fresh
            if fresh:
                for seat in fresh:
                    if seat.job.decode_started_s == NEVER:
                        seat.job.decode_started_s = now
                fresh.clear()

    def interrupt(self, now: float, *, ended: bool = False) -> None:
        """Let decode steps in a row end with the one under way at `now` [s].

        With `ended`, of two that meet there with the earlier.
        """
        if self.flights:
            flight = self.flights[0]
            if flight.steps > 1:
                step = flight.step_at(now, ended=ended)
                shorter = step < flight.steps
                flight.cut(step)
                self._take(flight, step, now)
                if shorter:  # else another step may have been put on the stages behind it
                    self._occupy(flight)

    @property
    def full(self) -> bool:
        """Whether no further step can start before one ends."""
        return len(self.flights) == self.clock.stages

    def settle(self, now: float) -> None:
        """Take the blocks of all steps that have begun by `now` [s]."""
        for flight in self.flights:
            if flight.taken < flight.steps:
                self._take(flight, flight.step_at(now), now)

    def spare(self, now: float) -> None:
        """Blocks have been taken: decode steps in a row end early if those left are too few.

        The blocks of steps that have begun by `now` [s] are taken.
        """
        if self.flights:
            flight = self.flights[0]
            done, last = (flight.first_step + count for count in (flight.taken, flight.steps))
            if done < last and flight.batch.blocks_for(done, last) > self.pool.free:
                self.interrupt(now)

    def look(self, now: float) -> int:
        """Tokens in the cache of requests that decode, at `now` [s].

        The blocks of all steps that have begun by then are taken.
        """
        context = 0.0
        for batch in self.queues.idle:
            if batch.size:
                context += batch.context
        for flight in self.flights:
            begun = flight.step_at(now)
            self._take(flight, begun, now)
            batch = flight.batch
            if batch.size:
                context += batch.context + batch.growth * (begun - (now < flight.end))
        return int(context)

    def pop(self) -> Pass:
        """The first of the steps under way has ended."""
        flight = self.flights.popleft()
        self._take(flight, flight.steps, flight.end)
        self.busy_s += flight.share * (flight.end - flight.start)
        batch = flight.batch
        if batch.size:
            batch.steps += flight.steps
            batch.log.add(flight.steps, flight.first_s, flight.growth_s)
        self.queues.idle.append(batch)
        return flight

    def _start_many(self, step, preempted):
        """Decode steps alone, with nothing else on the stages."""
        queues, batch = self.queues, step.batch
        context, grown = batch.context, batch.growth
        first, slope, until = self.clock.piece(batch.size, context)
        steps = queues.may_repeat(step, preempted)
        if steps > 1 and until < inf:
            steps = min(steps, 1 + max(0, int((until - context) / grown)))
        step.lasts(first + self.settings.draft_s, slope * grown, steps)
        self._occupy(step)

    def _start_one(self, step, now):
        """One step, which may have to wait at each stage for the one before it."""
        batch, clock = step.batch, self.clock
        size, chunks = batch.size, step.chunks
        if chunks:
            parts = [(new, seat.computed - new) for seat, new in chunks]
            ended = sum([not seat.remaining for seat, _ in chunks])
            tokens = size + sum([new for new, _ in parts])
            times = clock.mixed_stages(parts, size, batch.context, size + ended)
        else:
            tokens = size
            times = clock.decode_stages(size, batch.context)
        begin, end = self._pass_through(times, tokens, size, now)
        step.lasts(end - now)
        step.share = times[0] / (end - now) if end > now else 0.0
        if self._reporting:
            self._report(step, begin)

    def _pass_through(self, times, tokens, size, now):
        """Put a step on the stages; when it starts on the first and ends on the last [s]."""
        free = self._stage_free
        at = begin = max(now, free[0])
        if size:
            at += self.settings.draft_s
        if len(times) == 1:
            free[0] = at = at + times[0]
            return begin, at
        hop = self.clock.hop_s(tokens)
        for stage, seconds in enumerate(times):
            if stage:
                at = max(at + hop, free[stage])
            at += seconds
            free[stage] = at
        return begin, at

    def _occupy(self, flight):
        """The stages are in use until the last of decode steps in a row has passed them."""
        if self.clock.stages == 1:
            return
        batch, before = flight.batch, flight.steps - 1
        times = self.clock.decode_stages(batch.size, batch.context + batch.growth * before)
        # Nothing else is on the stages.
        self._stage_free = [0.0] * len(times)
        self._pass_through(times, batch.size, batch.size, flight.end_of(before))
        last = flight.step_s(flight.steps)
        flight.share = times[0] / last if last > 0 else 0.0

    def _report(self, step, begin):
        """Say when layers of a step have their KV cache."""
        groups = self.settings.layer_groups
        for seat, new in step.chunks:
            for group in range(groups):
                at = begin + (step.end - begin) * (group + 1) / groups
                at = min(at, step.end)  # not by a rounding error after it
                event = LayersPrefilled(at, seat.job, new, group, groups, not seat.remaining)
                heappush(self.milestones, (at, self._reported, event))
                self._reported += 1

    def _take(self, flight, begun, now):
        """Take the blocks of its steps up to the one of that number, which has begun by `now`."""
        taken = flight.taken
        if begun <= taken:
            return
        batch, first, pool = flight.batch, flight.first_step, self.pool
        count = batch.blocks_for(first + taken, first + begun)
        if count and pool.gives_up_prefixes(count):
            for step in range(taken, begun):
                more = batch.blocks_for(first + step, first + step + 1)
                pool.take(more, flight.end_of(step))
        elif count:
            pool.take(count, now)
        flight.taken = begun
