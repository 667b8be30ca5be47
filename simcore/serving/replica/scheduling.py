"""What goes into the next step: the rules of vLLM's scheduler, version 1."""

from collections import deque
from heapq import heappop, heappush

from simcore.errors import SimulationError
from simcore.serving.replica.batch import Batch
from simcore.serving.replica.blocks import BlockPool, Holding
from simcore.serving.replica.events import Event, Preempted, Started
from simcore.serving.replica.job import NEVER, Job
from simcore.serving.replica.keys import block_keys
from simcore.serving.replica.order import Order, in_turn, waiting_of
from simcore.serving.replica.passes import Pass
from simcore.serving.replica.seat import Seat
from simcore.serving.replica.settings import EngineSettings, Victim
from simcore.serving.request import answer_identity


class Scheduler:
    """Queues of a replica, and who gets tokens and blocks in the next step.

    1. Requests that decode get their tokens first, then those whose prompt is cut, then those that
       wait, within one budget of tokens.
    2. Where blocks run short, running requests give theirs up, and nobody is admitted in that step.
    3. The first of those that wait is admitted as soon as there are blocks for its first chunk; as
       long as there are not, nobody behind it is.

    Parameters
    ----------
    groups : attention groups, over which requests are spread evenly; limits are of each

    Attributes
    ----------
    running : by number, in the order of their admission
    partial : those of them whose prompt is not yet computed
    ready : whose KV cache has arrived, and which wait to run
    to_prefill : tokens of prompts not yet in a step
    """

    def __init__(
        self,
        settings: EngineSettings,
        pool: BlockPool,
        *,
        gain: float,
        stages: int,
        groups: int = 1,
        order: Order = in_turn,
    ):
        self.settings, self.pool, self.order = settings, pool, order
        self.most_running = settings.max_num_seqs * groups
        self.budget = settings.max_num_batched_tokens * groups
        self.waiting: list[tuple] = []
        self.ready: deque[Seat] = deque()
        self.running: dict[int, Seat] = {}
        self.partial: list[Seat] = []
        self.to_prefill = self.preemptions = 0
        self.idle = deque(Batch(settings.block_tokens, gain) for _ in range(stages))
        self._each = 1 + settings.draft_tokens
        self._turn = self._queued = 0

    # Queues

    def enqueue(self, job: Job, now: float) -> Seat:
        """A prompt waits to be computed."""
        request = job.request
        order = 0 if self.order is in_turn else self.order(waiting_of(request, now))
        seat = Seat(job, (order, self._queued), request.prompt_tokens, self.holding(job))
        self._queued += 1
        self._wait(seat)
        return seat

    def holding(self, job: Job) -> Holding:
        """Blocks, as yet none, of the prompt of a job."""
        pieces = job.request.pieces
        return Holding(block_keys(pieces, self.settings.block_tokens) if pieces else ())

    def receive(self, job: Job, holding: Holding, now: float) -> Seat:
        """A request whose KV cache has arrived waits to decode."""
        tokens = job.request.prompt_tokens + job.generated - 1
        order = 0 if self.order is in_turn else self.order(waiting_of(job.request, now))
        seat = Seat(job, (order, self._queued), tokens, holding)
        seat.computed = tokens
        self._queued += 1
        self.ready.append(seat)
        return seat

    def _wait(self, seat):
        self.to_prefill += seat.tokens
        heappush(self.waiting, (seat.order, seat))

    def _run(self, seat):
        seat.turn = self._turn
        self._turn += 1
        self.running[seat.job.request.number] = seat

    def decode(self, batch: Batch, seat: Seat) -> None:
        """A request whose prompt is in the cache joins a batch."""
        job = seat.job
        batch.join(seat, seat.computed, job.request.output_tokens - job.generated)

    # A step

    def next_pass(self, now: float, events: list[Event]) -> Pass | None:
        """What goes into the step that starts at `now` [s]; None if there is nothing to do.

        Says in `events` who was preempted, and whose prompt is begun.
        """
        batch = self._next_batch()
        before = self.preemptions
        while self.ready and len(self.running) < self.most_running:
            seat = self.ready.popleft()
            self._run(seat)
            self.decode(batch, seat)
        step = Pass(batch, [], now)
        if batch.size:
            more = self._make_room(batch, now, events)
            if more:
                self.pool.take(more, now)
        budget = self.budget - batch.size * self._each
        for seat in list(self.partial):
            # A chunk may follow another of the same prompt through the stages.
            if budget > 0 and seat.remaining and seat.turn >= 0:
                budget -= self._go_on(seat, budget, step, events)
        if self.preemptions == before and self.waiting:
            self._admit(budget, step, events)
        if not batch.size and not step.chunks:
            return None
        self.idle.remove(batch)
        return step

    def may_repeat(self, step: Pass, preempted: bool) -> int:
        """Steps for which nothing in the batch will change, if nothing comes from outside."""
        batch = step.batch
        if step.chunks or self.settings.step_by_step or (preempted and self.waiting):
            return 1
        if any(other.size for other in self.idle):
            return 1
        most = batch.steps_to_end()
        if most <= 1:
            return 1
        # The blocks of the first step are taken already.
        first = batch.blocks_for(batch.steps, batch.steps + 1)
        return max(1, batch.steps_within(self.pool.free + first, most))

    def _next_batch(self):
        for batch in self.idle:
            if batch.size:
                return batch
        return self.idle[0]

    def _make_room(self, batch, now, events):
        """Blocks that a step of the batch takes; there are as many, whoever had to go for it."""
        more = batch.blocks_for(batch.steps, batch.steps + 1)
        while more > self.pool.free:
            victim = self._victim()
            if victim is None:
                raise SimulationError("no running request can give up its blocks")
            self.preempt(victim, now, events)
            more = batch.blocks_for(batch.steps, batch.steps + 1)
        return more

    def _go_on(self, seat, budget, step, events):
        """Another chunk of a prompt that has been begun; returns its tokens."""
        new = min(seat.remaining, budget, self.settings.max_num_batched_tokens)
        if not self.settings.chunked_prefill and new < seat.remaining:
            return 0
        holding = seat.holding
        more = self._blocks(seat.computed + new) - holding.blocks
        while more > self.pool.free:
            victim = self._victim(step.batch)
            if victim is None:
                return 0
            self.preempt(victim, step.start, events)
            if victim is seat:
                return 0
        self._compute(seat, new, more, step)
        return new

    def _admit(self, budget, step, events):
        settings, pool = self.settings, self.pool
        while self.waiting and budget > 0 and len(self.running) < self.most_running:
            seat = self.waiting[0][1]
            holding = seat.holding
            cached = pool.cached(holding, (seat.tokens - 1) // settings.block_tokens)
            hit = cached * settings.block_tokens
            rest = seat.tokens - hit
            new = min(rest, budget, settings.max_num_batched_tokens)
            if not settings.chunked_prefill and new < rest:
                return
            more = self._blocks(hit + new) - cached
            if not pool.room_for(holding, cached, more):
                return
            heappop(self.waiting)
            pool.reuse(holding, cached)
            seat.computed = hit
            self.to_prefill -= hit
            self._begin(seat, hit, step.start, events)
            self._run(seat)
            self.partial.append(seat)
            self._compute(seat, new, more, step)
            budget -= new

    def _begin(self, seat, hit, now, events):
        job = seat.job
        if job.started_s == NEVER:
            events.append(Started(now, job))
            job.started_s = now
            job.queue_s = now - job.queued_s - job.host_s
            job.cached_tokens = hit
        job.recomputed_tokens += max(0, seat.lost_tokens - hit)
        seat.lost_tokens = 0

    def _compute(self, seat, new, more, step):
        holding = seat.holding
        self.pool.take(more, step.start)
        holding.blocks += more
        seat.computed += new
        seat.in_steps += 1
        self.to_prefill -= new
        if holding.keys:
            self.pool.keep(holding, seat.computed // self.settings.block_tokens, step.start)
        step.chunks.append((seat, new))

    # Preemption and the end

    def preempt(self, seat: Seat, now: float, events: list[Event]) -> None:
        """It gives up its blocks and waits, with its answer so far as a part of its prompt."""
        job = seat.job
        self.leave(seat, now, park=True)
        self.to_prefill -= seat.remaining
        seat.lost_tokens = max(seat.lost_tokens, seat.computed)
        if seat.lost_s < 0:
            seat.lost_s = now
        seat.tokens = job.request.prompt_tokens + job.generated
        seat.computed = 0
        seat.turn = -1
        job.preemptions += 1
        self.preemptions += 1
        self._wait(seat)
        events.append(Preempted(now, job))

    def leave(self, seat: Seat, now: float, *, park: bool = False) -> None:
        """It no longer runs, and its blocks are free."""
        self.settle_seat(seat, now, park=park)
        self.pool.release(seat.holding, park=park)

    def settle_seat(self, seat: Seat, now: float, *, park: bool = False) -> None:
        """It no longer runs, but holds its blocks."""
        job, holding = seat.job, seat.holding
        if seat.batch is not None:
            seat.batch.leave(seat)
        if seat in self.partial:
            self.partial.remove(seat)
        del self.running[job.request.number]
        if holding.keys and (park or job.request.session >= 0):
            self._keep_answer(seat, now)

    def _keep_answer(self, seat, now):
        """Whoever goes on from the answer finds it in the cache."""
        request, size = seat.job.request, self.settings.block_tokens
        blocks = seat.computed // size
        if blocks > len(seat.holding.keys):
            answer = answer_identity(request.number), seat.job.generated
            seat.holding.keys = block_keys((*request.pieces, answer), size)
        self.pool.keep(seat.holding, blocks, now)

    def _victim(self, kept: Batch | None = None):
        """Who gives its blocks up: of those in no step under way, nor in `kept`."""

        def free(seat):
            if seat.batch is None:
                return not seat.in_steps
            return seat.batch is not kept and seat.batch in self.idle

        if self.settings.victim is Victim.NEWEST:
            return next(filter(free, reversed(self.running.values())), None)
        return max(
            filter(free, self.running.values()),
            key=lambda seat: (seat.job.request.priority, seat.job.request.arrival_s, seat.turn),
            default=None,
        )

    def _blocks(self, tokens):
        return -(-tokens // self.settings.block_tokens)
