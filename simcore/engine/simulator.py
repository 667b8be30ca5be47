"""The event loop: exact, because time only ever advances to the next change."""

from collections import deque
from heapq import heapify, heappop, heappush
from math import inf

from simcore.engine.network import FINISH, Network, Route
from simcore.engine.trace import Trace
from simcore.engine.work import ComputeJob, DataBatch
from simcore.errors import LimitReached, SimulationError

# Kinds of event. At one instant they come in this order: transfers before compute jobs, and each
# in the order added. FINISH stands between them.
LATENCY_OVER = 0
COMPUTE_OVER = 2

MOST_COMPLETIONS = 5_000_000


class CommNetworkSimulator:
    """Moves transfers over max-min fairly shared channels and runs compute jobs.

    Attributes
    ----------
    current_time : [s]
    completed_batches, completed_compute : in the order of completion
    """

    def __init__(self):
        self.current_time = 0.0
        self.completed_batches: list[DataBatch] = []
        self.completed_compute: list[ComputeJob] = []
        self._active_batches: dict[DataBatch, None] = {}
        self._active_compute: dict[ComputeJob, None] = {}
        self._waiting: dict[object, deque] = {}
        self._network = Network()
        self._events = []
        self._finishes_pushed = 0
        self._added = 0

    @property
    def active_batches(self) -> list[DataBatch]:
        """Transfers that have not arrived, in the order added."""
        return list(self._active_batches)

    @property
    def active_compute(self) -> list[ComputeJob]:
        """Compute jobs that have not ended, queued ones included, in the order added."""
        return list(self._active_compute)

    @property
    def trace(self) -> Trace:
        """What has completed so far, as a table."""
        return Trace.of(self.completed_batches, self.completed_compute)

    def add_batch(self, batch: DataBatch) -> None:
        """Send `batch` now. Raises SimulationError if it was added before."""
        if batch._simulator is not None:
            raise SimulationError(f"{batch!r} was added before; send a new DataBatch")
        route = self._network.route(batch.path)
        batch._simulator = self
        self._added = batch._seq = seq = self._added + 1
        now = batch.start_time = self.current_time
        self._active_batches[batch] = None
        if route.latency > 0.0:
            batch._due = due = now + route.latency
            heappush(self._events, (due, LATENCY_OVER, seq, batch))
        else:
            batch._due = now
            self._begin_payload(batch)

    def add_compute(self, job: ComputeJob) -> None:
        """Run `job` now, or when its device is free. Raises SimulationError if added before."""
        if job._simulator is not None:
            raise SimulationError(f"{job!r} was added before; submit a new ComputeJob")
        queue = job._queue
        if queue is not None:
            waiting = self._waiting.get(queue)
            if waiting is not None:
                job._simulator = self
                self._added = job._seq = self._added + 1
                self._active_compute[job] = None
                waiting.append(job)
                return
            self._waiting[queue] = deque()
        job._simulator = self
        self._added = job._seq = seq = self._added + 1
        self._active_compute[job] = None
        now = job.start_time = self.current_time
        job._due = due = now + job.total_duration
        heappush(self._events, (due, COMPUTE_OVER, seq, job))

    def run(self, system, until: float = inf, max_completions: int | None = MOST_COMPLETIONS):
        """Run until nothing is left to do.

        Parameters
        ----------
        system : told of each completion; it may add work
        until : last moment to simulate [s]
        max_completions : most transfers and jobs that may complete in this call; None for no bound

        Raises LimitReached when a bound is hit with work left; the state is kept, and another call
        goes on from there.
        """
        events = self._events
        network = self._network
        touched = network.touched
        completed_batches = self.completed_batches
        completed_compute = self.completed_compute
        on_data_transfer_complete = system.on_data_transfer_complete
        on_compute_complete = system.on_compute_complete
        waiting_on = self._waiting
        done = 0
        most = inf if max_completions is None else max_completions
        while True:
            if touched and (not events or events[0][0] > self.current_time):
                self._settle()
            if not events:
                return
            event = events[0]
            time, kind, _, item = event
            if kind == FINISH and type(item) is Route and item.finish is not event:
                heappop(events)
                continue
            if time > until:
                self.current_time = max(self.current_time, until)
                raise self._limit(f"the end of the simulated span, {until:g} s", "until")
            if kind == LATENCY_OVER:
                heappop(events)
                self.current_time = time
                self._begin_payload(item)
                continue
            if done >= most:
                raise self._limit(f"{max_completions:,} completions", "max_completions")
            done += 1
            heappop(events)
            self.current_time = time
            if kind == COMPUTE_OVER:
                item.end_time = time
                del self._active_compute[item]
                queue = item._queue
                if queue is not None:
                    waiting = waiting_on[queue]
                    if waiting:
                        self._start(waiting.popleft())
                    else:
                        del waiting_on[queue]
                completed_compute.append(item)
                on_compute_complete(self, item)
                continue
            if type(item) is Route:
                route = item
                item = heappop(route.flows)[2]
                network.leave(route)
            item.end_time = time
            del self._active_batches[item]
            completed_batches.append(item)
            job = on_data_transfer_complete(self, item)
            if job is not None:
                self.add_compute(job)

    def _begin_payload(self, batch):
        if batch.total_size > 0 and batch.path:
            self._network.join(batch, batch.path, self.current_time)
        else:
            # Nothing to move, or nothing to move it over: it arrives at once.
            heappush(self._events, (self.current_time, FINISH, batch._seq, batch))

    def _start(self, job):
        now = job.start_time = self.current_time
        job._due = due = now + job.total_duration
        heappush(self._events, (due, COMPUTE_OVER, job._seq, job))

    def _settle(self):
        events = self._events
        finishes = self._network.settle(self.current_time)
        for event in finishes:
            heappush(events, event)
        # Each of them may have put an older event of its route out of date. Those go when their
        # time comes, or all at once when there may be more of them than of all others.
        self._finishes_pushed += len(finishes)
        if self._finishes_pushed > 1024 + len(events) // 2:
            self._finishes_pushed = 0
            events[:] = [
                event for event in events if type(event[3]) is not Route or event[3].finish is event
            ]
            heapify(events)

    def _limit(self, bound, argument):
        alive = len(self._active_batches) + len(self._active_compute)
        return LimitReached(
            f"the run reached {bound} at t = {self.current_time:.6g} s with {alive} transfers and "
            f"jobs unfinished; raise {argument}, or look for a system that never stops adding work"
        )
