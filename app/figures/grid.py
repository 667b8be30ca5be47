"""What the pictures of a sweep have in common: axes, a metric, texts, colours.

assets/pages/sweep/figures.js makes the same of the rows that it has so far, by the same numbers:
app/sweeps/rules.py passes them on.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

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
COLOUR_SCALE = "Viridis"
# Okabe and Ito's vermillion: apart from every colour of the scale, to every kind of eye.
INFEASIBLE = "#d55e00"
# Pink in a white ring is seen on each of the scale's colours, and on both papers.
BEST, RING = "#ff4fa3", "#ffffff"
HERE_INK = "#1b2230"
FONT = "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"

# What every drawing of a figure is given: nothing is sent anywhere, no maker's mark.
CONFIG = {
    "displaylogo": False,
    "showSendToCloud": False,
    "plotlyServerURL": "",
    "responsive": True,
    "modeBarButtonsToRemove": ["tableRotation"],
}

# The steps between the ticks of times, and how many ticks there are at most, but for the first.
TICK_STEPS_NS = [digit * 10**power for power in range(15) for digit in (1, 2, 5)]
MOST_TIME_TICKS = 6
# Rates have the same steps in thousandths.
RATE_PARTS = 1000
TICK_UNITS = ((1e-3, "µs", 1e3), (1.0, "ms", 1e6), (math.inf, "s", 1e9))

# Values that differ by less are equal, and none of them is the best.
SAME = 1e-9

# Of a line of a hover label [character].
HOVER_WIDTH = 48
# Diameter [pixel] of the points of a grid: `one` over the root of their number, within bounds.
POINT_SIZE = {"least": 1.1, "most": 2.0, "one": 34}


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One of the two fields that a sweep varies.

    Attributes
    ----------
    field : column of the table
    name : short, as texts that point at a value have it
    title : with symbol and unit
    brief : the same for where there is little room
    names : whether the values are names, in the table's order, and not numbers
    listed : whether they are numbers as one lists them, like 1, 2, 4, 8, and not evenly apart
    text : the text of one value
    """

    field: str
    name: str
    title: str
    brief: str
    names: bool
    text: Callable[[object], str]
    listed: bool = False

    def values(self, table: pd.DataFrame) -> list:
        """The values that the table has, in the order in which they are drawn."""
        values = dict.fromkeys(table[self.field].tolist())
        return list(values) if self.names else sorted(values)


@dataclass(frozen=True, kw_only=True)
class Metric:
    """What the colours stand for.

    Attributes
    ----------
    field : column of the table, a time [s] or a rate
    symbol : as titles have it
    text : the text of one value, with its unit
    rate : whether it is a rate, of which more is better; of times less is
    """

    field: str
    symbol: str
    text: Callable[[float], str]
    rate: bool = False

    def told(self, value: float) -> str:
        """A value and what it is of."""
        text = self.text(value)
        return text.replace("tokens/s", self.symbol) if self.rate else f"{self.symbol} {text}"

    def ticks(self, low: float, high: float) -> dict:
        """Plotly's ticks of an axis from `low` to `high`: a few round ones."""
        if high - low <= SAME * high:
            return {"tickvals": [low], "ticktext": [self.text(low)]}
        return rate_ticks(low, high) if self.rate else time_ticks(low, high)

    def best_of(self, values: pd.Series) -> float:
        """The best of some values."""
        return values.max() if self.rate else values.min()


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A sweep's table, seen as a picture shows it.

    Attributes
    ----------
    table : columns `x.field`, `y.field`, `metric.field` (NaN where there is no result), outcome and
        reason; what is not in the table is neither drawn nor called infeasible
    here : x and y of the scenario that the visitor comes from; None if there is none
    joint : whether both axes are chosen together, so that one cell is the best
    """

    table: pd.DataFrame
    x: Axis
    y: Axis
    metric: Metric
    here: tuple | None = None
    joint: bool = False

    @property
    def title(self) -> str:
        """What is seen."""
        pair = (self.y, self.x) if self.x.names else (self.x, self.y)
        return f"{self.metric.symbol} over {' and '.join(axis.name for axis in pair)}"

    @property
    def best_name(self) -> str:
        """What is marked: the best of all pairs of names, or of each row of numbers."""
        if self.joint:
            return f"best {self.x.name} and {self.y.name} together"
        return "best" if self.x.names else f"best {self.x.name} for each {self.y.name}"

    def found(self) -> pd.DataFrame:
        """The cells that have results."""
        return self.table[self.table[self.metric.field].notna()]

    def holes(self, outcome: str) -> pd.DataFrame:
        """The cells without results and with this outcome."""
        return self.table[self.table["outcome"] == outcome]

    def best(self) -> pd.DataFrame:
        """The cells to mark: of names, the best ones; else of each row the first best one.

        A row whose cells are all equal has none. Of degrees that are chosen together it is one
        cell: of those equally good the one with the fewest GPUs, and then with the least of y.
        """
        found, name = self.found(), self.metric.field
        if self.x.names or self.joint:
            best = self.metric.best_of(found[name])
            among = found[(found[name] - best).abs() <= SAME * abs(best)]
            if self.x.names or among.empty:
                return among
            gpus = among[self.x.field] * among[self.y.field]
            return among.loc[[*gpus[gpus == gpus.min()].index]].nsmallest(1, self.y.field)
        ordered = found.sort_values([self.y.field, self.x.field], kind="stable")
        marked = []
        for _, row in ordered.groupby(self.y.field, sort=False):
            if len(row) == 1 or row[name].max() > row[name].min() * (1 + SAME):
                marked.append(row[name].idxmax() if self.metric.rate else row[name].idxmin())
        return ordered.loc[marked]

    def matrix(self, value) -> list[list]:
        """`value(row)` of the cells with results, a list for each of y's; None for the others."""
        known = {
            (row[self.x.field], row[self.y.field]): value(row) for row in records(self.found())
        }
        xs, ys = self.x.values(self.table), self.y.values(self.table)
        return [[known.get((a, b)) for a in xs] for b in ys]

    def heights(self) -> list[list]:
        """The metric as `matrix` has it."""
        return self.matrix(lambda row: row[self.metric.field])

    def hover(self, row) -> str:
        """The text of a cell with a result."""
        return f"{self.metric.told(row[self.metric.field])}<br>{self.place(row)}"

    def place(self, row) -> str:
        """Where a cell is."""
        return "<br>".join(f"{axis.name} {axis.text(row[axis.field])}" for axis in (self.x, self.y))

    def why(self, row) -> str:
        """The text of a cell without one."""
        return f"{self.place(row)}<br>{wrapped(row['reason'])}"


