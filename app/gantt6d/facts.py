"""What a bar of the Gantt stands for, told when somebody points at it."""

import numpy as np

from app import numbers
from app.figures.palette import KINDS, NAMES
from app.gantt6d.asked import MOST_LANE, read_window, scenario_in
from app.gantt6d.results import Picture, Pictures
from simcore import PdscopeError, Result
from simcore.explain import explain_row

# A browser knows a bar's ends to seven digits of the window it was drawn in.
SLACK = 1e-3
NOTHING = {"lines": None, "how": []}


def facts_of(asked, pictures: Pictures) -> dict:
    """What the bar is that the browser names by its lane and ends; never raises.

    `asked` is {"values": scenario fields, "lane": its number, "window": [from, to] in s}. The
    answer has `lines` about the bar, None if there is none, and `how` its duration came about: the
    formulas, with values put in, if it stands for one pass or transfer alone.
    """
    try:
        scenario = scenario_in(asked)
        picture = pictures.of(scenario)
        window = read_window(asked.get("window"))
        lane = asked.get("lane")
        if type(lane) is not int or not 0 <= lane <= MOST_LANE:
            return NOTHING
        inside = _inside(picture, lane, *window)
        if not len(inside):
            return NOTHING
        how = _how(pictures.result_of(scenario), picture, inside)
    except PdscopeError:
        return NOTHING
    return {"lines": _lines(picture, inside), "how": how}


def _inside(picture: Picture, lane, low, high):
    """The events of a lane that lie between two times [s]."""
    events = picture.events
    mine = np.flatnonzero(events.lane == lane)
    slack = SLACK * (high - low)
    start, end = events.start_s[mine], events.end_s[mine]
    return mine[(start >= low - slack) & (end <= high + slack)]


def _how(result: Result, picture, inside):
    if len(inside) > 1:
        return []
    # The title stands in the lines already.
    return explain_row(result, int(picture.events.row[inside[0]])).lines[1:]


def _lines(picture, inside):
    events = picture.events
    kind = KINDS[events.kind[inside[0]]]
    title = f"{NAMES[kind]}, {_where(picture, inside[0])}"
    span = float(events.end_s[inside].max() - events.start_s[inside].min())
    when = numbers.duration_text(float(events.start_s[inside].min()))
    time = f"at {when} for {numbers.duration_text(span)}"
    critical = ["on the critical path"] if events.critical[inside].any() else []
    if len(inside) > 1:
        busy = float((events.end_s[inside] - events.start_s[inside]).sum())
        share = min(1.0, busy / span) if span else 1.0
        return [
            title,
            f"{numbers.count(len(inside))} of them, {_which(picture, inside[0])} to "
            f"{_which(picture, inside[-1])}",
            time,
            f"busy {numbers.percent(share)} of it; zoom in for its parts",
            *critical,
        ]
    return [title, _which(picture, inside[0]), time, *critical]


def _where(picture, event):
    """Stages by pool and number, as the chart's axis names them."""
    kind, facts, row = KINDS[picture.events.kind[event]], *_facts(picture, event)
    sender = "D" if kind.startswith("decode") else "P"
    receiver = "D" if kind == "handoff" else sender
    stage, to_stage = int(facts["stage"][row]), int(facts["to_stage"][row])
    return f"stage {sender}{stage}" if to_stage < 0 else f"{sender}{stage} → {receiver}{to_stage}"


def _which(picture, event):
    facts, row = _facts(picture, event)
    chunk, step = int(facts["chunk"][row]), int(facts["step"][row])
    return f"chunk {chunk}" if chunk >= 0 else f"step {step}"


def _facts(picture, event):
    return picture.metrics.trace.facts, picture.events.row[event]
