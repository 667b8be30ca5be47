"""The Gantt of a pipeline: one bar trace for each kind of event, as plain dicts."""

from dataclasses import dataclass

import numpy as np

from app.figures.detail import Bars, level_of_detail, sort_for_detail
from app.figures.lanes import Lanes, lanes_of
from app.figures.palette import KINDS, PALETTES
from app.figures.typed import typed

NAMES = {
    "prefill": "Prefill",
    "handoff": "KV handoff",
    "activations": "Activations",
    "decode": "Decode",
    "decode activations": "Decode activations",
}
# An event's bar at least this wide leaves a gap to the next, so that chunks can be counted.
GAP_FROM_PX, GAP_PX = 4.0, 1.0
NARROWEST_PX = 1.0
# A merged bar is as opaque as its lane is busy, but never invisible.
FAINTEST = 0.4
# f4 holds seven digits: enough while the window is not a tiny part of the run.
DEEP_ZOOM = 1e-2
# Room above the first lane and below the last, in lanes.
EDGE = 0.2
FONTS = "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"
UNITS = ((1e-3, "µs", 1e6), (10.0, "ms", 1e3), (np.inf, "s", 1.0))


@dataclass(frozen=True)
class Timeline:
    """A trace in the order that the level of detail wants, with its lanes.

    Attributes
    ----------
    lane, kind : lane and place in KINDS of each event
    start_s, end_s : [s]
    stage, to_stage, chunk, bytes : the facts of each event; `chunk` is the step of decode events
    lanes : where the lanes are
    """

    lane: np.ndarray
    kind: np.ndarray
    start_s: np.ndarray
    end_s: np.ndarray
    stage: np.ndarray
    to_stage: np.ndarray
    chunk: np.ndarray
    bytes: np.ndarray
    lanes: Lanes

    @property
    def end(self) -> float:
        """When the last event ends [s]."""
        return float(self.end_s.max())


def timeline(trace, *, prefill_stages: int, decode_stages: int) -> Timeline:
    """The timeline of a trace: a table with a row for each event."""
    lanes = lanes_of(prefill_stages, decode_stages)
    place = np.array([KINDS.index(kind) for kind in trace["kind"].cat.categories])
    kind = place[trace["kind"].cat.codes.to_numpy()]
    stage, start = trace["stage"].to_numpy(), trace["start_s"].to_numpy()
    lane = lanes.number[kind, stage]
    order = sort_for_detail(lane, start)
    chunk, step = trace["chunk"].to_numpy(), trace["step"].to_numpy()
    return Timeline(
        lane=lane[order],
        kind=kind[order],
        start_s=start[order],
        end_s=trace["end_s"].to_numpy()[order],
        stage=stage[order],
        to_stage=trace["to_stage"].to_numpy()[order],
        chunk=np.maximum(chunk, step)[order],
        bytes=trace["bytes"].to_numpy()[order],
        lanes=lanes,
    )


def bars_of(events: Timeline, *, window, pixels: float, most: int) -> Bars:
    """The bars that stand for the events in `window` = (from, to) [s]."""
    return level_of_detail(
        events.lane, events.start_s, events.end_s, window=window, pixels=pixels, most=most
    )


def unit_of(span_s: float) -> tuple[str, float]:
    """Unit in which a run of this length is read, and how many of it are a second."""
    return next((unit, per_s) for below, unit, per_s in UNITS if span_s < below)


def gantt(events: Timeline, bars: Bars, *, window, pixels, marks, scheme) -> dict:
    """The figure.

    Parameters
    ----------
    window : (from, to) [s] that is seen, `pixels` wide
    marks : label -> moment [s]
    scheme : of SCHEMES
    """
    unit, per_s = unit_of(events.end)
    pixel_s = (window[1] - window[0]) / pixels
    return {
        "data": [
            _trace(events, bars, place, scheme, window, pixel_s, per_s)
            for place in range(len(KINDS))
        ],
        "layout": _layout(events.lanes, unit, per_s, window, marks, scheme),
    }


def facts(events: Timeline, bars: Bars) -> list[dict]:
    """For each trace of the figure what its bars stand for, to be read on hover."""
    columns = []
    for place in range(len(KINDS)):
        mine = np.flatnonzero(events.kind[bars.first] == place)
        first = bars.first[mine]
        columns.append(
            {
                "kind": KINDS[place],
                "count": typed(bars.count[mine], "i4"),
                "start_s": typed(bars.start_s[mine], "f8"),
                "end_s": typed(bars.end_s[mine], "f8"),
                "share": typed(bars.share[mine], "f4"),
                "stage": typed(events.stage[first], "i4"),
                "to_stage": typed(events.to_stage[first], "i4"),
                "chunk": typed(events.chunk[first], "i4"),
                "bytes": typed(events.bytes[first], "f8"),
            }
        )
    return columns


