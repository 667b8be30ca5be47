"""Predictions against measurements: a scatter with bands of error, and residuals."""

import math

import numpy as np
import pandas as pd

from app.figures.grid import FONT, TICK_UNITS
from app.figures.palette import PALETTES

BANDS = (0.25, 0.10)
"""Relative errors that are drawn as bands."""

COLOURS = {
    "light": (
        *("#2b5fc4", "#c25e00", "#23907a", "#7a2f6b"),
        *("#c2589b", "#7d6a00", "#45474a", "#b3261e"),
    ),
    "dark": (
        *("#5c87f0", "#f29b43", "#50d392", "#b771c8"),
        *("#faa3d5", "#d9c04c", "#a9b3c4", "#ff8a80"),
    ),
}
"""Of the groups, by scheme; each stands out from its page (WCAG 2.2, 1.4.11). assets/pages has the
same for the legend."""

SYMBOLS = (("circle", "diamond", "circle-open"), ("square", "cross", "square-open"))
"""Of points that constants were fitted to, to whose parts they were, and that they were not; the
groups beyond as many as there are colours have the second three."""

BAND_SHADES = {
    "light": ("rgba(48, 86, 184, 0.07)", "rgba(48, 86, 184, 0.11)"),
    "dark": ("rgba(138, 170, 245, 0.09)", "rgba(138, 170, 245, 0.13)"),
}
MARGIN = {"l": 64, "r": 14, "t": 12, "b": 52}
ROOM = 1.3
"""Between the outermost points and the frame, as a factor."""

LOWEST_ERROR, HIGHEST_ERROR = -1.0, 1.5
"""Residuals beyond are drawn at the edge, which their text says."""


def scatter(points: pd.DataFrame, groups, uses, scheme: str) -> dict:
    """Predicted over measured times, both on logarithmic axes.

    Parameters
    ----------
    points : columns measured_s, predicted_s (no NaN), group, use, and place: what the browser puts
        the text of a point in place of
    groups : names of the groups, in the order of their colours
    uses : names of the uses, in the order of their symbols
    """
    times = points[["measured_s", "predicted_s"]].to_numpy(float)
    low, high = times.min() / ROOM, times.max() * ROOM
    axis = _time_axis(low, high, scheme)
    return {
        "data": [
            *(_band(low, high, share, shade) for share, shade in _bands(scheme)),
            _line([low, high], [low, high], scheme),
            *_traces(points, "measured_s", points["predicted_s"], groups, uses, scheme),
        ],
        "layout": _layout(
            scheme,
            xaxis=axis | _titled("measured", scheme),
            yaxis=axis | _titled("predicted", scheme),
        ),
    }


def residuals(points: pd.DataFrame, groups, uses, scheme: str, *, column: str, title: str) -> dict:
    """Relative errors over a column of the points, on a logarithmic axis.

    Parameters
    ----------
    points : columns as `scatter` has them, `error` and `column`, above 0
    title : of that column
    """
    values = points[column].to_numpy(float)
    low, high = values.min() / ROOM, values.max() * ROOM
    axis = _time_axis(low, high, scheme) if column.endswith("_s") else _axis(low, high, scheme)
    shown = points["error"].clip(LOWEST_ERROR, HIGHEST_ERROR)
    bound = max(0.3, 1.1 * float(shown.abs().max()))
    lowest = max(LOWEST_ERROR * 1.05, -bound)
    return {
        "data": [
            *(
                _fill([low, high, high, low], [-share, -share, share, share], shade)
                for share, shade in _bands(scheme)
            ),
            _line([low, high], [0, 0], scheme),
            *_traces(points, column, shown, groups, uses, scheme),
        ],
        "layout": _layout(
            scheme,
            xaxis=axis | _titled(title.lower() if column.endswith("_s") else title, scheme),
            yaxis={
                **_plain_axis(scheme),
                "range": [lowest, min(bound, HIGHEST_ERROR * 1.05)],
                "tickformat": "+.0%",
                **_titled("predicted / measured − 1", scheme),
            },
        ),
    }


