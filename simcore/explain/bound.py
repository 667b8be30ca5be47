"""What bounds a configuration, as one sentence in numbers."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from simcore.explain.numbers import percent, quantity
from simcore.explain.parts import engine_bound
from simcore.explain.trials import Trial, trials, worth_saying
from simcore.parameters import parameters_of
from simcore.pipelines.critical_path import PathKind, Segment
from simcore.run import MOST_EVENTS, Result
from simcore.scenario import Scenario

# As many values of one control are named one by one.
MOST_NAMED = 4


@dataclass(frozen=True, kw_only=True)
class Bound:
    """The largest part of TTDS, and what would help.

    Attributes
    ----------
    kind : that part
    share : of TTDS, as the critical path has it, from 0 to 1
    cause : that part in words and numbers
    ttds_s : of the run [s]
    tried : whether remedies were looked for
    trials : those that were run
    remedy : the best of them; None if none saves as much as `trials.WORTH_SAYING`
    """

    kind: PathKind
    share: float
    cause: str
    ttds_s: float
    tried: bool = False
    trials: tuple[Trial, ...] = ()
    remedy: Trial | None = None

    @property
    def saved(self) -> float:
        """Share of TTDS that the remedy saves."""
        return 1.0 - self.remedy.ttds_s / self.ttds_s if self.remedy else 0.0

    @property
    def text(self) -> str:
        """One sentence."""
        said = f"{self.cause}: {percent(self.share)} of TTDS"
        if self.remedy:
            return f"{said}; {self.remedy.label} would save {percent(self.saved)}."
        if self.trials:
            return f"{said}; {_in_vain(self.trials)} save 1 %."
        if self.tried:
            return f"{said}; nothing that could be tried acts on it."
        return f"{said}."

    def after(self, tried: Iterable[Trial]) -> "Bound":
        """The same with the best of `tried` as its remedy; of equals the first."""
        tried = tuple(tried)
        best = min(tried, key=lambda trial: trial.ttds_s, default=None)
        if best is not None and not worth_saying(best.ttds_s, self.ttds_s):
            best = None
        return dataclasses.replace(self, tried=True, trials=tried, remedy=best)


def bound_of(
    result: Result,
    *,
    try_remedy: bool = True,
    max_events: int = MOST_EVENTS,
    time_limit_s: float | None = None,
) -> Bound:
    """What bounds the TTDS of `result`.

    Parameters
    ----------
    try_remedy : look for what helps, by running some five to fifteen other scenarios. To stop in
        between, leave it out and give `Bound.after` as many of `trials` as there is time for.
    max_events, time_limit_s : of each of those runs, as `run` has them
    """
    seconds = result.critical_path.seconds("ttds")
    kind = max(seconds, key=seconds.get)
    ttds_s = result.metrics.ttds_s
    segments = [
        segment
        for segment in result.critical_path.segments
        if segment.kind is kind and segment.end_s <= ttds_s
    ]
    bound = Bound(
        kind=kind,
        share=seconds[kind] / ttds_s,
        cause=CAUSES[kind](result, segments),
        ttds_s=ttds_s,
    )
    if not try_remedy:
        return bound
    return bound.after(trials(result, kind, max_events=max_events, time_limit_s=time_limit_s))


def _memory(result, segments):
    if told := _engine(result, segments):
        return told
    weights, traffic, _, _ = _per_chunk(result, segments)
    if weights >= traffic / 2:
        return f"{_each(result)} streams {quantity(weights, 'B')} of weights per chunk"
    cache = quantity(traffic - weights, "B")
    return f"{_each(result)} reads and writes {cache} of KV cache per chunk"


def _compute(result, segments):
    if told := _engine(result, segments):
        return told
    _, _, flop, seconds = _per_chunk(result, segments)
    # By a roofline it is the peak itself.
    rate = quantity(flop / seconds, "FLOP/s")
    peak = quantity(result.plan.prefill_costs[0].flops, "FLOP/s")
    reached = rate if rate == peak else f"{rate} of {peak}"
    return f"{_each(result)} computes {quantity(flop, 'FLOP')} per chunk at {reached}"


def _each(result):
    several = result.scenario.prefill_pool.stage_gpus > 1
    return "Each GPU of a prefill stage" if several else "Each prefill stage"


def _engine(result, segments):
    """Told where most passes on the path take the engine longer than the GPUs; else ""."""
    tags = [
        result.graph.tag(result.task_of_row[row])
        for row in dict.fromkeys(segment.row for segment in segments)
    ]
    if 2 * sum(engine_bound(tag, *result.plan.costs_of(tag)) for tag in tags) <= len(tags):
        return ""
    *_, seconds = _per_chunk(result, segments)
    took = quantity(seconds, "s")
    return (
        f"{result.scenario.engine} takes {took} to launch each prefill stage's layers per chunk, "
        "longer than their kernels run"
    )


def _collective(result, segments):
    gpus = result.scenario.prefill_pool.stage_gpus
    chunks = {result.table.facts["chunk"][segment.row] for segment in segments}
    took = quantity(_length(segments) / len(chunks), "s")
    return f"The {gpus} GPUs of a prefill stage exchange data for {took} per chunk"


def _fill(result, segments):
    took = quantity(_length(segments), "s")
    return f"Filling a pipeline of {result.scenario.pp} stages takes {took}"


def _transfer(result, segments):
    rows = {segment.row for segment in segments}
    moved = float(result.table.bytes[list(rows)].sum())
    last = segments[-1].row
    path = result.graph.routes.paths[result.graph.route[result.task_of_row[last]]]
    narrowest = min(path, key=lambda channel: channel.bandwidth_bps)
    return (
        f"Handing over {quantity(moved, 'B')} of KV cache through {narrowest.name} at "
        f"{quantity(narrowest.bandwidth_bps, 'B/s')}"
    )


def _waiting(result, segments):
    spent: dict[str, float] = {}
    for segment in segments:
        name = _waited_for(result, segment)
        spent[name] = spent.get(name, 0.0) + segment.end_s - segment.start_s
    most = max(spent, key=spent.get)
    others = " and others" if len(spent) > 1 else ""
    return f"Waiting for {most}{others} to be free"


def _waited_for(result: Result, segment: Segment) -> str:
    """The GPU that was busy, or the busiest channel that the transfer crosses."""
    table = result.table
    device = table.device.categories[table.device.codes[segment.row]]
    if device:
        return device
    crossed = set(table.crossed[table.path.codes[segment.row]])
    use = result.metrics.channel_use
    use = use[use.channel.isin(crossed)]
    return str(use.channel.iloc[int(np.argmax(use.utilisation))])


CAUSES = {
    PathKind.PREFILL_MEMORY: _memory,
    PathKind.PREFILL_COMPUTE: _compute,
    PathKind.COLLECTIVE: _collective,
    PathKind.PIPELINE_FILL: _fill,
    PathKind.KV_TRANSFER: _transfer,
    PathKind.WAITING: _waiting,
}


def _per_chunk(result, segments):
    """Weights [byte], traffic [byte], operations [FLOP] and duration [s] of passes on the path.

    Each is the median.
    """
    terms = []
    for row in dict.fromkeys(segment.row for segment in segments):
        costs, place = result.plan.costs_of(result.graph.tag(result.task_of_row[row]))
        terms.append(
            (costs.weights[place], costs.traffic[place], costs.flop[place], costs.seconds[place])
        )
    return (float(x) for x in np.median(terms, axis=0))


def _length(segments):
    return sum(segment.end_s - segment.start_s for segment in segments)


def _in_vain(tried):
    """All that was tried, by control, as "neither M 64, 32 or 16 nor PP 4 would"."""
    values: dict[str, list] = {}
    for trial in tried:
        values.setdefault(trial.field, []).append(trial.value)
    known = parameters_of(Scenario)
    parts = []
    for field, found in values.items():
        parts.append(f"{known[field].symbol or known[field].label} {_either(found)}")
    return f"neither {' nor '.join(parts)} would" if len(parts) > 1 else f"{parts[0]} would not"


def _either(values):
    *others, last = map(str, values)
    if len(values) > MOST_NAMED and isinstance(values[0], str):
        return f"(any of {len(values)} others)"
    if len(values) > MOST_NAMED:
        return f"{others[0]} to {last}, {len(values)} of them,"
    return f"{', '.join(others)} or {last}" if others else last