def _trace(events, bars, place, scheme, window, pixel_s, per_s):
    mine = np.flatnonzero(events.kind[bars.first] == place)
    lane = events.lane[bars.first[mine]]
    low, high = window
    margin = 2 * (high - low)
    # What lies far outside is cut: browsers draw shapes of a million pixels badly.
    start = np.maximum(bars.start_s[mine], low - margin)
    length = np.minimum(bars.end_s[mine], high + margin) - start
    single = bars.count[mine] == 1
    gap = np.where(single & (length >= GAP_FROM_PX * pixel_s), GAP_PX * pixel_s, 0.0)
    length = np.maximum(length - gap, NARROWEST_PX * pixel_s)
    number = "f8" if high - low < DEEP_ZOOM * events.end else "f4"
    lanes = events.lanes
    opacity = np.where(single, 1.0, FAINTEST + (1 - FAINTEST) * bars.share[mine])
    return {
        "type": "bar",
        "orientation": "h",
        "name": NAMES[KINDS[place]],
        "base": typed(start * per_s, number),
        "x": typed(length * per_s, number),
        "y": typed(lanes.middle[lane], "f4"),
        "width": float(lanes.height[lane[0]]) * 0.94 if len(lane) else 1.0,
        "marker": {
            "color": PALETTES[scheme].kinds[KINDS[place]],
            "opacity": 1.0 if single.all() else typed(opacity, "f4"),
            "line": {"width": 0},
        },
        "hoverinfo": "none",
        "textposition": "none",
    }


def pool_spans(lanes: Lanes) -> list[tuple[float, float]]:
    """(top, height) of each pool's lanes, as shares of the plot's height."""
    low, high = -EDGE, lanes.bottom + EDGE
    return [((top - low) / (high - low), (end - top) / (high - low)) for top, end in lanes.pools]


def _layout(lanes, unit, per_s, window, marks, scheme):
    colours = PALETTES[scheme]
    positions, labels = zip(*lanes.ticks, strict=True)
    return {
        "barmode": "overlay",
        "bargap": 0,
        "showlegend": False,
        "hovermode": "closest",
        "dragmode": "zoom",
        "margin": {"l": 54, "r": 84, "t": 24, "b": 34},
        # Not transparent: an image that is saved from a dark page is looked at on a white one.
        "paper_bgcolor": colours.page,
        "plot_bgcolor": colours.page,
        "font": {"family": FONTS, "size": 11, "color": colours.faint},
        "xaxis": {
            "range": [window[0] * per_s, window[1] * per_s],
            "autorange": False,
            "ticksuffix": f" {unit}",
            "tickangle": 0,
            "gridcolor": colours.grid,
            "zeroline": False,
            "separatethousands": True,
            "exponentformat": "none",
            # The browser says which window it shows; the figure follows.
            "uirevision": False,
        },
        "yaxis": {
            "range": [lanes.bottom + EDGE, -EDGE],
            "autorange": False,
            "tickvals": positions,
            "ticktext": labels,
            # Room between a label and a bar that starts at the axis.
            "ticks": "outside",
            "ticklen": 4,
            "tickcolor": "rgba(0,0,0,0)",
            "showgrid": False,
            "zeroline": False,
            # A zoom into some lanes lasts as long as the lanes are the same.
            "uirevision": f"{lanes.bottom}",
        },
        "shapes": [
            {
                "type": "line",
                "x0": moment * per_s,
                "x1": moment * per_s,
                "yref": "paper",
                "y0": 0,
                "y1": 1,
                "line": {"color": colours.mark, "width": 1.2, "dash": dash},
            }
            for moment, dash in zip(marks.values(), ("solid", "dot"), strict=True)
        ],
        "annotations": _mark_labels(marks, per_s, colours),
    }


def _mark_labels(marks, per_s, colours):
    """Beside the tops of the lines; the first to the left and the second to the right."""
    return [
        _annotation(text, x=moment * per_s, y=1, yanchor="bottom", xanchor=side, color=colours.text)
        for (text, moment), side in zip(marks.items(), ("right", "left"), strict=True)
    ]


def _annotation(text, *, color, **place):
    return {
        "text": text,
        "showarrow": False,
        "yref": "paper",
        "font": {"color": color, "size": 11},
        "borderpad": 1,
        **place,
    }
