"""A sweep as a 3D picture: TTDS over two axes, with its points and its holes.

The three traces of a figure are, in this order, the surface, the computed points and the cells
that have no result; assets/pages/sweep.js fills them in the same way while a sweep is under way.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import pandas as pd

# Ink, secondary ink, lines, the walls of the scene and the paper, by colour scheme.
THEMES = {
    "light": {
        "ink": "#1b2230",
        "soft": "#5b6577",
        "line": "#cfd6e1",
        "wall": "#f7f8fb",
        "paper": "#ffffff",
    },
    "dark": {
        "ink": "#e7ebf2",
        "soft": "#98a3b5",
        "line": "#3a4352",
        "wall": "#191e27",
        "paper": "#14181f",
    },
}
# Okabe and Ito's vermillion: apart from every colour of the scale, to every kind of eye.
INFEASIBLE = "#d55e00"
FONT = "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"

# What every drawing of a figure is given: nothing is sent anywhere, no maker's mark.
CONFIG = {
    "displaylogo": False,
    "showSendToCloud": False,
    "plotlyServerURL": "",
    "responsive": True,
    "modeBarButtonsToRemove": ["tableRotation"],
}


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One horizontal axis.

    Attributes
    ----------
    field : column of the table
    symbol : of the quantity, as the hover text has it
    title : with symbol and unit
    """

    field: str
    symbol: str
    title: str


def figure(
    table: pd.DataFrame, *, title: str, subtitle=(), x: Axis, y: Axis, theme="light"
) -> dict:
    """TTDS [s] over `x` and `y` as a Plotly figure of plain values.

    Parameters
    ----------
    table : columns `x.field`, `y.field`, ttds_s (NaN where there is no result) and reason; a grid
        may be incomplete, and what is not in the table is neither drawn nor called infeasible
    subtitle : further lines below the title
    theme : "light" or "dark"
    """
    colours = THEMES[theme]
    found, missing = table[table["ttds_s"].notna()], table[table["ttds_s"].isna()]
    heights = _matrix(found, x.field, y.field, table)
    size = point_size(len(heights["x"]) * len(heights["y"]))
    surface = {
        "type": "surface",
        "name": "TTDS",
        **heights,
        # A surface without a single whole patch would make Plotly complain.
        "visible": has_patch(heights["z"]),
        "colorscale": "Viridis",
        "colorbar": _colour_bar(colours),
        "lighting": {"ambient": 0.8, "diffuse": 0.5, "specular": 0.05, "roughness": 0.9},
        "contours": {
            "x": {"highlightcolor": colours["ink"], "highlightwidth": 1},
            "y": {"highlightcolor": colours["ink"], "highlightwidth": 1},
            "z": {"highlight": False},
        },
        "hovertemplate": _hover(x, y),
    }
    points = {
        "type": "scatter3d",
        "name": "computed",
        "mode": "markers",
        "x": found[x.field].tolist(),
        "y": found[y.field].tolist(),
        "z": found["ttds_s"].tolist(),
        "marker": {"size": size, "color": colours["ink"], "line": {"width": 0}},
        "hovertemplate": _hover(x, y),
    }
    holes = {
        "type": "scatter3d",
        "name": "infeasible: hover for the reason",
        "mode": "markers",
        "x": missing[x.field].tolist(),
        "y": missing[y.field].tolist(),
        "z": [0] * len(missing),
        "text": [wrapped(reason) for reason in missing["reason"]],
        "marker": {
            "size": 1.6 * size,
            "color": INFEASIBLE,
            "symbol": "diamond",
            "line": {"width": 0},
        },
        "hovertemplate": f"{x.symbol} %{{x:,}}, {y.symbol} %{{y:,}}<br>%{{text}}<extra></extra>",
    }
    return {"data": [surface, points, holes], "layout": _layout(title, subtitle, x, y, colours)}


