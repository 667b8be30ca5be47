"""What a bar of the Gantt stands for, told when somebody points at it."""

from dataclasses import dataclass

import numpy as np

from app import numbers
from app.figures.lanes import LETTERS
from app.figures.palette import KINDS, NAMES, POOL_OF
from app.figures.timeline import Timeline
from app.gantt6d.asked import MOST_LANE, read_opened, read_window, scenario_in
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
        events = picture.opened(read_opened(asked.get("opened")))
        window = read_window(asked.get("window"))
        lane = asked.get("lane")
        if type(lane) is not int or not 0 <= lane <= MOST_LANE:
            return NOTHING
        inside = _inside(events, lane, *window)
        if not len(inside):
            return NOTHING
        how = _how(pictures.result_of(scenario), events, inside)
    except PdscopeError:
        return NOTHING
    return {"lines": _lines(picture, events, inside), "how": how}


def _inside(events: Timeline, lane, low, high):
    """The events of a lane that lie between two times [s]."""
    mine = np.flatnonzero(events.lane == lane)
    slack = SLACK * (high - low)
    start, end = events.start_s[mine], events.end_s[mine]
    return mine[(start >= low - slack) & (end <= high + slack)]


def _how(result: Result, events, inside):
    if len(inside) > 1:
        return []
    # The title stands in the lines already.
    return explain_row(result, int(events.row[inside[0]])).lines[1:]


def _lines(picture: Picture, events, inside):
    kind, rows = KINDS[events.kind[inside[0]]], events.row[inside]
    first, last = (_Facts(picture.metrics.trace.facts, row) for row in (rows[0], rows[-1]))
    title = ", ".join([NAMES[kind], *_where(picture.scenario, kind, first)])
    span = float(events.end_s[inside].max() - events.start_s[inside].min())
    when = numbers.duration_text(float(events.start_s[inside].min()))
    time = f"at {when} for {numbers.duration_text(span)}"
    critical = ["on the critical path"] if events.critical[inside].any() else []
    which = _which(picture.scenario, first)
    if len(inside) == 1:
        return [title, *([which] if which else []), time, *critical]
    busy = float((events.end_s[inside] - events.start_s[inside]).sum())
    share = min(1.0, busy / span) if span else 1.0
    told = f", {which} to {_which(picture.scenario, last)}" if which else ""
    return [
        title,
        f"{numbers.count(len(inside))} of them{told}",
        time,
        f"busy {numbers.percent(share)} of it; zoom in for its parts",
        *critical,
    ]


@dataclass(frozen=True)
class _Facts:
    """What the trace has of one row."""

    columns: dict
    row: int

    def of(self, name) -> int:
        """Its number of that name; -1 where it has none."""
        return int(self.columns[name][self.row]) if name in self.columns else -1


def _where(scenario, kind, facts):
    """Stages by pool and number as the chart's axis names them, and which of their ranks."""
    stage, to_stage, rank, to_rank = map(facts.of, ("stage", "to_stage", "rank", "to_rank"))
    if stage < 0:
        return []
    pool = POOL_OF[kind]
    sender = f"{LETTERS[pool]}{stage}"
    receiver = f"{LETTERS[1 if kind == 'handoff' else pool]}{to_stage}" if to_stage >= 0 else ""
    if rank >= 0:
        ends = [f"{sender} rank {rank}", f"{receiver or sender} rank {to_rank}"]
        return [" → ".join(ends[: 1 + (to_rank >= 0)])]
    ranks = (scenario.prefill_pool, scenario.decode_pool)[pool].stage_gpus
    place = f"{sender} → {receiver}" if receiver else f"stage {sender}"
    return [place, f"all {ranks} ranks"] if ranks > 1 else [place]


def _which(scenario, facts):
    """The chunk or step, and its micro-batch and part where there are several."""
    names = {"chunk": "chunk", "step": "step", "microbatch": "micro-batch", "part": "part"}
    if scenario.decode_microbatches == 1:
        del names["microbatch"]
    numbered = [(name, facts.of(column)) for column, name in names.items()]
    return ", ".join(f"{name} {number}" for name, number in numbered if number >= 0)
