"""The figure of a miss: relative errors over what explains them, a panel beside another."""

from app.figures.fidelity import BAND_SHADES, COLOURS
from app.figures.grid import FONT
from app.figures.palette import PALETTES
from benchmarks._misses import Miss

GAP = 0.03
"""Between panels, as a share of the figure's width."""

TICKS = [digit * 10**power for power in range(5) for digit in (1, 2, 5)]

HIGHEST = 1.2
"""Errors beyond are drawn at the edge."""

FITTED_SHADE = {"light": "rgba(194, 94, 0, 0.13)", "dark": "rgba(242, 155, 67, 0.18)"}


def figure(miss: Miss, scheme: str) -> dict:
    """The figure, as Plotly takes it, in a colour scheme."""
    points = miss.points
    panels = _most_first(points["panel"])
    # Those that were seen in the colours of those that were not.
    colours = {
        group: colour
        for _, part in points.groupby("seen")
        for group, colour in zip(_most_first(part["group"]), COLOURS[scheme], strict=False)
    }
    layout = _layout(miss, panels, scheme)
    data = []
    named = set()
    for place, panel in enumerate(panels):
        for group, colour in colours.items():
            mine = points[(points["panel"] == panel) & (points["group"] == group)]
            if mine.empty:
                continue
            data.append(_markers(mine, group, place, colour) | {"showlegend": group not in named})
            named.add(group)
    return {"data": data, "layout": layout}


def _most_first(names):
    count = names.value_counts()
    return sorted(count.index, key=lambda name: (-count[name], name))


def _markers(points, group, place, colour):
    seen = bool(points["seen"].all())
    suffix = str(place + 1) if place else ""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": group,
        "legendgroup": group,
        "x": [float(f"{value:.4g}") for value in points["x"]],
        "y": [float(f"{value:.4g}") for value in points["error"].clip(upper=HIGHEST)],
        "text": points["text"].tolist(),
        "hovertemplate": "%{text}: %{y}<extra></extra>",
        "xaxis": f"x{suffix}",
        "yaxis": "y",
        "marker": {
            "symbol": "circle-open" if seen else "circle",
            "color": colour,
            "size": 7 if len(points) < 100 else 6,
            "opacity": 0.75,
            "line": {"width": 1.3 if seen else 0},
        },
    }


def _layout(miss, panels, scheme):
    colours = PALETTES[scheme]
    plain = {
        "gridcolor": colours.grid,
        "linecolor": colours.faint,
        "zeroline": False,
        "tickfont": {"color": colours.faint, "size": 12},
    }
    width = (1 - GAP * (len(panels) - 1)) / len(panels)
    layout = {
        "title": {
            "text": f"<b>{miss.title}</b><br>{_subtitle(miss)}",
            "x": 0.008,
            "y": 0.97,
            "yanchor": "top",
            "font": {"size": 14},
        },
        "yaxis": {
            **plain,
            "tickformat": "+.0%",
            "title": {"text": "predicted / measured − 1", "font": {"size": 12}},
        },
        "shapes": [],
        "annotations": [],
        "legend": {
            "orientation": "h",
            "x": 0,
            "y": -0.2,
            "yanchor": "top",
            "font": {"size": 12},
            "itemsizing": "constant",
        },
        "margin": {"l": 66, "r": 14, "t": 84, "b": 112},
        "paper_bgcolor": colours.page,
        "plot_bgcolor": colours.page,
        "font": {"family": FONT, "color": colours.text},
        "hovermode": "closest",
    }
    for place, panel in enumerate(panels):
        suffix = str(place + 1) if place else ""
        left = place * (width + GAP)
        layout[f"xaxis{suffix}"] = {
            **plain,
            "domain": [left, left + width],
            "anchor": "y",
            "type": "log" if miss.logarithmic else "linear",
            **({"tickvals": TICKS} if miss.logarithmic else {}),
            **({"tickformat": ".0%", "rangemode": "tozero"} if miss.in_percent else {}),
        }
        layout["annotations"].append(
            {
                "text": panel,
                "x": left + width / 2,
                "y": 1.0,
                "xref": "paper",
                "yref": "paper",
                "yanchor": "bottom",
                "showarrow": False,
                "font": {"size": 13},
            }
        )
        layout["shapes"] += _shapes(miss, f"x{suffix}", scheme)
    layout["annotations"].append(
        {
            "text": miss.explains,
            "x": 0.5,
            "y": 0,
            "yshift": -26,
            "xref": "paper",
            "yref": "paper",
            "yanchor": "top",
            "showarrow": False,
            "font": {"size": 12},
        }
    )
    return layout


def _subtitle(miss):
    goals = miss.goals_told or f"goal {100 * miss.goal:.0f} % (blue)"
    error = f"mean absolute error {100 * miss.error:.1f} %, {goals}"
    if miss.fitted_range is None:
        return error
    low, high, whose = miss.fitted_range
    return f"{error}; 90 % of the {whose} lie from {100 * low:.0f} to {100 * high:.0f} % (orange)"


def _shapes(miss, axis, scheme):
    across = {"type": "rect", "xref": f"{axis} domain", "yref": "y", "x0": 0, "x1": 1}
    yield across | {
        "y0": -miss.goal,
        "y1": miss.goal,
        "fillcolor": BAND_SHADES[scheme][1],
        "line": {"width": 0},
        "layer": "below",
    }
    yield across | {
        "type": "line",
        "y0": 0,
        "y1": 0,
        "line": {"color": PALETTES[scheme].faint, "width": 1},
        "layer": "below",
    }
    if miss.fitted_range:
        low, high, _ = miss.fitted_range
        yield {
            "type": "rect",
            "xref": axis,
            "yref": "y domain",
            "x0": low,
            "x1": high,
            "y0": 0,
            "y1": 1,
            "fillcolor": FITTED_SHADE[scheme],
            "line": {"width": 0},
            "layer": "below",
        }
