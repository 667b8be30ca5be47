"""Level of detail: as many bars as can be seen, however many events there are.

Stateless: the same events, window and width give the same bars.
"""

from dataclasses import dataclass

import numpy as np

# A bar narrower than this many pixels merges with its neighbours.
SMALLEST_PX = 2.0
# Beyond either side of the window, as a share of it, so that panning meets bars at once.
MARGIN = 0.5


@dataclass(frozen=True)
class Bars:
    """Columns of equal length; a bar is an event or a run of events of one lane.

    Attributes
    ----------
    first, count : the events it stands for, as rows of the sorted table
    start_s, end_s : from the first event's start until the last one's end [s]
    busy_s : total duration of its events [s]
    marked : whether one of its events is to be kept apart from others
    events : how many events there are in all, inside the window or not
    """

    first: np.ndarray
    count: np.ndarray
    start_s: np.ndarray
    end_s: np.ndarray
    busy_s: np.ndarray
    marked: np.ndarray
    events: int

    def __len__(self):
        return len(self.first)

    @property
    def share(self) -> np.ndarray:
        """Share of each bar's length during which something happens, 1 at most.

        Transfers of one lane may overlap, and then their durations exceed the bar's.
        """
        length = self.end_s - self.start_s
        return np.clip(
            np.divide(self.busy_s, length, out=np.ones_like(length), where=length > 0), 0.0, 1.0
        )


def sort_for_detail(lane, start_s) -> np.ndarray:
    """Order of the rows that `level_of_detail` takes: by lane, then by start."""
    return np.lexsort((start_s, lane))


def level_of_detail(lane, start_s, end_s, *, apart, window, pixels, most) -> Bars:
    """At most `most` bars (or one for each lane, if that is more) for the events in `window`.

    Runs of events that are too short to see merge, lane by lane, cell by cell of a grid; if that is
    not enough, the grid gets coarser until it is. Events to be kept apart merge with their like
    alone, unless there are too many runs of them even so; then a bar with one of them is marked.

    Parameters
    ----------
    lane, start_s, end_s : of the events, in the order of `sort_for_detail`
    apart : of each event, whether it is to be kept apart from the others
    window : (from, to) [s]
    pixels : width of the window on the screen
    """
    low, high = window
    span = high - low
    seen = np.flatnonzero((end_s >= low - MARGIN * span) & (start_s <= high + MARGIN * span))
    lane, start, end = lane[seen], start_s[seen], end_s[seen]
    if not len(seen):
        nothing = np.zeros(0)
        return Bars(seen, seen, nothing, nothing, nothing, nothing.astype(bool), len(start_s))
    duration, marked = end - start, apart[seen]
    same_lane = lane[1:] == lane[:-1]
    alike = same_lane & (marked[1:] == marked[:-1])
    grain = SMALLEST_PX * span / pixels
    while True:
        breaks = _breaks(alike, start - low, duration, grain)
        if len(breaks) <= most:
            break
        if grain == np.inf:
            breaks = _breaks(same_lane, start - low, duration, grain)
            break
        # At four windows the whole of it is one cell; then long events merge, too.
        grain = grain * 1.4 if grain < 4 * span else np.inf
    return Bars(
        first=seen[breaks],
        count=np.diff(breaks, append=len(seen)),
        start_s=start[breaks],
        end_s=np.maximum.reduceat(end, breaks),
        busy_s=np.add.reduceat(duration, breaks),
        marked=np.logical_or.reduceat(marked, breaks),
        events=len(start_s),
    )


def _breaks(may_join, offset, duration, grain):
    """Rows at which a new bar begins."""
    if grain == np.inf:
        joined = may_join
    else:
        short = duration < grain
        cell = np.floor(offset / grain)
        joined = may_join & short[1:] & short[:-1] & (cell[1:] == cell[:-1])
    return np.concatenate(([0], np.flatnonzero(~joined) + 1))
