"""The simulator's rival: the same contract at a fixed time step, as one would first write it.

Each step takes `step_s` off every latency, `rate x step_s` off every payload and `step_s` off every
job. Rates are solved at each step, or only when the set of moving transfers changes.
"""

from simcore.engine.fairness import max_min_rates


class FixedStepSimulator:
    """CommNetworkSimulator as far as a pipeline needs it, wrong by up to a step an event."""

    def __init__(self, step_s, *, solve_each_step=False):
        self.step_s = step_s
        self.solve_each_step = solve_each_step
        self.current_time = 0.0
        self.steps = 0
        self.completed_batches = []
        self.completed_compute = []
        self._in_latency = []  # [remaining, batch]
        self._moving = []  # [remaining, batch]
        self._running = []  # [remaining, job]
        self._waiting = {}  # device -> jobs
        self._rates = None

    def add_batch(self, batch):
        batch.start_time = self.current_time
        self._in_latency.append([sum(c.latency_s for c in batch.path), batch])

    def add_compute(self, job):
        if job._queue is not None:
            if job._queue in self._waiting:
                self._waiting[job._queue].append(job)
                return
            self._waiting[job._queue] = []
        self._start(job)

    def run(self, system):
        """Step until nothing is left to do."""
        step = self.step_s
        while self._in_latency or self._moving or self._running:
            self.steps += 1
            self.current_time += step
            if self._moving:
                if self._rates is None or self.solve_each_step:
                    self._rates = self._solve()
                done = False
                for item, rate in zip(self._moving, self._rates, strict=True):
                    item[0] -= rate * step
                    if item[0] <= 0:
                        done = True
                if done:
                    self._finish_transfers(system)
            if self._in_latency:
                over = False
                for item in self._in_latency:
                    item[0] -= step
                    if item[0] <= 0:
                        over = True
                if over:
                    for item in self._in_latency:
                        if item[0] <= 0:
                            self._moving.append([item[1].total_size, item[1]])
                    self._in_latency = [item for item in self._in_latency if item[0] > 0]
                    self._rates = None
            done = False
            for item in self._running:
                item[0] -= step
                if item[0] <= 0:
                    done = True
            if done:
                self._finish_jobs(system)

    def _solve(self):
        paths = [batch.path for _, batch in self._moving]
        capacity = {channel: channel.bandwidth_bps for path in paths for channel in path}
        return max_min_rates(paths, [1] * len(paths), capacity)

    def _finish_transfers(self, system):
        arrived = [batch for left, batch in self._moving if left <= 0]
        self._moving = [item for item in self._moving if item[0] > 0]
        self._rates = None
        for batch in arrived:
            batch.end_time = self.current_time
            self.completed_batches.append(batch)
            job = system.on_data_transfer_complete(self, batch)
            if job is not None:
                self.add_compute(job)

    def _finish_jobs(self, system):
        ended = [job for left, job in self._running if left <= 0]
        self._running = [item for item in self._running if item[0] > 0]
        for job in ended:
            job.end_time = self.current_time
            self.completed_compute.append(job)
            if job._queue is not None:
                waiting = self._waiting[job._queue]
                if waiting:
                    self._start(waiting.pop(0))
                else:
                    del self._waiting[job._queue]
            system.on_compute_complete(self, job)

    def _start(self, job):
        job.start_time = self.current_time
        self._running.append([job.total_duration, job])
