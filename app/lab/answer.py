"""What the page shows for a request: cards, figures, and both algorithms side by side."""

import re

from app import numbers
from app.figures.lab_shares import parts_of, shares
from app.figures.lab_timeline import Shape, View, seen_messages, timeline
from app.figures.timeline import unit_of
from app.gantt6d.asked import seq_of
from app.lab.address import query_of
from app.lab.asked import Asked, read
from app.lab.networks import SWEPT, here_of
from app.lab.runs import LabRuns, Outcome
from app.lab.settings import FIELDS, idle_of, usual_of
from app.lab.tables import formulas, sides, time_text
from app.still import html_of
from simcore.distributed.trace import PathKind
from simcore.errors import PdscopeError

CARDS = {
    "time": ("Time", "until the last rank has ended"),
    "speedup": ("Speed-up", "against the other algorithm"),
    "exposed": ("Exposed", "mean wait of a rank"),
    "formula": ("By formula", "beside the simulation"),
}
"""Title and meaning, by name."""

AUTOMATIC_MESSAGES = 60_000
"""All networks of the sweep together send no more where it starts by itself."""

NEARLY_NONE = 5e-4
"""A share of time below it is called the same."""


def answer_to(body, runs: LabRuns) -> dict:
    """The answer to whatever the browser sent; it never raises for what may be posted."""
    try:
        asked = read(body)
    except PdscopeError as error:
        return refusal(body, error)
    try:
        here, there = runs.both(asked.settings)
    except PdscopeError as error:
        return refusal(body, error) | _of_controls(asked.settings)
    return shown(here, there, asked)


def _of_controls(settings):
    """What the rail does by the settings alone."""
    return {"idle": idle_of(settings), "usual": usual_of(settings)}


def shown(here: Outcome, there: Outcome, asked: Asked) -> dict:
    """What the page shows of both algorithms' runs."""
    trace, end_s = here.run.trace, here.shown_s
    _, per_s = unit_of(end_s)
    view = View(window_of(asked, end_s), asked.pixels, asked.coarse, asked.scheme)
    messages = len(trace.messages) + len(there.run.trace.messages)
    return {
        "seq": asked.seq,
        "coarse": asked.coarse,
        "cards": cards_of(here, there),
        "said": said(here, there),
        "drawn": drawn(trace.messages, view),
        "figures": {
            "timeline": timeline(trace.spans, trace.messages, Shape(here.run.ranks, end_s), view),
            "shares": shares(parts_of(trace.per_rank, end_s), asked.scheme),
        },
        "tables": {
            "sides": html_of(sides(here, there)),
            "formulas": html_of(formulas(here, there)),
        },
        "query": query_of(asked.settings),
        "title": title_of(here),
        **_of_controls(asked.settings),
        "end_s": end_s,
        "per_s": per_s,
        "here": here_of(asked.settings, here.run.seconds, there.run.seconds),
        "sweep": messages * SWEPT <= AUTOMATIC_MESSAGES,
    }


def window_of(asked: Asked, end_s: float) -> tuple[float, float]:
    """The part of the run that is shown [s]: within it, whatever was asked."""
    if asked.window is None:
        return 0.0, end_s
    low, high = (min(max(0.0, at), end_s) for at in asked.window)
    return (low, high) if high - low > 1e-9 * end_s else (0.0, end_s)


def title_of(here: Outcome) -> str:
    """What is run, in a line."""
    return f"{here.algorithm.label} on {_ranks(here)}"


def _ranks(here):
    return "one rank" if here.run.ranks == 1 else f"{numbers.count(here.run.ranks)} ranks"


def cards_of(here: Outcome, there: Outcome) -> dict:
    """By name the number, its unit, and what it means if that depends on the settings."""
    exposed = float(here.run.trace.exposed_s.mean())
    share = numbers.percent(exposed / here.run.seconds) if here.run.seconds else "none"
    return {
        "time": [*numbers.duration(here.run.seconds), None],
        "speedup": [
            numbers.significant(ratio_of(here, there)), "×",
            f"{numbers.duration_text(there.run.seconds)} by {there.algorithm.label}",
        ],
        "exposed": [
            *(numbers.duration(exposed) if exposed else ("none", "")),
            f"{share} of the time a rank waits",
        ],
        "formula": _formula_card(here),
    }  # fmt: skip


def _formula_card(here):
    if here.formula_s is None:
        return ["–", "", "no closed form here: see below"]
    off = f"{numbers.change(here.formula_s / here.measured_s - 1)} off the simulation"
    if here.measured_s != here.run.seconds:
        off = f"{here.algorithm.formula.quantity}: {off}"
    return [*numbers.duration(here.formula_s), off]


def ratio_of(here: Outcome, there: Outcome) -> float:
    """How many times as fast the first is as the second."""
    return there.run.seconds / here.run.seconds if here.run.seconds else 1.0


def said(here: Outcome, there: Outcome) -> str:
    """What the runs amount to, for eyes and screen readers."""
    ratio = ratio_of(here, there)
    other = there.algorithm.label
    if abs(ratio - 1) < NEARLY_NONE:
        against = f"as long as {other}"
    elif ratio > 1:
        against = f"{numbers.significant(ratio)} times as fast as {other}"
    else:
        against = f"{numbers.significant(1 / ratio)} times as long as {other}"
    path = here.path_s
    total = sum(path.values()) or 1.0
    compute, transfer = path[PathKind.COMPUTE], path[PathKind.TRANSFER]
    hidden = float(here.run.trace.hidden_s.mean())
    return (
        f"{here.algorithm.label} takes {numbers.duration_text(here.run.seconds)} on "
        f"{_ranks(here)}: {against}. On its critical path "
        f"{numbers.percent(compute / total)} is computation and "
        f"{numbers.percent(transfer / total)} are messages; behind computation a rank hides "
        f"{time_text(hidden, here.shown_s)} of them on average."
    )


def drawn(messages, view: View) -> str:
    """What of the messages the timeline shows."""
    rows, inside = seen_messages(messages, view)
    where = "" if view.window[0] == 0 else " in this part of the run"
    if len(rows) == inside:
        return f"All {numbers.count(inside)} messages{where} are drawn. Drag across to zoom in."
    return (
        f"{numbers.count(len(rows))} of {numbers.count(inside)} messages{where} are drawn, evenly "
        "taken; drag across to zoom in for the others."
    )


def refusal(body, error: PdscopeError) -> dict:
    """What is told instead: what is wrong, and at which control."""
    field = getattr(error, "field", None)
    message = numbers.spaced(str(error).rstrip("."))
    if field in FIELDS:
        message = re.sub(r"^\w+ = ", f"{FIELDS[field].label.partition(',')[0]} = ", message)
    return {
        "seq": seq_of(body),
        "coarse": isinstance(body, dict) and body.get("coarse") is True,
        "wrong": {
            "field": field if field in FIELDS else None,
            "message": f"{message[:1].upper()}{message[1:]}.",
        },
    }
