"""The Gantt of a pipeline as a Plotly figure, to save: one bar trace for each kind of event."""

import numpy as np

from app.figures.detail import Bars
from app.figures.palette import ALIKE, KINDS, NAMES, PALETTES, SOMETIMES
from app.figures.strip import EDGE
from app.figures.timeline import Timeline, unit_of
from app.figures.typed import typed

# An event's bar at least this wide leaves a gap to the next, so that chunks can be counted.
GAP_FROM_PX, GAP_PX = 4.0, 1.0
NARROWEST_PX = 1.0
# A merged bar is as opaque as its lane is busy, but never invisible.
FAINTEST = 0.4
# Point, and a narrow space between thousands.
SEPARATORS = ".\u202f"
FONTS = "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"


def gantt(events: Timeline, bars: Bars, *, title, window, pixels, marks, scheme) -> dict:
    """The figure, as plain dicts.

    Parameters
    ----------
    title : in one line
    window : (from, to) [s] that is seen, `pixels` wide
    marks : label -> moment [s]
    scheme : of SCHEMES
    """
    unit, per_s = unit_of(events.end)
    pixel_s = (window[1] - window[0]) / pixels
    traces = [
        _trace(events, bars, place, scheme, window, pixel_s)
        for place, kind in enumerate(KINDS)
        if kind not in SOMETIMES or events.lanes.number[place].max() >= 0
    ]
    return {
        "data": traces,
        "layout": _layout(events.lanes, unit, per_s, window, marks, scheme, title),
    }


def _trace(events, bars, place, scheme, window, pixel_s):
    unit, per_s = unit_of(events.end)
    mine = np.flatnonzero(events.kind[bars.first] == place)
    lane = events.lane[bars.first[mine]]
    low, high = window
    # What lies outside is cut, lest a picture that is saved is wider than it looks.
    start = np.clip(bars.start_s[mine], low, high)
    length = np.clip(bars.end_s[mine], low, high) - start
    single = bars.count[mine] == 1
    gap = np.where(single & (length >= GAP_FROM_PX * pixel_s), GAP_PX * pixel_s, 0.0)
    length = np.maximum(length - gap, NARROWEST_PX * pixel_s)
    lanes = events.lanes
    opacity = np.where(single, 1.0, FAINTEST + (1 - FAINTEST) * bars.share[mine])
    return {
        "type": "bar",
        "orientation": "h",
        "name": NAMES[KINDS[place]],
        "showlegend": KINDS[place] not in ALIKE,
        "base": typed(start * per_s, "f8"),
        "x": typed(length * per_s, "f8"),
        "y": typed(lanes.middle[lane], "f4"),
        "width": float(lanes.height[lane[0]]) * 0.94 if len(lane) else 1.0,
        "marker": {
            "color": PALETTES[scheme].kinds[KINDS[place]],
            "opacity": 1.0 if single.all() else typed(opacity, "f4"),
            "line": {
                "width": typed(np.where(bars.marked[mine], 1.0, 0.0), "f4"),
                "color": PALETTES[scheme].mark,
            },
        },
        "hovertemplate": f"%{{base:.4~r}} {unit}<extra>%{{fullData.name}}</extra>",
    }


def _layout(lanes, unit, per_s, window, marks, scheme, title):
    colours = PALETTES[scheme]
    positions, labels = zip(*lanes.labels, strict=True)
    return {
        "title": {
            "text": title,
            "font": {"size": 13, "color": colours.text},
            "x": 0,
            "xref": "paper",
        },
        "barmode": "overlay",
        "bargap": 0,
        "showlegend": True,
        "legend": {
            "orientation": "h",
            "x": 0,
            "y": -0.08,
            "yanchor": "top",
            "itemsizing": "constant",
        },
        "hovermode": "closest",
        "dragmode": "zoom",
        "margin": {"l": 54, "r": 84, "t": 60, "b": 70},
        # Not transparent: an image that is saved from a dark page is looked at on a white one.
        "paper_bgcolor": colours.page,
        "plot_bgcolor": colours.page,
        "font": {"family": FONTS, "size": 11, "color": colours.faint},
        "xaxis": {
            "range": [window[0] * per_s, window[1] * per_s],
            "ticksuffix": f" {unit}",
            "exponentformat": "none",
            "separatethousands": True,
            "gridcolor": colours.grid,
            "zeroline": False,
        },
        "yaxis": {
            "range": [lanes.bottom + EDGE, -EDGE],
            "tickvals": positions,
            "ticktext": labels,
            "ticks": "outside",
            "ticklen": 4,
            "tickcolor": "rgba(0,0,0,0)",
            "showgrid": False,
            "zeroline": False,
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
        # As everywhere on the page.
        "separators": SEPARATORS,
        "annotations": _mark_labels(marks, per_s, colours),
    }


def _mark_labels(marks, per_s, colours):
    """Beside the tops of the lines; the first to the left and the second to the right."""
    return [
        {
            "text": text,
            "x": moment * per_s,
            "y": 1,
            "xanchor": side,
            "yanchor": "bottom",
            "yref": "paper",
            "showarrow": False,
            "borderpad": 1,
            "font": {"color": colours.text, "size": 11},
        }
        for (text, moment), side in zip(marks.items(), ("right", "left"), strict=True)
    ]
