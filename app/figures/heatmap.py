"""A sweep as a heat map: a coloured cell for each result, a hatched one where there is none.

The traces of a figure are, in this order, the cells, the skipped and the infeasible ones, the
scenario that one comes from, and the best ones; assets/pages/sweep/figures.js fills them in the
same way while a sweep is under way.
Cells are drawn equally large, at 0, 1, 2, … on both axes, whatever the distance of their values.
"""

import math
from bisect import bisect

from app.figures.grid import (
    BEST,
    COLOUR_SCALE,
    HERE_INK,
    INFEASIBLE,
    RING,
    THEMES,
    Grid,
    base_layout,
    colour_bar,
    records,
    wrapped,
)

MOST_TICKS = 8
# Names of things are broken into lines, so that they leave room for the cells; those of more rows
# than this are not, for they would lie over one another.
NAME_WIDTH = 10
MOST_WRAPPED = 8
CORNER = 0.32
HERE = "scenario in Gantt6D"


def figure(grid: Grid, *, subtitle=(), theme="light") -> dict:
    """The metric over the two axes as a Plotly figure of plain values.

    Where the axes are names, each cell tells its value, too.

    Parameters
    ----------
    subtitle : further lines below the title
    theme : "light" or "dark"
    """
    colours = THEMES[theme]
    xs, ys = grid.x.values(grid.table), grid.y.values(grid.table)
    column, line = ({value: n for n, value in enumerate(values)} for values in (xs, ys))
    layout = _layout(grid, subtitle, colours)
    layout["xaxis"] |= _ticks(grid.x, xs, NAME_WIDTH)
    layout["yaxis"] |= _ticks(grid.y, ys, NAME_WIDTH if len(ys) <= MOST_WRAPPED else math.inf)
    if grid.y.names:
        # As one reads a table: from the top.
        layout["yaxis"]["range"].reverse()
    data = [
        _cells(grid, xs, ys, colours),
        _hatched(grid, "skipped", colours["soft"], "\\", colours, column, line),
        _hatched(grid, "infeasible", INFEASIBLE, "/", colours, column, line),
        _here(grid, xs, ys),
        _best(grid, column, line),
    ]
    return {"data": data, "layout": layout}


def _cells(grid, xs, ys, colours):
    """The cells with results."""
    cells = {
        "type": "heatmap",
        "name": grid.metric.symbol,
        "x": list(range(len(xs))),
        "y": list(range(len(ys))),
        "z": grid.heights(),
        "hovertext": grid.matrix(grid.hover),
        "hoverongaps": False,
        "colorscale": COLOUR_SCALE,
        "colorbar": colour_bar(grid, colours, len=1, x=1.01, y=0.5, xpad=2),
        "xgap": 1,
        "ygap": 1,
        "hovertemplate": "%{hovertext}<extra></extra>",
    }
    if grid.x.names:
        cells |= {
            "text": grid.matrix(lambda row: grid.metric.text(row[grid.metric.field])),
            "texttemplate": "%{text}",
        }
    return cells


def _aside(grid):
    """How far a mark is from a cell's middle: of names, in its corner, for there is the value."""
    return CORNER if grid.x.names else 0


def _best(grid, column, line):
    """Marks on the best cells."""
    rows, aside = records(grid.best()), _aside(grid)
    return {
        "type": "scatter",
        "name": grid.best_name,
        "mode": "markers",
        "x": [column[row[grid.x.field]] + aside for row in rows],
        "y": [line[row[grid.y.field]] - aside for row in rows],
        "text": [grid.hover(row) for row in rows],
        "marker": {
            "size": 9,
            "symbol": "circle",
            "color": BEST,
            "line": {"width": 2, "color": RING},
        },
        "hovertemplate": "%{text}<extra></extra>",
    }


def _here(grid, xs, ys):
    """The mark of the scenario that the visitor comes from, if it is within the axes."""
    aside = _aside(grid)
    here = (None, None) if grid.here is None else grid.here
    places = [place_among(values, value) for values, value in zip((xs, ys), here, strict=True)]
    known = None not in places
    return {
        "type": "scatter",
        "name": HERE,
        "mode": "markers",
        "x": [places[0] - aside] if known else [],
        "y": [places[1] - aside] if known else [],
        "marker": {
            # Of numbers, seen around a best one that is the same.
            "size": 10 if grid.x.names else 16,
            "symbol": "diamond",
            "color": HERE_INK,
            "line": {"width": 2, "color": RING},
        },
        # What is told is the cell's below it.
        "hoverinfo": "skip",
    }


def place_among(values: list, value) -> float | None:
    """Where `value` is among cells at 0, 1, 2, …: between two if it is a number; None outside."""
    if value in values:
        return values.index(value)
    if value is None or isinstance(value, str) or not values or not values[0] < value < values[-1]:
        return None
    right = bisect(values, value)
    low, high = values[right - 1 : right + 1]
    return right - 1 + (value - low) / (high - low)


def _hatched(grid, outcome, colour, shape, colours, column, line):
    """Cells as bars, which unlike a heat map's can be hatched."""
    rows = records(grid.holes(outcome))
    return {
        "type": "bar",
        "name": outcome,
        "x": [column[row[grid.x.field]] for row in rows],
        "y": [1] * len(rows),
        "base": [line[row[grid.y.field]] - 0.5 for row in rows],
        "width": 1,
        "hovertext": [grid.why(row) for row in rows],
        "marker": {
            "color": colours["wall"],
            "line": {"width": 1, "color": colours["paper"]},
            "pattern": {
                "shape": shape,
                "fgcolor": colour,
                "bgcolor": colours["wall"],
                "size": 7,
                "solidity": 0.2,
            },
        },
        "hovertemplate": "%{hovertext}<extra></extra>",
    }


def _ticks(axis, values, width):
    """All names, in lines of about `width` characters, or about `MOST_TICKS` numbers."""
    step = 1 if axis.names else max(1, -(-len(values) // MOST_TICKS))
    places = list(range(0, len(values), step))
    texts = [axis.text(values[n]) for n in places]
    return {
        "tickvals": places,
        "ticktext": [wrapped(text, width) for text in texts] if axis.names else texts,
        # An empty range would make Plotly complain.
        "range": [-0.5, max(1, len(values)) - 0.5],
    }


def _layout(grid, subtitle, colours):
    layout = {
        **base_layout(grid, subtitle, colours),
        "margin": {"l": 8, "r": 8, "t": 92, "b": 64},
        "barmode": "overlay",
        "dragmode": False,
        "xaxis": _axis(grid.x.title, colours),
        "yaxis": _axis(grid.y.title, colours),
    }
    if grid.x.names:
        layout["yaxis"] |= {"tickangle": 0}
    return layout


def _axis(title, colours):
    return {
        "type": "linear",
        "title": {"text": title, "font": {"size": 12, "color": colours["ink"]}, "standoff": 6},
        "tickmode": "array",
        "tickfont": {"size": 11, "color": colours["soft"]},
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
        "automargin": True,
        "ticks": "",
    }