def has_patch(z) -> bool:
    """Whether four neighbouring heights are all there, so that there is a surface to draw."""
    return any(
        None not in (*left, *right)
        for upper, lower in pairwise(z)
        for left, right in pairwise(zip(upper, lower, strict=True))
    )


def point_size(cells: int) -> float:
    """Diameter [pixel] of the points of a grid of `cells`: the more, the smaller."""
    return min(3.2, max(1.4, 40 / math.sqrt(max(1, cells))))


def wrapped(text: str, width: int = 56) -> str:
    """`text` in lines of about `width` characters, as a hover label has them."""
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    return "<br>".join(lines)


def _matrix(found, x, y, table):
    """The axes' values, and a row of heights for each of y's, None where there is a hole."""
    xs, ys = sorted(set(table[x].tolist())), sorted(set(table[y].tolist()))
    cells = zip(found[x], found[y], found["ttds_s"], strict=True)
    height = {(a, b): ttds for a, b, ttds in cells if math.isfinite(ttds)}
    return {"x": xs, "y": ys, "z": [[height.get((a, b)) for a in xs] for b in ys]}


def _hover(x, y):
    # d3's SI format: 0.4688 becomes 468.8m, and with the unit 468.8ms.
    return f"TTDS %{{z:.4s}}s<br>{x.symbol} %{{x:,}}<br>{y.symbol} %{{y:,}}<extra></extra>"


def _colour_bar(colours):
    return {
        "title": {"text": "TTDS [s]", "font": {"color": colours["ink"], "size": 12}},
        "tickfont": {"color": colours["soft"], "size": 11},
        "thickness": 12,
        "len": 0.6,
        "x": 1,
        "y": 0.5,
        "xpad": 4,
        "outlinewidth": 0,
    }


def _layout(title, subtitle, x, y, colours):
    lines = "<br>".join(subtitle)
    return {
        "title": {
            "text": title,
            "subtitle": {"text": lines, "font": {"size": 12, "color": colours["soft"]}},
            "x": 0,
            "xanchor": "left",
            "pad": {"l": 16},
            "y": 0.98,
            "yanchor": "top",
            "font": {"size": 16, "color": colours["ink"]},
        },
        "font": {"family": FONT, "color": colours["ink"]},
        "paper_bgcolor": colours["paper"],
        "margin": {"l": 0, "r": 0, "t": 76, "b": 28},
        "legend": {
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": 0,
            "yanchor": "top",
            "itemsizing": "constant",
            "bgcolor": "rgba(0,0,0,0)",
            "font": {"size": 12, "color": colours["soft"]},
        },
        "hoverlabel": {
            "align": "left",
            "bgcolor": colours["wall"],
            "bordercolor": colours["soft"],
            "font": {"family": FONT, "color": colours["ink"]},
        },
        "modebar": {
            "bgcolor": "rgba(0,0,0,0)",
            "color": colours["soft"],
            "activecolor": colours["ink"],
        },
        "uirevision": "keep",
        "scene": {
            # The camera stays where the reader put it while the surface fills.
            "uirevision": "keep",
            "camera": {"eye": {"x": -1.45, "y": -1.45, "z": 0.8}, "center": {"z": -0.2}},
            "aspectmode": "manual",
            "aspectratio": {"x": 1.2, "y": 1.1, "z": 0.85},
            "xaxis": _axis(x.title, colours),
            "yaxis": _axis(y.title, colours),
            "zaxis": _axis("TTDS [s]", colours) | {"rangemode": "tozero"},
        },
    }


def _axis(title, colours):
    return {
        "title": {"text": title, "font": {"size": 12, "color": colours["ink"]}},
        "tickfont": {"size": 11, "color": colours["soft"]},
        "gridcolor": colours["line"],
        "zerolinecolor": colours["line"],
        "showbackground": True,
        "backgroundcolor": colours["wall"],
        "showspikes": False,
        "nticks": 8,
    }
