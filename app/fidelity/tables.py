"""The tables of the page, as HTML."""

import math

import pandas as pd
from dash import html

from app import numbers
from app.fidelity.asked import Asked
from app.fidelity.errors import Group, furthest, table_of
from app.fidelity.shown import COST_MODELS, GROUPINGS
from app.figures.fidelity import place_of

MOST_FAR = 10
"""Points that are listed as furthest off."""


def errors_table(asked: Asked):
    """Errors of all points and by group; its first column tells the colours."""
    others = [model for model in COST_MODELS if model != asked.cost_model]
    titles = [
        *("Points", "Mean error", "Median", "p90", "R²"),
        *(f"Mean, {model}" for model in others),
    ]
    head = html.Tr(
        [html.Th(GROUPINGS[asked.by].title, scope="col")]
        + [html.Th(title, scope="col") for title in titles]
    )
    return html.Table(
        [
            html.Caption(f"Errors of the {asked.cost_model} cost model"),
            html.Thead(head),
            html.Tbody([_errors_row(group) for group in table_of(asked)]),
        ],
        className="told-table",
    )


def far_table(points: pd.DataFrame):
    """The points whose predictions are furthest off."""
    head = html.Tr(
        [
            html.Th(title, scope="col")
            for title in ("What", "Measured", "Predicted", "Off by", "Note", "Source")
        ]
    )
    return html.Table(
        [
            html.Caption("Furthest off"),
            html.Thead(head),
            html.Tbody([_far_row(row) for row in furthest(points, MOST_FAR).to_dict("records")]),
        ],
        className="told-table fidelity-far",
    )


def reasons_list(points: pd.DataFrame):
    """Why points are not predicted, with how many that concerns; None where all are."""
    notes = points["note"][points["predicted_s"].isna()].value_counts()
    if notes.empty:
        return None
    return html.Div(
        [
            html.H2(f"Not predicted: {numbers.count(int(notes.sum()))} points"),
            html.Ul(
                [html.Li(f"{numbers.count(int(n))} × {note}") for note, n in notes.items()],
                className="fidelity-reasons",
            ),
        ]
    )


def title_of(row) -> str:
    """What was measured, and on what."""
    parts = (row["quantity"], row["gpu"], row["model"], row["engine"])
    return ", ".join(part for part in parts if part and part != GROUPINGS["model"].none)


def off_by(error: float) -> str:
    """A relative error as people read it."""
    return "nothing" if error == 0 else numbers.change(error)


def _errors_row(group: Group):
    found = group.accuracy
    if found is None:
        cells = ["–"] * 4
    else:
        # The longest times would decide it alone where there are seconds beside microseconds.
        tells = group.alike and not math.isnan(found.r2)
        r2 = f"{found.r2:.3f}".replace("-", "−") if tells else "–"
        cells = [*(numbers.percent(x) for x in (found.mape, found.median, found.p90)), r2]
    cells += ["–" if other is None else numbers.percent(other) for other in group.others.values()]
    known = found.rows if found else 0
    count = numbers.count(group.points)
    if known < group.points:
        count = f"{numbers.count(known)} of {count}"
    return html.Tr(
        [html.Th(_named(group), scope="row"), *(html.Td(cell) for cell in [count, *cells])]
    )


def _named(group):
    if group.number is None:
        return "All shown"
    colour, family = place_of(group.number)
    shape = " swatch-round" if family == 0 else ""
    return [html.I(className=f"swatch group-{colour}{shape}"), group.name]


def _far_row(row):
    return html.Tr(
        [
            html.Th([title_of(row), html.Span(numbers.spaced(row["what"]))], scope="row"),
            html.Td(numbers.duration_text(row["measured_s"])),
            html.Td(numbers.duration_text(row["predicted_s"])),
            html.Td(off_by(row["error"])),
            html.Td([row["use"], html.Span(row["note"])]),
            html.Td(row["source"]),
        ]
    )
