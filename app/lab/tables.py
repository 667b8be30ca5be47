"""Both algorithms side by side, and their formulas beside what was simulated."""

from dash import html

from app import numbers
from app.lab.runs import Outcome
from simcore.distributed.trace import PathKind

UNITS = ((1e3, "B", 1.0), (1e6, "kB", 1e-3), (1e9, "MB", 1e-6), (float("inf"), "GB", 1e-9))
PATH = {
    PathKind.COMPUTE: "Critical path: computation",
    PathKind.TRANSFER: "Critical path: messages",
    PathKind.CALL: "Critical path: inside calls",
    PathKind.IDLE: "Critical path: idle",
}
NEARLY_NONE = 1e-9
"""A share of the run below it is left of sums, and told as none."""


def sides(here: Outcome, there: Outcome):
    """What a run of each comes to."""
    both = (here, there)
    rows = [
        ("Time", *(numbers.duration_text(each.run.seconds) for each in both)),
        ("A rank computes, mean", *(_mean(each, "compute_s") for each in both)),
        ("of that, messages hidden", *(_mean(each, "hidden_s") for each in both)),
        ("A rank waits (exposed), mean", *(_mean(each, "exposed_s") for each in both)),
        *(
            (told, *(time_text(each.path_s[kind], each.shown_s) for each in both))
            for kind, told in PATH.items()
        ),
        ("Messages", *(numbers.count(len(each.run.trace.messages)) for each in both)),
        ("Sent in all", *(size(each.sent_bytes) for each in both)),
        ("Most held by a rank to communicate", *(size(max(each.run.peak_bytes)) for each in both)),
    ]
    return html.Table(
        [
            html.Caption("Both algorithms"),
            _head(here, there),
            _body(rows),
        ],
        className="told-table lab-sides",
    )


def formulas(here: Outcome, there: Outcome):
    """Closed forms, what they give, and what was simulated; and what the algorithms do."""
    both = (here, there)
    rows = [
        ("What it does", *(each.algorithm.text for each in both)),
        ("Formula", *(html.Code(each.formula_text) for each in both)),
        ("By formula", *(_known(each.formula_s) for each in both)),
        ("Simulated", *(_known(each.measured_s) for each in both)),
        ("Difference", *(_difference(each) for each in both)),
    ]
    return html.Table(
        [
            html.Caption("The formula beside the simulation"),
            _head(here, there),
            _body(rows),
        ],
        className="told-table lab-formulas",
    )


def _head(here, there):
    labels = (here.algorithm.label, there.algorithm.label)
    return html.Thead(html.Tr([html.Td(), *(html.Th(label, scope="col") for label in labels)]))


def _body(rows):
    return html.Tbody(
        [
            html.Tr([html.Th(first, scope="row"), *(html.Td(each) for each in rest)])
            for first, *rest in rows
        ]
    )


def _known(seconds):
    return "–" if seconds is None else numbers.duration_text(seconds)


def _difference(each):
    if each.formula_s is None:
        return "–"
    return numbers.change(each.formula_s / each.measured_s - 1)


def size(nbytes: float) -> str:
    """A size with its unit."""
    unit, factor = next((unit, factor) for below, unit, factor in UNITS if nbytes < below)
    return f"{numbers.significant(nbytes * factor)} {unit}" if nbytes else "0 B"


def time_text(seconds: float, end_s: float) -> str:
    """A part of a run that ends at `end_s` [s]."""
    return numbers.duration_text(seconds) if seconds > NEARLY_NONE * end_s else "none"


def _mean(each, column):
    return time_text(float(each.run.trace.per_rank[column].mean()), each.shown_s)
