"""The event loop: exact, because time only ever advances to the next change."""

import math
from collections import deque
from heapq import heapify, heappop, heappush
from math import inf

from simcore.engine.events import COMPUTE_OVER, FINISH, LATENCY_OVER
from simcore.engine.network import Network, Route
from simcore.engine.trace import Trace
from simcore.engine.work import ComputeJob, DataBatch
from simcore.errors import LimitReached, SimulationError

AFTER_ALL = (inf,)

# A system that never stops adding work meets this after seconds, long before memory is full.
MOST_COMPLETIONS = 1_000_000


class CommNetworkSimulator:
    """Moves transfers over max-min fairly shared channels and runs compute jobs.

    Parameters
    ----------
    network : of its own; another kind may note more than rates

    Attributes
    ----------
    current_time : [s]
    completed_batches, completed_compute : in the order of completion
    """

    def __init__(self, network: Network | None = None):
        self.current_time = 0.0
        self.completed_batches: list[DataBatch] = []
        self.completed_compute: list[ComputeJob] = []
        self._active_batches: dict[DataBatch, None] = {}
        self._active_compute: dict[ComputeJob, None] = {}
        self._waiting: dict[object, deque] = {}
        self._network = network or Network()
        self._events = self._network.events = []
        self._finishes_renewed = 0
        self._added = 0
        self._pausing = False

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
        latency = batch._latency
        if latency is None:
            latency = self._network.latency(batch.path)
        batch._simulator = self
        self._added = batch._seq = seq = self._added + 1
        now = batch.start_time = self.current_time
        self._active_batches[batch] = None
        if latency > 0.0:
            batch._due = due = now + latency
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

    def pause(self) -> None:
        """Let `run` return once all of the present moment is told, with work perhaps left."""
        self._pausing = True

    def run(self, system, until: float = inf, max_completions: int | None = MOST_COMPLETIONS):
        """Run until nothing is left to do, or the system pauses it.

        Parameters
        ----------
        system : told of each completion; it may add work
        until : last moment to simulate [s]
        max_completions : most transfers and jobs that may complete in this call; None for no bound

        Raises LimitReached when a bound is hit with work left; the state is kept, and another call
        goes on from there.
        """
        if math.isnan(until):
            raise SimulationError("until = nan is no time; give seconds, or inf for no bound")
        events = self._events
        network = self._network
        touched = network.touched
        most = inf if max_completions is None else max_completions
        done = 0
        while True:
            if self._pausing and (not events or events[0][0] > self.current_time):
                self._pausing = False
                return
            if touched:
                # Before time goes on, and before jobs of this instant: transfers come first.
                following = events[0] if events else AFTER_ALL
                if following[0] > self.current_time or following[1] == COMPUTE_OVER:
                    network = self._settle()
                    touched = network.touched
            if not events:
                return
            event = heappop(events)
            time, kind, _, item = event
            if kind == FINISH:
                if type(item) is Route:  # the commonest, without a call
                    if item.finish is not event:
                        continue
                elif type(item) is not DataBatch and not network.ends(event):
                    continue
            if time == inf:
                raise SimulationError(f"{item!r} would end after more seconds than can be told")
            if time > until:
                heappush(events, event)
                self.current_time = max(self.current_time, until)
                raise self._limit(f"the end of the simulated span, {until:g} s", "until")
            if kind == LATENCY_OVER:
                self.current_time = time
                self._begin_payload(item)
                continue
            if done >= most:
                heappush(events, event)
                raise self._limit(f"{max_completions:,} completions", "max_completions")
            done += 1
            self.current_time = time
            if kind == COMPUTE_OVER:
                self._free(item)
                system.on_compute_complete(self, item)
                continue
            if type(item) is not DataBatch:
                item = network.leave(event)
            item.end_time = time
            del self._active_batches[item]
            self.completed_batches.append(item)
            job = system.on_data_transfer_complete(self, item)
            if job is not None:
                self.add_compute(job)

    def _begin_payload(self, batch):
        if batch.total_size > 0 and batch.path:
            finish = self._network.join(batch, self.current_time)
            if finish is not None:
                heappush(self._events, finish)
        else:
            # Nothing to move, or nothing to move it over: it arrives at once.
            heappush(self._events, (self.current_time, FINISH, batch._seq, batch))

    def _free(self, job):
        """`job` has ended; its device, if it has one, takes the next."""
        job.end_time = self.current_time
        del self._active_compute[job]
        self.completed_compute.append(job)
        queue = job._queue
        if queue is not None:
            waiting = self._waiting[queue]
            if waiting:
                self._start(waiting.popleft())
            else:
                del self._waiting[queue]

    def _start(self, job):
        now = job.start_time = self.current_time
        job._due = due = now + job.total_duration
        heappush(self._events, (due, COMPUTE_OVER, job._seq, job))

    def _settle(self):
        """Bring the network's rates up to date; returns what is the network from now on."""
        events = self._events
        before = len(events)
        network = self._network
        network.settle(self.current_time, events)
        if network.swamped:
            self._network = network = network.as_groups(self.current_time, events)
        # Each new finish may have put an older one of its route out of date. Those go when their
        # time comes, or all at once when there may be more of them than of all others.
        self._finishes_renewed += len(events) - before
        if self._finishes_renewed > 1024 + len(events) // 2:
            self._finishes_renewed = 0
            events[:] = [event for event in events if not network.outdated(event)]
            heapify(events)
        return network

    def _limit(self, bound, argument):
        alive = len(self._active_batches) + len(self._active_compute)
        return LimitReached(
            f"the run reached {bound} at t = {self.current_time:.6g} s with {alive} transfers and "
            f"jobs unfinished; raise {argument}, or look for a system that never stops adding work"
        )
