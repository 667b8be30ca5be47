"""One replica of a serving engine: requests go in, tokens come out, in simulated time."""

from collections import deque
from heapq import heappop

from simcore.errors import ScenarioError, SimulationError
from simcore.serving.replica.blocks import BlockPool, Holding
from simcore.serving.replica.clock import Clock
from simcore.serving.replica.ends import StepEnds
from simcore.serving.replica.events import Event
from simcore.serving.replica.job import Job, Refusal
from simcore.serving.replica.order import Order, in_turn
from simcore.serving.replica.prefix import PrefixIndex
from simcore.serving.replica.role import Role
from simcore.serving.replica.scheduling import Scheduler
from simcore.serving.replica.settings import EngineSettings
from simcore.serving.replica.state import Counts, ReplicaState
from simcore.serving.replica.stepping import Stepper
from simcore.serving.request import Request


class Replica:
    """One replica.

    Times are of the simulated clock [s]. What is told to a replica must not lie before what it was
    told last. Several requests of one instant are seen together: a step that can start at that
    instant starts when `advance` is called.

    Parameters
    ----------
    index : of the replica in its cluster
    clock : how long steps take
    total_blocks : of its KV cache
    groups : attention groups that it spreads requests over
    order : of requests that wait

    Attributes
    ----------
    max_tokens : most tokens of a request, prompt and answer together
    """

    def __init__(
        self,
        index: int,
        clock: Clock,
        *,
        total_blocks: int,
        settings: EngineSettings | None = None,
        role: Role = Role.BOTH,
        groups: int = 1,
        order: Order = in_turn,
    ):
        self.index, self.clock, self.role = index, clock, role
        self.settings = settings or EngineSettings()
        self.total_blocks, self.groups, self.order = total_blocks, groups, order
        self.gain = self.settings.tokens_per_step * clock.tokens_per_step
        self.max_tokens = self._most_tokens()
        self._before = Counts()
        self._start_empty(0.0)

    def _most_tokens(self):
        settings = self.settings
        most = self.total_blocks // self.groups * settings.block_tokens
        if settings.max_model_tokens is not None:
            most = min(most, settings.max_model_tokens)
        if not settings.chunked_prefill:
            most = min(most, settings.max_num_batched_tokens)
        if most < 1:
            raise ScenarioError(
                f"replica {self.index}: {self.total_blocks} blocks for {self.groups} groups hold "
                "no token; give the replica more memory",
                field="memory_share",
            )
        return most

    def _start_empty(self, now):
        settings = self.settings
        self._cache = PrefixIndex(settings.remember_s)
        self._pool = BlockPool(self.total_blocks, self._cache, caching=settings.prefix_caching)
        self._queues = Scheduler(
            settings,
            self._pool,
            gain=self.gain,
            stages=self.clock.stages,
            groups=self.groups,
            order=self.order,
        )
        self._stepper = Stepper(
            self.clock, settings, self._queues, self._pool, reporting=self.role is Role.PREFILL
        )
        self._intake: deque[tuple[float, Job]] = deque()
        self._intake_tokens = 0
        self._receiving: dict[int, tuple[Job, Holding]] = {}
        self._ends = StepEnds(self._queues, handing_over=self.role is Role.PREFILL)
        self._events: list[Event] = []
        self._now = now
        self._asked = False  # whether something has come that a step could start with

    # What comes from outside

    def refusal(self, request: Request) -> Refusal | None:
        """Why the replica could never take a request; None if it can."""
        answer = 1 if self.role is Role.PREFILL else request.output_tokens
        need = request.prompt_tokens + answer
        if need <= self.max_tokens:
            return None
        return Refusal(
            f"request {request.number} needs {need:,} tokens, prompt and answer together, but "
            f"replica {self.index} holds at most {self.max_tokens:,} of one request",
            need,
            self.max_tokens,
        )

    def submit(self, job: Job, now: float) -> Refusal | None:
        """A prompt to prefill; refused where it can never fit."""
        self._run_until(now)
        request = job.request
        refused = self.refusal(request)
        if refused is not None:
            return refused
        if request.pieces and sum(n for _, n in request.pieces) != request.prompt_tokens:
            raise ScenarioError(
                f"request {request.number}: its pieces add up to "
                f"{sum(n for _, n in request.pieces)} tokens, but prompt_tokens is "
                f"{request.prompt_tokens}; make them equal",
                field="pieces",
            )
        job.queued_s, job.host_s = now, self.clock.request_s
        job.prefill_replica = self.index
        if self.role is not Role.PREFILL:
            job.decode_replica = self.index
        ready = now + self.clock.request_s
        if ready > now:
            self._intake.append((ready, job))
            self._intake_tokens += request.prompt_tokens
        else:
            self._enqueue(job, now)
        return None

    def reserve(self, job: Job, now: float) -> int | None:
        """Reserve blocks for a KV cache that will come; None if there is no room now.

        Returns the tokens of the prompt that its cache lacks, which are to be sent.
        """
        self._run_until(now)
        self._stepper.settle(now)
        request, size = job.request, self.settings.block_tokens
        holding = self._queues.holding(job)
        cached = self._pool.cached(holding, request.prompt_tokens // size)
        more = -(-request.prompt_tokens // size) - cached
        if not self._pool.room_for(holding, cached, more):
            return None
        self._pool.reuse(holding, cached)
        self._pool.take(more, now)
        holding.blocks += more
        self._stepper.spare(now)
        self._receiving[request.number] = job, holding
        job.sent_tokens_saved = cached * size
        return request.prompt_tokens - cached * size

    def start_decoding(self, job: Job, now: float) -> None:
        """The KV cache of a job with a reservation has arrived."""
        self._run_until(now)
        _, holding = self._known(self._receiving, job, "has no reservation")
        self._pool.keep(holding, job.request.prompt_tokens // self.settings.block_tokens, now)
        job.decode_ready_s = now
        job.decode_replica = self.index
        self._queues.receive(job, holding, now)
        self._something_has_come(now)

    def cancel(self, job: Job, now: float) -> None:
        """Give a reservation up: its KV cache will not come."""
        self._run_until(now)
        _, holding = self._known(self._receiving, job, "has no reservation")
        self._pool.release(holding)
        self._more_room(now)

    def release(self, job: Job, now: float) -> None:
        """The KV cache that is kept for others to fetch has been sent: its blocks are free."""
        self._run_until(now)
        seat = self._known(self._ends.sending, job, "has no KV cache that waits to be sent")
        self._pool.release(seat.holding)
        self._more_room(now)

    def fail(self, now: float) -> list[Job]:
        """It dies, and is empty afterwards; returns the jobs that are lost, in order of number.

        Jobs whose KV cache is on its way here, or waits here to be sent, are among them.
        """
        self._run_until(now)
        queues = self._queues
        lost = {job.request.number: job for _, job in self._intake}
        seats = [seat for _, seat in queues.waiting]
        seats += [*queues.ready, *queues.running.values(), *self._ends.sending.values()]
        lost |= {seat.job.request.number: seat.job for seat in seats}
        lost |= {number: job for number, (job, _) in self._receiving.items()}
        self._before = self.counts
        events = self._events
        self._start_empty(now)
        self._events = events
        return [lost[number] for number in sorted(lost)]

    @property
    def counts(self) -> Counts:
        """What it has done so far, in steps that have ended."""
        before, ends = self._before, self._ends
        return Counts(
            steps=before.steps + ends.steps,
            prefilled_tokens=before.prefilled_tokens + ends.prefilled_tokens,
            decoded_tokens=before.decoded_tokens + ends.decoded_tokens,
            preemptions=before.preemptions + self._queues.preemptions,
            busy_s=before.busy_s + self._stepper.busy_s,
        )

    # Time

    def next_time(self) -> float:
        """When something may happen next [s]; infinite while nothing can without an impulse."""
        if self._asked or self._events:
            return self._now
        return self._next()

    def advance(self, now: float) -> list[Event]:
        """Let time pass until `now` [s]; returns what has happened, in order."""
        self._run_until(now)
        if self._asked:
            self._start()
        events, self._events = self._events, []
        return events

    def state(self, now: float) -> ReplicaState:
        """Facts of this moment [s]."""
        self._run_until(now)
        context, queues = self._stepper.look(now), self._queues
        partial = queues.partial
        # In the order of the fields: names would take half as long again.
        return ReplicaState(
            now,
            len(self._intake) + len(queues.waiting),
            len(queues.running),
            len(self._receiving) + len(queues.ready),
            len(self._ends.sending),
            queues.to_prefill + self._intake_tokens,
            context + sum([seat.computed for seat in partial]) if partial else context,
            self._pool.free,
            self.total_blocks,
            len(self._stepper.flights),
            self._before.preemptions + queues.preemptions,
            self._cache,
            self.settings.block_tokens,
        )

    def _next(self):
        next_ = self._stepper.next_time()
        intake = self._intake
        return intake[0][0] if intake and intake[0][0] < next_ else next_

    def _run_until(self, now):
        if now < self._now:
            raise SimulationError(
                f"replica {self.index} is at {self._now!r} s and was told of {now!r} s; time runs "
                "forwards only"
            )
        if self._asked and now > self._now:
            self._start()
        stepper, intake = self._stepper, self._intake
        while True:
            next_ = self._next()
            if next_ > now:
                break
            self._now = next_
            milestones = stepper.milestones
            while milestones and milestones[0][0] <= next_:
                self._events.append(heappop(milestones)[2])
            if stepper.flights and stepper.flights[0].end <= next_:
                self._ends.complete(stepper.pop(), self._events)
                self._asked = True
            while intake and intake[0][0] <= next_:
                job = intake.popleft()[1]
                self._intake_tokens -= job.request.prompt_tokens
                self._enqueue(job, next_, ended=True)
            if self._asked:
                self._start()
        self._now = now

    def _start(self):
        self._asked = False
        self._stepper.start(self._now, self._events)

    def _enqueue(self, job, now, *, ended=False):
        self._queues.enqueue(job, now)
        self._something_has_come(now, ended=ended)

    def _something_has_come(self, now, *, ended=False):
        """A step may be able to start, or decode steps in a row are to end with the one under way.

        Where the stages are full, whatever has come is seen when a step ends.
        """
        self._asked |= not self._stepper.full
        self._stepper.interrupt(now, ended=ended)

    def _more_room(self, now):
        if self._queues.waiting or self._queues.partial:
            self._something_has_come(now)

    def _known(self, those, job, what):
        try:
            return those.pop(job.request.number)
        except KeyError:
            raise SimulationError(
                f"replica {self.index}: request {job.request.number} {what}"
            ) from None
