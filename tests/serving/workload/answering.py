"""A cluster in miniature: every request takes a time that does not depend on the others."""

import heapq

from simcore.serving.workload import workload_of


def answered(source, seconds=lambda request: 1.0, refused=lambda request: False):
    """(request, its end) of all requests of `source`, in order of arrival.

    `seconds` says how long each takes; those that are `refused` end as they arrive.
    """
    first = iter(source)
    ready, ends, done = [], [], []
    coming = next(first, None)
    while coming or ready or ends:
        now = min(
            ready[0][0] if ready else float("inf"),
            coming.arrival_s if coming else float("inf"),
        )
        if ends and ends[0][0] <= now:
            end, _, request = heapq.heappop(ends)
            for follower in source.after(request, end, completed=not refused(request)):
                assert follower.arrival_s >= end
                heapq.heappush(ready, (follower.arrival_s, follower.number, follower))
            continue
        if coming and coming.arrival_s <= now:
            request, coming = coming, next(first, None)
            assert coming is None or coming.arrival_s >= request.arrival_s
        else:
            request = heapq.heappop(ready)[2]
        end = request.arrival_s + (0.0 if refused(request) else seconds(request))
        heapq.heappush(ends, (end, request.number, request))
        done.append((request, end))
    return done


def requests_of(seed=0, folder=None, **description):
    """All requests of a workload, each of which takes a second."""
    return [request for request, _ in answered(workload_of(description).source(seed, folder))]


def single(**fields):
    """The description of a client who asks once a second, and changes to it."""
    law = {"law": "poisson", "rate_per_s": 1.0}
    return {"arrivals": law, "prompt": 100, "output": 10, "requests": 1000} | fields