def place_of(number: int) -> tuple[int, int]:
    """Of a group by its number: that of its colour, and that of its symbols."""
    colours = len(COLOURS["light"])
    return number % colours, number // colours % len(SYMBOLS)


def _traces(points, column, heights, groups, uses, scheme):
    for number, group in enumerate(groups):
        colour, family = place_of(number)
        for use, symbol in zip(uses, SYMBOLS[family], strict=True):
            mine = ((points["group"] == group) & (points["use"] == use)).to_numpy()
            if not mine.any():
                continue
            yield {
                "type": "scatter",
                "mode": "markers",
                "name": group,
                "x": _rounded(points[column][mine]),
                "y": _rounded(heights[mine]),
                "text": points["place"][mine].tolist(),
                "hovertemplate": "%{text}<extra></extra>",
                "marker": {
                    "symbol": symbol,
                    "color": COLOURS[scheme][colour],
                    "size": 8,
                    "opacity": 0.85,
                    "line": {"width": 1.5 if symbol.endswith("open") else 0},
                },
                "showlegend": False,
            }


def _rounded(values):
    """To what can be seen of them."""
    return [float(f"{value:.5g}") for value in values]


def _bands(scheme):
    return zip(BANDS, BAND_SHADES[scheme], strict=True)


def _band(low, high, share, shade):
    ends = [low, high]
    return _fill(
        [*ends, *reversed(ends)],
        [low * (1 - share), high * (1 - share), high * (1 + share), low * (1 + share)],
        shade,
    )


def _fill(x, y, shade):
    return {
        "type": "scatter",
        "mode": "none",
        "x": x,
        "y": y,
        "fill": "toself",
        "fillcolor": shade,
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _line(x, y, scheme):
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "line": {"color": PALETTES[scheme].faint, "width": 1},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _plain_axis(scheme):
    colours = PALETTES[scheme]
    return {
        "gridcolor": colours.grid,
        "linecolor": colours.grid,
        "zeroline": False,
        "tickfont": {"color": colours.faint, "size": 11},
    }


def _axis(low, high, scheme):
    ends = [math.log10(low), math.log10(high)]
    return {**_plain_axis(scheme), "type": "log", "range": ends, "dtick": "D2"} | (
        {"dtick": 1, "exponentformat": "SI"} if ends[1] - ends[0] > 2 else {}
    )


def _time_axis(low, high, scheme):
    """Ticks at powers of ten, each with its unit; where there are few of them at 2 and 5, too."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    digits = (1,) if high / low > 300 else (1, 2, 5)
    ticks = np.array([digit * 10.0**power for power in powers for digit in digits])
    ticks = ticks[(ticks >= low) & (ticks <= high)].tolist()
    return _axis(low, high, scheme) | {
        "tickvals": ticks,
        "ticktext": [_time(tick) for tick in ticks],
    }


def _time(seconds):
    unit, ns = next((unit, ns) for below, unit, ns in TICK_UNITS if seconds < below * (1 - 1e-9))
    return f"{seconds * 1e9 / ns:g} {unit}"


def _titled(text, scheme):
    return {
        "title": {
            "text": text,
            "standoff": 10,
            "font": {"color": PALETTES[scheme].faint, "size": 12},
        }
    }


def _layout(scheme, *, xaxis, yaxis):
    colours = PALETTES[scheme]
    return {
        "xaxis": xaxis,
        "yaxis": yaxis,
        "margin": MARGIN,
        "paper_bgcolor": colours.page,
        "plot_bgcolor": colours.page,
        "font": {"family": FONT, "color": colours.text},
        "hovermode": "closest",
        "hoverlabel": {
            "align": "left",
            "bgcolor": colours.page,
            "bordercolor": colours.faint,
            "font": {"family": FONT, "color": colours.text, "size": 12},
        },
        "dragmode": "zoom",
    }
