"""Tracks for intervals: where they overlap, several."""

from heapq import heappop, heappush

import numpy as np


def lanes_of(start, end) -> np.ndarray:
    """A number from 0 for each interval, so that none of one number overlap; as few as can be.

    Of two that could take a place the one that starts first does, then the first in order, and it
    takes the lowest number that is free.
    """
    lanes = np.zeros(len(start), dtype=int)
    order = np.lexsort((np.arange(len(start)), end, start))
    starts, ends = start[order], end[order]
    if np.all(starts[1:] >= np.maximum.accumulate(ends)[:-1]):
        return lanes  # the commonest case: nothing overlaps
    busy: list[tuple[int, int]] = []  # (end, lane)
    free: list[int] = []
    used = 0
    for place, begin, finish in zip(order.tolist(), starts.tolist(), ends.tolist(), strict=True):
        while busy and busy[0][0] <= begin:
            heappush(free, heappop(busy)[1])
        if free:
            lane = heappop(free)
        else:
            lane, used = used, used + 1
        lanes[place] = lane
        heappush(busy, (finish, lane))
    return lanes
