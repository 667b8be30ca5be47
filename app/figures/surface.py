"""A sweep as a 3D picture: a metric over two axes, with its points, its holes and the best ones.

The traces of a figure are, in this order, the surface, the computed points, the skipped and the
infeasible cells, and the best ones; assets/pages/sweep/figures.js fills them in the same way while
a sweep is under way.
"""

from itertools import pairwise

from app.figures.grid import (
    BEST,
    COLOUR_SCALE,
    INFEASIBLE,
    RING,
    THEMES,
    Grid,
    base_layout,
    point_size,
    records,
)

HOVER = "%{text}<extra></extra>"
# How far markers are above the surface, as a share of the greatest height: on it, it would hide
# their lower halves. Their texts tell the heights as they are.
LIFT, BEST_LIFT = 0.025, 0.045
# And the axis goes beyond them, both ways: at its end they would be cut.
HEADROOM, FOOTROOM = 0.06, 0.02
# Diameter of what is on the floor, by its outcome, over that of the points.
FLOOR_SIZES = {"skipped": 1.2, "infeasible": 1.6}


def figure(grid: Grid, *, subtitle=(), theme="light") -> dict:
    """The metric over the two axes as a Plotly figure of plain values.

    Parameters
    ----------
    subtitle : further lines below the title
    theme : "light" or "dark"
    """
    colours = THEMES[theme]
    heights = grid.heights()
    xs, ys = grid.x.values(grid.table), grid.y.values(grid.table)
    size = point_size(len(xs) * len(ys))
    name = grid.metric.field
    surface = {
        "type": "surface",
        "name": grid.metric.symbol,
        "x": xs,
        "y": ys,
        "z": heights,
        "text": grid.matrix(grid.hover),
        # A surface without a single whole patch would make Plotly complain.
        "visible": has_patch(heights),
        "colorscale": COLOUR_SCALE,
        # Its heights say as much, and the heat map beside it has the scale.
        "showscale": False,
        "lighting": {"ambient": 0.8, "diffuse": 0.5, "specular": 0.05, "roughness": 0.9},
        "contours": {
            "x": {"highlightcolor": colours["ink"], "highlightwidth": 1},
            "y": {"highlightcolor": colours["ink"], "highlightwidth": 1},
            "z": {"highlight": False},
        },
        "hovertemplate": HOVER,
    }
    found, best = records(grid.found()), records(grid.best())
    most = max((row[name] for row in found), default=0)
    points = {
        **_markers(grid, found, [row[name] + LIFT * most for row in found], grid.hover),
        "name": "computed",
        "marker": {"size": size, "color": colours["ink"], "line": {"width": 0}},
    }
    marks = {
        **_markers(grid, best, [row[name] + BEST_LIFT * most for row in best], grid.hover),
        "name": grid.best_name,
        "marker": {
            "size": 4.2,
            "color": BEST,
            "symbol": "circle",
            "line": {"width": 1, "color": RING},
        },
    }
    skipped = _floor(grid, "skipped", colours["soft"], size)
    infeasible = _floor(grid, "infeasible", INFEASIBLE, size)
    return {
        "data": [surface, points, skipped, infeasible, marks],
        "layout": _layout(grid, subtitle, colours, most),
    }


def has_patch(z) -> bool:
    """Whether four neighbouring heights are all there, so that there is a surface to draw."""
    return any(
        None not in (*left, *right)
        for upper, lower in pairwise(z)
        for left, right in pairwise(zip(upper, lower, strict=True))
    )


def _markers(grid, rows, heights, text):
    return {
        "type": "scatter3d",
        "mode": "markers",
        "x": [row[grid.x.field] for row in rows],
        "y": [row[grid.y.field] for row in rows],
        "z": heights,
        "text": [text(row) for row in rows],
        "hovertemplate": HOVER,
    }


def _floor(grid, outcome, colour, size):
    """Cells without a height, on the floor."""
    rows, size = records(grid.holes(outcome)), FLOOR_SIZES[outcome] * size
    return {
        **_markers(grid, rows, [0] * len(rows), grid.why),
        "name": outcome,
        "marker": {"size": size, "color": colour, "symbol": "diamond", "line": {"width": 0}},
    }


def _layout(grid, subtitle, colours, most):
    return {
        **base_layout(grid, subtitle, colours),
        "margin": {"l": 0, "r": 0, "t": 92, "b": 40},
        "scene": {
            # The camera stays where the reader put it while the surface fills.
            "uirevision": "keep",
            # From where the best ones are: small M and few stages take long.
            "camera": {
                "eye": {"x": 1.62, "y": -1.62, "z": 0.9},
                # On a phone the name of the heights needs more room than the other side does.
                "center": {"x": -0.08, "y": -0.08, "z": -0.08},
            },
            "aspectmode": "manual",
            "aspectratio": {"x": 1.1, "y": 1.0, "z": 0.8},
            "xaxis": _axis(grid.x.brief, colours) | _listed(grid.x, grid.table),
            "yaxis": _axis(grid.y.brief, colours) | _listed(grid.y, grid.table),
            "zaxis": _axis(grid.metric.symbol, colours) | _heights(most, grid.metric),
        },
    }


def _listed(axis, table):
    """Values as one lists them double from one to the next, or nearly."""
    if not axis.listed:
        return {}
    values = axis.values(table)
    return {"type": "log", "tickvals": values, "ticktext": [axis.text(v) for v in values]}


def _heights(most, metric):
    """The z axis around 0 and the highest marker; without any height it has no numbers."""
    if not most:
        return {"range": [0, 1], "showticklabels": False}
    return {"range": [-FOOTROOM * most, (1 + HEADROOM) * most], **metric.ticks(0, most)}


def _axis(title, colours):
    return {
        "title": {"text": title, "font": {"size": 12, "color": colours["ink"]}},
        "tickfont": {"size": 11, "color": colours["soft"]},
        "gridcolor": colours["line"],
        "zerolinecolor": colours["line"],
        "showbackground": True,
        "backgroundcolor": colours["wall"],
        "showspikes": False,
        "nticks": 6,
    }
