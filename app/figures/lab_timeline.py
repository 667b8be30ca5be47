"""What the ranks of a program do over time, and the messages between them.

A lane for each rank, with bars of what it computes and of what it waits for, and arrows from the
lane of the sender to that of the receiver. Bars that are too short to see merge; of many messages,
some are drawn, evenly taken in the order in which they set out.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from app.figures.detail import level_of_detail, sort_for_detail
from app.figures.palette import PALETTES
from app.figures.serving import axis, layout
from app.figures.timeline import unit_of
from app.figures.typed import typed

MOST_BARS, MOST_COARSE_BARS = 1200, 400
MOST_ARROWS, MOST_COARSE_ARROWS = 240, 60
MOST_LABELS = 32
KINDS = {
    "compute": ("computes", "prefill"),
    "communication": ("waits in communication", "handoff"),
    "idle": ("is idle", "background"),
}
"""By kind of span: what it is called, and the colour."""

ARROWS = "messages"
ARROW_OPACITY = 0.65
LANE = 0.62
"""Height of a bar; a lane has 1."""

FAINTEST = 0.45
NARROWEST_PX = 1.0


@dataclass(frozen=True)
class Shape:
    """How large a run is.

    Attributes
    ----------
    ranks : that take part, each with a lane
    end_s : when the last of them has ended [s]
    """

    ranks: int
    end_s: float


@dataclass(frozen=True)
class View:
    """What part of a run is seen, and how.

    Attributes
    ----------
    window : (from, to) [s]
    pixels : that the window is wide
    coarse : with few bars and arrows, because the next picture follows at once
    scheme : light or dark
    """

    window: tuple[float, float]
    pixels: float
    coarse: bool
    scheme: str


def timeline(spans: pd.DataFrame, messages: pd.DataFrame, run: Shape, view: View) -> dict:
    """The figure.

    Parameters
    ----------
    spans : rank, kind ("compute", "communication" or "idle"), name, region, start_s, end_s
    messages : source, target, bytes, operation, start_s, end_s
    """
    ranks = run.ranks
    unit, per_s = unit_of(run.end_s)
    data = [
        *_bars(spans, view, unit, per_s),
        _arrows(messages, view, unit, per_s),
    ]
    low, high = view.window
    every = -(-ranks // MOST_LABELS)
    lanes = list(range(0, ranks, every))
    look = layout(view.scheme)
    return {
        "data": data,
        "layout": {
            **look,
            "barmode": "overlay",
            "bargap": 0,
            "xaxis": {
                **axis(view.scheme),
                "range": [low * per_s, high * per_s],
                "ticksuffix": f" {unit}",
                "exponentformat": "none",
            },
            "yaxis": {
                **axis(view.scheme),
                "range": [ranks - 0.4, -0.6],
                "tickvals": lanes,
                "ticktext": [f"rank {lane}" for lane in lanes],
                "showgrid": False,
                "fixedrange": True,
            },
            "showlegend": True,
            "legend": {
                "orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0,
                "itemclick": False, "itemdoubleclick": False,
            },
            "margin": {**look["margin"], "l": 62, "t": 12, "b": 58},
        },
    }  # fmt: skip


def _bars(spans, view, unit, per_s):
    kinds = list(KINDS)
    code = np.array([kinds.index(kind) for kind in spans["kind"]], dtype=int)
    lane = spans["rank"].to_numpy() * len(kinds) + code
    start, end = spans["start_s"].to_numpy(), spans["end_s"].to_numpy()
    order = sort_for_detail(lane, start)
    lane, start, end = lane[order], start[order], end[order]
    bars = level_of_detail(
        lane, start, end,
        apart=np.zeros(len(lane), dtype=bool),
        window=view.window,
        pixels=view.pixels,
        most=MOST_COARSE_BARS if view.coarse else MOST_BARS,
    )  # fmt: skip
    names = (spans["name"].to_numpy()[order], spans["region"].to_numpy()[order])
    pixel_s = (view.window[1] - view.window[0]) / view.pixels
    for kind, (told, colour) in enumerate(KINDS.values()):
        mine = np.flatnonzero(lane[bars.first] % len(kinds) == kind)
        if not len(mine):
            continue
        length = bars.end_s[mine] - bars.start_s[mine]
        single = bars.count[mine] == 1
        opacity = np.where(single, 1.0, FAINTEST + (1 - FAINTEST) * bars.share[mine])
        yield {
            "type": "bar",
            "orientation": "h",
            "name": told,
            "base": typed(bars.start_s[mine] * per_s, "f8"),
            "x": typed(np.maximum(length, NARROWEST_PX * pixel_s) * per_s, "f8"),
            "y": typed(lane[bars.first[mine]] // len(kinds), "f4"),
            "width": LANE,
            "marker": {
                "color": PALETTES[view.scheme].kinds[colour],
                "opacity": typed(opacity, "f4"),
                "line": {"width": 0},
            },
            "hovertext": [
                _told_bar(told, *(name[bars.first[n]] for name in names),
                          int(bars.count[n]), bars.busy_s[n])
                for n in mine
            ],
            "hovertemplate": f"rank %{{y:d}}, from %{{base:.5~r}} {unit}<br>%{{hovertext}}"
            "<extra></extra>",
        }  # fmt: skip


def _told_bar(kind, name, region, count, busy_s):
    time = _time(busy_s)
    if count > 1:
        return f"{kind}, {_count(count)} times, {time} in all"
    what = " in ".join(part for part in (name, region) if part and part != "compute")
    return f"{kind}{f': {what}' if what else ''}, {time}"


def _time(seconds):
    unit, per_s = unit_of(seconds)
    return f"{seconds * per_s:.3g} {unit}"


def _count(number):
    return f"{number:,}".replace(",", "\u202f")


def seen_messages(messages: pd.DataFrame, view: View) -> tuple[np.ndarray, int]:
    """Rows of the messages that are drawn, and how many there are in the window."""
    start, end = messages["start_s"].to_numpy(), messages["end_s"].to_numpy()
    low, high = view.window
    inside = np.flatnonzero((end >= low) & (start <= high))
    most = MOST_COARSE_ARROWS if view.coarse else MOST_ARROWS
    in_order = inside[np.argsort(start[inside], kind="stable")]
    if len(inside) > most:
        # Not every second, third, or so on, lest those of some ranks are never among them.
        in_order = in_order[np.linspace(0, len(inside) - 1, most).round().astype(int)]
    return in_order, len(inside)


def _arrows(messages, view, unit, per_s):
    """One line with gaps, and a head at the end of each piece."""
    rows, _ = seen_messages(messages, view)
    start, end = (messages[name].to_numpy()[rows] * per_s for name in ("start_s", "end_s"))
    source, target = (messages[name].to_numpy()[rows] for name in ("source", "target"))
    gap = np.full(len(rows), np.nan)
    sizes, operations = messages["bytes"].to_numpy()[rows], messages["operation"].to_numpy()[rows]
    told = [
        f"{operation}, rank {a} to {b}<br>{_count(size)} B in {_time((late - early) / per_s)}"
        for operation, a, b, size, early, late in zip(
            operations, source, target, sizes, start, end, strict=True
        )
    ]
    # Hovering is of the ends: a line's middle is over other lanes.
    heads = np.tile([0, 7, 0], len(rows))
    edge = np.where(target > source, -LANE / 2, LANE / 2)
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": ARROWS,
        "x": typed(np.stack([start, end, gap], axis=1).ravel(), "f8"),
        "y": typed(np.stack([source - edge, target + edge, gap], axis=1).ravel(), "f4"),
        # Over bars of every colour.
        "line": {"color": PALETTES[view.scheme].text, "width": 1},
        "opacity": ARROW_OPACITY,
        "marker": {
            "symbol": "arrow",
            "angleref": "previous",
            "size": heads.tolist(),
            "color": PALETTES[view.scheme].text,
            "line": {"width": 0},
        },
        "connectgaps": False,
        "hovertext": [text for pair in told for text in ("", pair, "")],
        "hovertemplate": f"arrives at %{{x:.5~r}} {unit}<br>%{{hovertext}}<extra></extra>",
    }
