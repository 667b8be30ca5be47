"""A trace in the order and the lanes in which it is drawn."""

from dataclasses import dataclass

import numpy as np

from app.figures.detail import Bars, level_of_detail, sort_for_detail
from app.figures.lanes import Lanes, lanes_of
from app.figures.palette import KINDS

UNITS = ((1e-3, "µs", 1e6), (1.0, "ms", 1e3), (np.inf, "s", 1.0))


@dataclass(frozen=True)
class Timeline:
    """A row for each event, in the order that the level of detail wants.

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


def timeline(trace, *, prefill_stages: int, decode_stages: int, critical_rows=()) -> Timeline:
    """The timeline of a trace: a table with a row for each event.

    Parameters
    ----------
    critical_rows : rows of the trace that are on the critical path
    """
    lanes = lanes_of(prefill_stages, decode_stages)
    place = np.array([KINDS.index(kind) for kind in trace["kind"].cat.categories])
    kind = place[trace["kind"].cat.codes.to_numpy()]
    stage, start = trace["stage"].to_numpy(), trace["start_s"].to_numpy()
    lane = lanes.number[kind, stage]
    order = sort_for_detail(lane, start)
    critical = np.zeros(len(trace), dtype=bool)
    critical[np.asarray(critical_rows, dtype=int)] = True
    return Timeline(
        row=order,
        lane=lane[order],
        kind=kind[order],
        start_s=start[order],
        end_s=trace["end_s"].to_numpy()[order],
        critical=critical[order],
        lanes=lanes,
    )


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
