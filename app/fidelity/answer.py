"""What the page shows for a request: two pictures, tables, and what they amount to."""

from html import escape

import pandas as pd
from dash import html

from app import numbers
from app.fidelity.asked import Asked, read, seq_of
from app.fidelity.errors import FAR, NEAR, groups_of, within
from app.fidelity.shown import AGAINST, GROUPINGS
from app.fidelity.tables import errors_table, far_table, off_by, reasons_list, title_of
from app.figures.fidelity import residuals, scatter
from app.figures.grid import wrapped
from app.still import html_of
from simcore.calibration.accuracy import accuracy
from simcore.calibration.points import USES
from simcore.errors import PdscopeError


def answer_to(body) -> dict:
    """The answer to whatever the browser sent; it never raises for what may be posted."""
    try:
        asked = read(body)
    except PdscopeError as error:
        return {"seq": seq_of(body), "wrong": f"{error}."}
    points = asked.points()
    known = points[points["predicted_s"].notna()]
    answer = {"seq": asked.seq, "said": said(asked, points)}
    if known.empty:
        return answer | {"nothing": html_of(_why_nothing(asked, points))}
    return answer | {
        "figures": figures(asked, known),
        "hovers": [hover(row) for row in known.to_dict("records")],
        "errors": html_of(errors_table(asked)),
        "far": html_of([far_table(known), reasons_list(points)]),
    }


def csv_of(body) -> str:
    """The points asked for, as CSV; raises PdscopeError where nothing is asked for."""
    return read(body).points().to_csv(index=False)


def figures(asked: Asked, known: pd.DataFrame) -> dict:
    """The scatter and the residuals of points that are all predicted; texts as their places."""
    groups, uses = groups_of(asked), tuple(USES)
    told = known.assign(group=known[GROUPINGS[asked.by].column], place=range(len(known)))
    column = asked.against
    drawn = told[told[column] > 0]
    found = {"scatter": scatter(told, groups, uses, asked.scheme), "residuals": None}
    if len(drawn):
        found["residuals"] = residuals(
            drawn, groups, uses, asked.scheme, column=column, title=AGAINST[column]
        )
    return found


def hover(row) -> str:
    """All that is known of a point, in lines as Plotly has them."""
    times = " and ".join(
        f"{verb} {numbers.duration_text(row[column])}"
        for verb, column in (("measured", "measured_s"), ("predicted", "predicted_s"))
    )
    lines = [
        row["what"],
        f"{times}: off by {off_by(row['error'])}",
        USES[row["use"]],
        *filter(None, [row["note"], f"Source: {row['source']}"]),
    ]
    title = wrapped(escape(title_of(row)))
    return "<br>".join([f"<b>{title}</b>", *(wrapped(escape(line)) for line in lines)])


def said(asked: Asked, points: pd.DataFrame) -> str:
    """What the pictures amount to, for eyes and screen readers."""
    if points.empty:
        return "No measured point is of all these."
    known = points[points["predicted_s"].notna()]
    count = numbers.count
    if known.empty:
        return f"The {asked.cost_model} model predicts none of {count(len(points))} points."
    found = accuracy(known["predicted_s"], known["measured_s"])
    near, far = (
        f"{numbers.percent(within(known, e))} of them within {100 * e:.0f} %" for e in (NEAR, FAR)
    )
    use = known["use"].value_counts()
    told = ", ".join(f"{count(int(use[name]))} {name}" for name in USES if name in use)
    return (
        f"{count(len(known))} of {count(len(points))} measured times are predicted by the "
        f"{asked.cost_model} model, off by {numbers.percent(found.mape)} on average and "
        f"{numbers.percent(found.median)} in the median; {near}, "
        f"{far}. Of these: {told}."
    )


def _why_nothing(asked, points):
    """What stands in place of the pictures where there is nothing to draw."""
    if len(points):
        reasons = reasons_list(points)
        return [html.Strong("None of these points can be predicted"), reasons]
    chosen = [
        f"{GROUPINGS[grouping].title}: {', '.join(values)}"
        for grouping, values in asked.chosen.items()
        if values
    ]
    return [
        html.Strong("No measured point is of all these"),
        html.P(f"Chosen is {'; '.join(chosen)}. Take one of them away, or show all points."),
    ]
