"""A timeline's bars as the page's canvas takes them: few bytes a bar, and nothing else."""

import numpy as np

from app.figures.detail import Bars
from app.figures.lanes import HEIGHTS, Lanes
from app.figures.palette import KINDS
from app.figures.timeline import Timeline
from app.figures.typed import typed

# Beyond either side of the window, as a share of it, bars are cut: nobody sees their ends.
MARGIN = 2.0
# Room above the first lane and below the last, in lanes.
EDGE = 0.2
# A bar's state in one byte: how busy, or SINGLE for one event; CRITICAL is added on that path.
SINGLE, CRITICAL = 127, 128


def strip(events: Timeline, bars: Bars, window) -> dict:
    """Bars lane after lane, nine bytes each.

    `per_lane` counts the bars of each lane. `start` and `length` are shares of the window, so that
    four bytes are exact to a small part of a pixel however deep the zoom. `state` is how busy a
    merged bar is, from 0 to SINGLE - 1, or SINGLE for an event that stands for itself; CRITICAL is
    added on the critical path.
    """
    low, high = window
    span = high - low
    start = np.maximum((bars.start_s - low) / span, -MARGIN)
    end = np.minimum((bars.end_s - low) / span, 1 + MARGIN)
    single = bars.count == 1
    state = np.where(single, SINGLE, np.round((SINGLE - 1) * bars.share))
    lanes = len(events.lanes.middle)
    return {
        "per_lane": typed(np.bincount(events.lane[bars.first], minlength=lanes), "u2"),
        "start": typed(start, "f4"),
        "length": typed(end - start, "f4"),
        "state": typed(state + CRITICAL * bars.marked, "u1"),
    }


def rows(lanes: Lanes) -> dict:
    """Where the lanes are: the middle, the place of the kind in KINDS and the stage of each; the
    heights of the kinds' lanes; what is named beside the axis, and how many names each pool has;
    the stages that can be opened (pool, stage, position, whether it is open), and where one is
    open, the rank of each lane."""
    positions, labels = zip(*lanes.ticks, strict=True) if lanes.ticks else ((), ())
    ranks = {"rank": typed(lanes.rank, "i2")} if lanes.any_open else {}
    return {
        **ranks,
        "middle": typed(lanes.middle, "f4"),
        "heights": [HEIGHTS[kind] for kind in KINDS],
        "kind": typed(lanes.kind, "u1"),
        "stage": typed(lanes.stage, "u1"),
        "top": -EDGE,
        "bottom": lanes.bottom + EDGE,
        "positions": positions,
        "labels": labels,
        "named": lanes.named,
        "heads": [[head.pool, head.stage, head.at, head.opened] for head in lanes.heads],
    }


def pool_spans(lanes: Lanes) -> list[tuple[float, float]]:
    """(top, height) of each pool's lanes, as shares of the plot's height."""
    low, high = -EDGE, lanes.bottom + EDGE
    return [((top - low) / (high - low), (end - top) / (high - low)) for top, end in lanes.pools]
