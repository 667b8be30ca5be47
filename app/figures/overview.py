"""The whole run at a glance: how busy each pool computes over time."""

import numpy as np

from app.figures.palette import KINDS

CELLS = 240


def overview(events, cells: int = CELLS) -> tuple[np.ndarray, np.ndarray]:
    """Share of the prefill and of the decode pool's GPUs that compute, for each cell of the run."""
    lanes = events.lanes
    shares = []
    for name in ("prefill", "decode"):
        place = KINDS.index(name)
        mine = events.kind == place
        stages = int((lanes.number[place] >= 0).sum())
        covering = _occupancy(events.start_s[mine], events.end_s[mine], events.end, cells)
        shares.append(covering / stages)
    return tuple(np.clip(share, 0.0, 1.0) for share in shares)


def _occupancy(start, end, span, cells):
    """Mean number of intervals that cover each of `cells` equal parts of [0, span]."""
    if not span:
        return np.zeros(cells)
    borders = np.linspace(0, span, cells + 1)
    return np.diff(_covered_until(borders, start, end)) * cells / span


def _covered_until(moments, start, end):
    """Total length of the intervals before each moment [s]."""
    return _elapsed_since(moments, start) - _elapsed_since(moments, end)


def _elapsed_since(moments, points):
    """Sum over the points before each moment of how long ago they were [s]."""
    points = np.sort(points)
    sums = np.concatenate(([0.0], np.cumsum(points)))
    before = np.searchsorted(points, moments)
    return before * moments - sums[before]