def records(table: pd.DataFrame) -> list[dict]:
    """The rows as plain values."""
    return table.to_dict("records")


def wrapped(text: str, width: int = HOVER_WIDTH) -> str:
    """`text` in lines of about `width` characters, as a hover label has them.

    Its thousands are apart as everywhere on a screen.
    """
    lines = [""]
    for word in re.sub(r"(?<=\d),(?=\d{3})", "\u202f", text).split(" "):
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    return "<br>".join(lines)


def point_size(cells: int) -> float:
    """Diameter [pixel] of the points of a grid of `cells`: the more, the smaller."""
    size = POINT_SIZE["one"] / math.sqrt(max(1, cells))
    return min(POINT_SIZE["most"], max(POINT_SIZE["least"], size))


def time_ticks(low: float, high: float) -> dict:
    """Plotly's ticks of an axis of times [s] from `low` to `high`: a few round ones with a unit.

    In whole nanoseconds, so that assets/pages/sweep/figures.js gets the same to the last digit.
    """
    ticks = _round_ones(low, high, 1e9)
    unit, ns = next((unit, ns) for below, unit, ns in TICK_UNITS if high < below)
    return {
        "tickvals": [tick / 1e9 for tick in ticks],
        "ticktext": [f"{tick / ns:g} {unit}" for tick in ticks],
    }


def rate_ticks(low: float, high: float) -> dict:
    """The same of rates."""
    values = [tick / RATE_PARTS for tick in _round_ones(low, high, RATE_PARTS)]
    return {"tickvals": values, "ticktext": [f"{v:,.10g}".replace(",", "\u202f") for v in values]}


def _round_ones(low, high, parts):
    """Round whole numbers of parts, `parts` to one of the unit."""
    step = next(s for s in TICK_STEPS_NS if (high - low) * parts / s <= MOST_TIME_TICKS)
    return [n * step for n in range(math.ceil(low * parts / step), int(high * parts / step) + 1)]


def colour_bar(grid, colours, **more) -> dict:
    """The scale's bar, from the least to the greatest of the grid's values."""
    times = grid.found()[grid.metric.field].tolist()
    return {
        "title": {"text": grid.metric.symbol, "font": {"color": colours["ink"], "size": 12}},
        "tickfont": {"color": colours["soft"], "size": 11},
        **(grid.metric.ticks(min(times), max(times)) if times else {}),
        "thickness": 12,
        "outlinewidth": 0,
        **more,
    }


def base_layout(grid, subtitle, colours) -> dict:
    """Title, legend and colours."""
    return {
        "title": {
            "text": grid.title,
            "subtitle": {
                "text": "<br>".join(subtitle),
                "font": {"size": 12, "color": colours["soft"]},
            },
            "x": 0,
            "xanchor": "left",
            "pad": {"l": 16},
            "y": 0.98,
            "yanchor": "top",
            "font": {"size": 16, "color": colours["ink"]},
        },
        "font": {"family": FONT, "color": colours["ink"]},
        "paper_bgcolor": colours["paper"],
        "plot_bgcolor": colours["paper"],
        "showlegend": True,
        "legend": {
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "yref": "container",
            "y": 0,
            "yanchor": "bottom",
            "itemsizing": "constant",
            "itemclick": False,
            "itemdoubleclick": False,
            "bgcolor": "rgba(0,0,0,0)",
            "font": {"size": 12, "color": colours["soft"]},
        },
        "hoverlabel": {
            "align": "left",
            "bgcolor": colours["wall"],
            "bordercolor": colours["soft"],
            "font": {"family": FONT, "color": colours["ink"]},
        },
        "hovermode": "closest",
        "modebar": {
            "bgcolor": "rgba(0,0,0,0)",
            "color": colours["soft"],
            "activecolor": colours["ink"],
        },
        "uirevision": "keep",
    }
