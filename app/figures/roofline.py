"""Rooflines: what GPUs can reach by arithmetic intensity, and where passes are below them.

Williams, Waterman & Patterson, "Roofline", CACM 52(4), 2009.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.figures.palette import PALETTES

TERA = 1e12
# Of lines, in the order of their GPUs; told apart as the colours of events are.
COLOURS = {
    "light": ("#2b5fc4", "#c25e00", "#23907a", "#7a2f6b", "#c2589b", "#5d6b00"),
    "dark": ("#5c87f0", "#f29b43", "#50d392", "#b771c8", "#faa3d5", "#d3d96b"),
}
DASHES = {"BF16": "solid", "FP8": "dash", "INT8": "dot", "FP4": "dashdot"}
SYMBOLS = {"prefill": "circle", "decode": "diamond"}
# Decades of intensity that are always shown [FLOP/byte], and of the axis below the lowest point.
LEAST, MOST = 1.0, 10_000.0
ROOM = 2.0
LINE_POINTS = 33


@dataclass(frozen=True, kw_only=True)
class Roof:
    """What a GPU can reach in one format.

    Attributes
    ----------
    gpu, format : names
    flops : peak [FLOP/s]
    bandwidth : of memory [byte/s]
    """

    gpu: str
    format: str
    flops: float
    bandwidth: float

    @property
    def ridge(self) -> float:
        """Intensity from which computing, and not memory, is the bound [FLOP/byte]."""
        return self.flops / self.bandwidth


@dataclass(frozen=True, kw_only=True)
class Passes:
    """Passes of one pool, taken together.

    Attributes
    ----------
    pool : "prefill" or "decode"
    gpu : on which they run
    intensity : operations by bytes moved [FLOP/byte]
    flops : operations by time [FLOP/s]
    told : lines about it
    """

    pool: str
    gpu: str
    intensity: float
    flops: float
    told: tuple[str, ...]


def roofline(roofs: Sequence[Roof], points: Sequence[Passes], scheme: str) -> dict:
    """The figure, both axes in decades; hovering tells the numbers.

    Parameters
    ----------
    scheme : "light" or "dark"
    """
    palette = PALETTES[scheme]
    colour = colours([roof.gpu for roof in roofs], scheme)
    low, high = _span(roofs, points)
    lines = [_line(roof, colour.get(roof.gpu, palette.faint), low, high) for roof in roofs]
    marks = [_mark(point, colour.get(point.gpu, palette.faint), palette) for point in points]
    return {"data": lines + marks, "layout": _layout(palette, low, high)}


def colours(gpus: Sequence[str], scheme: str) -> dict[str, str]:
    """The colour of each GPU, which may be named more than once."""
    return dict(zip(dict.fromkeys(gpus), COLOURS[scheme], strict=False))


def _span(roofs, points):
    """The least and the most intensity that is shown."""
    lows = [LEAST, *(point.intensity / ROOM for point in points)]
    highs = [MOST, *(ROOM * point.intensity for point in points), *(4 * r.ridge for r in roofs)]
    return min(lows), max(highs)


def _line(roof, colour, low, high):
    below = np.geomspace(low, max(roof.ridge, low * 1.001), LINE_POINTS)
    intensity = [*below.tolist(), high]
    reached = [min(roof.flops, roof.bandwidth * x) / TERA for x in intensity]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": f"{roof.gpu}, {roof.format}",
        "x": intensity,
        "y": reached,
        "line": {"color": colour, "width": 2, "dash": DASHES[roof.format]},
        "hovertemplate": (
            f"<b>{roof.gpu}, {roof.format}</b><br>%{{x:.3~g}} FLOP/byte: %{{y:.3~g}} TFLOP/s at "
            f"most<br>memory-bound below {roof.ridge:.3g} FLOP/byte<extra></extra>"
        ),
    }


def _mark(point, colour, palette):
    return {
        "type": "scatter",
        "mode": "markers+text",
        "name": f"{point.pool} passes",
        "x": [point.intensity],
        "y": [point.flops / TERA],
        "text": [point.pool],
        # Below the roofs, which rise to the right.
        "textposition": "bottom right",
        "textfont": {"color": palette.text, "size": 12},
        "marker": {
            "symbol": SYMBOLS[point.pool],
            "size": 12,
            "color": colour,
            "line": {"color": palette.text, "width": 1.5},
        },
        "hovertemplate": "<br>".join(point.told) + "<extra></extra>",
        "cliponaxis": False,
    }


def _layout(palette, low, high):
    axis = {
        "type": "log",
        "gridcolor": palette.grid,
        "linecolor": palette.grid,
        "zeroline": False,
        "dtick": 1,
        "exponentformat": "none",
        "tickfont": {"color": palette.faint, "size": 11},
        "automargin": True,
    }
    return {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "inherit", "color": palette.text, "size": 12},
        "margin": {"l": 56, "r": 12, "t": 8, "b": 44},
        # The page has one, in which GPUs are taken away, too.
        "showlegend": False,
        "hovermode": "closest",
        "hoverlabel": {"bgcolor": palette.page, "font": {"color": palette.text, "size": 12},
                       "bordercolor": palette.faint, "align": "left"},
        "xaxis": axis | {
            "title": {"text": "arithmetic intensity [FLOP/byte]", "font": {"size": 12}},
            "range": [math.log10(low), math.log10(high)],
        },
        "yaxis": axis | {"title": {"text": "TFLOP/s", "font": {"size": 12}}},
        "dragmode": "pan",
    }  # fmt: skip
