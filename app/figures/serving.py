"""Latencies of a serving cluster: distributions with the limits that clients were promised."""

import numpy as np

from app.figures.grid import FONT, TICK_UNITS
from app.figures.palette import PALETTES

MOST_POINTS = 240
"""Of a distribution; more cannot be seen."""

MARGIN = {"l": 52, "r": 14, "t": 30, "b": 40}


def cdf(values: np.ndarray, limit_s: float, symbol: str, name: str, scheme: str) -> dict:
    """The share of requests that took no longer than a time, and the limit.

    Parameters
    ----------
    values : of completed requests [s]
    limit_s : that clients were promised [s]
    name : of the run
    """
    colours = PALETTES[scheme]
    shares = np.linspace(0, 1, min(MOST_POINTS, max(2, len(values))))
    times = np.quantile(values, shares) if len(values) else np.array([])
    ticks = ticks_of(min([limit_s, *times[:1]]), max([limit_s, *times[-1:]]))
    curve = {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": rounded(times),
        "y": rounded(shares[: len(times)]),
        "line": {"color": colours.kinds["prefill"], "width": 2},
        "hovertemplate": "%{y:.1%} within %{x:.3g} s<extra>%{fullData.name}</extra>",
    }
    return {
        "data": [curve],
        "layout": {
            **layout(scheme),
            "title": titled(f"{symbol}: share of requests within a time", scheme),
            "xaxis": {
                **axis(scheme),
                "type": "log",
                "tickvals": ticks,
                "ticktext": [time_text(tick) for tick in ticks],
            },
            "yaxis": {**axis(scheme), "tickformat": ".0%", "range": [0, 1.02]},
            "shapes": [limit_line(limit_s, scheme)],
            "annotations": [limit_label(limit_s, scheme)],
            "showlegend": False,
        },
    }


def ticks_of(low: float, high: float) -> list[float]:
    """Round times [s] for an axis from `low` to `high`, and beyond: the closer, the more."""
    ratio = high / low
    digits = (1,) if ratio > 1000 else (1, 2, 5) if ratio > 12 else (1, 1.5, 2, 3, 4, 5, 7)
    return [float(f"{digit}e{power}") for power in range(-6, 5) for digit in digits]


def limit_line(limit_s: float, scheme: str) -> dict:
    """A line at what clients were promised."""
    return {
        "type": "line",
        "x0": limit_s,
        "x1": limit_s,
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "line": {"color": PALETTES[scheme].mark, "width": 1.5, "dash": "dash"},
    }


def limit_label(limit_s: float, scheme: str) -> dict:
    """The words beside that line."""
    return {
        "text": f"limit {time_text(limit_s)}",
        "x": float(np.log10(limit_s)),
        "y": 0.04,
        "yref": "paper",
        "xanchor": "right",
        "showarrow": False,
        "font": {"color": PALETTES[scheme].text, "size": 11},
        "bgcolor": PALETTES[scheme].page,
    }


def time_text(seconds: float) -> str:
    """A round time with its unit."""
    unit, ns = next((unit, ns) for below, unit, ns in TICK_UNITS if seconds < below * (1 - 1e-9))
    return f"{seconds * 1e9 / ns:g} {unit}"


def rounded(values) -> list[float]:
    """To what can be seen of them."""
    return [float(f"{value:.5g}") for value in values]


def axis(scheme: str) -> dict:
    """What all axes have in common."""
    colours = PALETTES[scheme]
    return {
        "gridcolor": colours.grid,
        "linecolor": colours.grid,
        "zeroline": False,
        "automargin": True,
        "tickfont": {"color": colours.faint, "size": 11},
    }


def titled(text: str, scheme: str) -> dict:
    """A title above a figure."""
    return {
        "text": text,
        "x": 0,
        "xref": "paper",
        "xanchor": "left",
        "y": 1,
        "yref": "container",
        "yanchor": "top",
        "pad": {"t": 8},
        "font": {"color": PALETTES[scheme].text, "size": 12.5},
    }


def layout(scheme: str) -> dict:
    """What all figures have in common."""
    colours = PALETTES[scheme]
    return {
        "margin": MARGIN,
        "paper_bgcolor": colours.page,
        "plot_bgcolor": colours.page,
        "font": {"family": FONT, "color": colours.text, "size": 11},
        "hovermode": "closest",
        "hoverlabel": {
            "align": "left",
            "bgcolor": colours.page,
            "bordercolor": colours.faint,
            "font": {"family": FONT, "color": colours.text, "size": 12},
        },
        "dragmode": "zoom",
    }
