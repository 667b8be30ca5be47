"""A loop around one replica, without a cluster: requests in by their arrivals, events out."""

from math import inf

import numpy as np

from simcore.serving.replica import (
    EngineSettings,
    Event,
    Finished,
    Job,
    LinearClock,
    Replica,
    Role,
)
from simcore.serving.request import Request


def drive(replica: Replica, requests: list[Request]) -> tuple[list[Job], list[Event]]:
    """Run all requests through; returns those that were taken, and what happened, in order."""
    jobs, events = [], []
    coming = iter(requests)
    request = next(coming, None)
    while True:
        wake = replica.next_time()
        at = inf if request is None else request.arrival_s
        if at == wake == inf:
            return jobs, events
        now = min(at, wake)
        events += replica.advance(now)
        while request is not None and request.arrival_s <= now:
            job = Job(request)
            if replica.submit(job, now) is None:
                jobs.append(job)
            request = next(coming, None)


def finish_order(events) -> list[int]:
    """Numbers of the requests in the order in which they finished."""
    return [event.job.request.number for event in events if isinstance(event, Finished)]


def random_requests(seed, *, count=200, rate=2.0, prompt=400, output=100, **more):
    """Poisson arrivals, lengths from 1 to about four times the mean."""
    rng = np.random.default_rng(seed)
    at = np.cumsum(rng.exponential(1 / rate, count))
    prompts = 1 + rng.gamma(2.0, prompt / 2, count).astype(int)
    outputs = 1 + rng.gamma(2.0, output / 2, count).astype(int)
    return [
        Request(i, float(at[i]), int(prompts[i]), int(outputs[i]), **more) for i in range(count)
    ]


def replica_of(clock=None, *, blocks=2000, role=Role.BOTH, **settings) -> Replica:
    """A replica on a clock of round numbers."""
    clock = clock or LinearClock(step_s=0.02, token_s=1e-4, request_decode_s=1e-4, context_s=1e-7)
    return Replica(0, clock, total_blocks=blocks, settings=EngineSettings(**settings), role=role)
