"""A trace in the order and the lanes in which it is drawn."""

from dataclasses import dataclass

import numpy as np

from app.figures.detail import Bars, level_of_detail, sort_for_detail
from app.figures.lanes import POOL_PLACES, WHOLE, Lanes, PoolShape, lane_of, lanes_of
from app.figures.palette import KINDS, SOMETIMES

UNITS = ((1e-3, "µs", 1e6), (1.0, "ms", 1e3), (np.inf, "s", 1.0))


@dataclass(frozen=True)
class Timeline:
    """A row for each event, in the order that the level of detail wants.

    What all ranks of a stage do stands in the lane of each of them where the stage is open, and so
    has as many rows.

    Attributes
    ----------
    row : of each event, its row in the trace
    lane, kind : lane and place in KINDS of each event
    start_s, end_s : [s]
    critical : whether the first token waited for it
    lanes : where the lanes are
    """

    row: np.ndarray
    lane: np.ndarray
    kind: np.ndarray
    start_s: np.ndarray
    end_s: np.ndarray
    critical: np.ndarray
    lanes: Lanes

    @property
    def end(self) -> float:
        """When the last event ends [s]."""
        return float(self.end_s.max())

    def __len__(self):
        return len(self.row)


def timeline(trace, *, prefill: PoolShape, decode: PoolShape, critical_rows=()) -> Timeline:
    """The timeline of a trace: a table with a row for each event.

    Parameters
    ----------
    prefill, decode : what of the pools has lanes
    critical_rows : rows of the trace that are on the critical path
    """
    names = trace["kind"].cat.categories
    codes = trace["kind"].cat.codes.to_numpy()
    present = np.bincount(codes, minlength=len(names)) > 0
    also = frozenset(name for name, some in zip(names, present, strict=True) if some) & SOMETIMES
    lanes = lanes_of(prefill, decode, also)
    kind = np.array([KINDS.index(name) for name in names])[codes]
    stage, start = np.maximum(0, trace["stage"].to_numpy()), trace["start_s"].to_numpy()
    critical = np.zeros(len(trace), dtype=bool)
    critical[np.asarray(critical_rows, dtype=int)] = True
    row = np.arange(len(trace))
    if lanes.any_open:
        row, rank = _spread(lanes, kind, stage, trace["rank"].to_numpy(), (prefill, decode))
        lane = lane_of(lanes, kind[row], stage[row], rank)
    else:
        lane = lanes.number[kind, stage]
    order = sort_for_detail(lane, start[row])
    row = row[order]
    return Timeline(
        row=row,
        lane=lane[order],
        kind=kind[row],
        start_s=start[row],
        end_s=trace["end_s"].to_numpy()[row],
        critical=critical[row],
        lanes=lanes,
    )


def _spread(lanes, kind, stage, rank, shapes):
    """(row, rank): what all ranks of an open stage do is there once for each of them."""
    pool = POOL_PLACES[kind]
    ranks = np.array([*(shape.ranks for shape in shapes), 1])[pool]
    whole = lanes.open[np.minimum(pool, len(lanes.open) - 1), stage] & (rank == WHOLE)
    times = np.where(whole, ranks, 1)
    row = np.repeat(np.arange(len(kind)), times)
    first = np.repeat(np.cumsum(times) - times, times)
    return row, np.where(whole[row], np.arange(len(row)) - first, rank[row])


def bars_of(events: Timeline, *, window, pixels: float, most: int) -> Bars:
    """The bars that stand for the events in `window` = (from, to) [s]."""
    return level_of_detail(
        events.lane,
        events.start_s,
        events.end_s,
        apart=events.critical,
        window=window,
        pixels=pixels,
        most=most,
    )


def unit_of(span_s: float) -> tuple[str, float]:
    """Unit in which a run of this length is read, and how many of it are a second."""
    return next((unit, per_s) for below, unit, per_s in UNITS if span_s < below)
