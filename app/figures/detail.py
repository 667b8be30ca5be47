"""Level of detail: as many bars as can be seen, however many events there are.

Stateless: the same events, window and width give the same bars.
"""

from dataclasses import dataclass

import numpy as np

# A bar narrower than this many pixels merges with its neighbours.
SMALLEST_PX = 2.0
# Beyond either side of the window, as a share of it, so that panning meets bars at once; the less,
# the more there is to see.
MARGINS = (0.5, 0.0)
# Where there are too many, those too narrow to see merge over cells so many times as long.
NARROW_CELLS = 8


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
    not enough, the grid gets coarser until it is, first of all for those. Events to be kept apart
    merge with their like alone, unless there are too many runs of them even so; then a bar with one
    of them is marked.

    Parameters
    ----------
    lane, start_s, end_s : of the events, in the order of `sort_for_detail`
    apart : of each event, whether it is to be kept apart from the others
    window : (from, to) [s]
    pixels : width of the window on the screen
    """
    low, high = window
    span = high - low
    least = SMALLEST_PX * span / pixels
    for margin in MARGINS:
        room = margin * span
        seen = np.flatnonzero((end_s >= low - room) & (start_s <= high + room))
        if not len(seen):
            nothing = np.zeros(0)
            return Bars(seen, seen, nothing, nothing, nothing, nothing.astype(bool), len(start_s))
        start, end, marked = start_s[seen], end_s[seen], apart[seen]
        duration = end - start
        same_lane = lane[seen[1:]] == lane[seen[:-1]]
        alike = same_lane & (marked[1:] == marked[:-1])
        breaks = _breaks(alike, start - low, duration, least, least)
        if len(breaks) <= most:
            break
    grain = least
    while len(breaks) > most and grain < np.inf:
        # At four windows the whole of it is one cell; then long events merge, too.
        grain = grain * 1.4 if grain < 4 * span else np.inf
        cells = np.where(duration < least, NARROW_CELLS * grain, grain)
        breaks = _breaks(alike, start - low, duration, grain, cells)
    if len(breaks) > most:
        breaks = _breaks(same_lane, start - low, duration, np.inf, np.inf)
    return Bars(
        first=seen[breaks],
        count=np.diff(breaks, append=len(seen)),
        start_s=start[breaks],
        end_s=np.maximum.reduceat(end, breaks),
        busy_s=np.add.reduceat(duration, breaks),
        marked=np.logical_or.reduceat(marked, breaks),
        events=len(start_s),
    )


def _breaks(may_join, offset, duration, grain, cells):
    """Rows at which a new bar begins: events shorter than `grain` join within a cell."""
    joined = may_join
    if grain < np.inf:
        short = duration < grain
        place = np.floor(offset / cells)
        joined = joined & short[1:] & short[:-1] & (place[1:] == place[:-1])
        if np.ndim(cells):
            joined &= cells[1:] == cells[:-1]
    return np.concatenate(([0], np.flatnonzero(~joined) + 1))
