"""Values of the controls that act on what bounds a configuration, tried by running them.

Settings are tried first. Another GPU is, only where none of them helps.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import gpu_catalog
from simcore.errors import ScenarioError
from simcore.parameters import parameters_of
from simcore.pipelines.critical_path import PathKind
from simcore.run import MOST_EVENTS, Result, run
from simcore.scenario import Scenario

# Who saves less than this share of TTDS helps nobody.
WORTH_SAYING = 0.01
# From this share of TTDS on, what is not the most of it is worth acting on, too.
WORTH_ACTING = 0.1

Values = Callable[[Scenario], Iterator[int | str]]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A scenario with one field changed, run.

    Attributes
    ----------
    field, value : what was changed, to what
    ttds_s : what came of it [s]
    """

    field: str
    value: int | str
    ttds_s: float

    @property
    def label(self) -> str:
        """The change for people, as "M 512"."""
        info = parameters_of(Scenario)[self.field]
        return f"{info.symbol} {self.value}" if info.symbol else f"{info.label} {self.value}"


def larger_chunks(scenario: Scenario) -> Iterator[int]:
    """M doubled, and again, up to the whole prompt."""
    value = 2 * scenario.chunk_tokens
    while value < scenario.prompt_tokens:
        yield value
        value *= 2
    if scenario.chunk_tokens < scenario.prompt_tokens:
        yield scenario.prompt_tokens


def smaller_chunks(scenario: Scenario) -> Iterator[int]:
    """M halved, and again, thrice at most."""
    value = min(scenario.chunk_tokens, scenario.prompt_tokens)
    for _ in range(3):
        value //= 2
        if value:
            yield value


def more_stages(scenario: Scenario) -> Iterator[int]:
    """PP doubled."""
    layers = gpu_catalog.llm(scenario.llm).layers
    if scenario.pp < layers:
        yield min(2 * scenario.pp, layers)


def fewer_stages(scenario: Scenario) -> Iterator[int]:
    """PP halved."""
    if scenario.pp > 1:
        yield scenario.pp // 2


def more_ranks(scenario: Scenario) -> Iterator[int]:
    """TP doubled, where there is tensor parallelism."""
    if scenario.tp > 1:
        yield 2 * scenario.tp


def fewer_ranks(scenario: Scenario) -> Iterator[int]:
    """TP halved, and again, down to none."""
    value = scenario.tp // 2
    while value:
        yield value
        value //= 2


def more_nics(scenario: Scenario) -> Iterator[int]:
    """K doubled, and again, up to one for each stage; none where all are in use."""
    value = scenario.nics or scenario.pp
    while value < scenario.pp:
        value = min(2 * value, scenario.pp)
        yield value


def other_gpus(scenario: Scenario) -> Iterator[str]:
    """The GPUs that are compared first, but that of prefill."""
    for value in gpu_catalog.COMPARED_GPUS:
        if value != scenario.prefill_gpu:
            yield value


# By kind, the settings that act on it: larger chunks read the weights less often and exchange data
# less often, smaller ones fill a pipeline sooner, more stages or ranks hold less each, fewer stages
# are filled sooner, fewer ranks exchange less.
SETTINGS: dict[PathKind, tuple[tuple[str, Values], ...]] = {
    PathKind.PREFILL_MEMORY: (
        ("chunk_tokens", larger_chunks),
        ("pp", more_stages),
        ("tp", more_ranks),
    ),
    PathKind.PREFILL_COMPUTE: (
        ("chunk_tokens", smaller_chunks),
        ("pp", more_stages),
        ("tp", more_ranks),
    ),
    PathKind.COLLECTIVE: (
        ("chunk_tokens", larger_chunks),
        ("tp", fewer_ranks),
    ),
    PathKind.PIPELINE_FILL: (
        ("chunk_tokens", smaller_chunks),
        ("pp", more_stages),
        ("pp", fewer_stages),
    ),
    PathKind.KV_TRANSFER: (
        ("prefill_nics", more_nics),
        ("chunk_tokens", smaller_chunks),
        ("pp", more_stages),
    ),
    PathKind.WAITING: (
        ("prefill_nics", more_nics),
        ("chunk_tokens", larger_chunks),
        ("chunk_tokens", smaller_chunks),
        ("pp", more_stages),
    ),
}
# What more NICs act on, whatever else bounds the run.
ON_THE_WIRE = (PathKind.WAITING, PathKind.KV_TRANSFER)
# What is bound by the computing of a GPU is helped by another one.
HARDWARE: tuple[tuple[str, Values], ...] = (("prefill_gpu", other_gpus),)
HELPED_BY_HARDWARE = (
    PathKind.PREFILL_MEMORY,
    PathKind.PREFILL_COMPUTE,
    PathKind.PIPELINE_FILL,
)


def trials(
    result: Result,
    kind: PathKind,
    *,
    max_events: int = MOST_EVENTS,
    time_limit_s: float | None = None,
) -> Iterator[Trial]:
    """Runs of values that act on `kind`, each when it is asked for.

    First all settings, and more NICs where much of TTDS is spent on the wire; then, if none of them
    saves `WORTH_SAYING` of TTDS, other prefill GPUs.
    Those that cannot run, or reach a limit, are left out.

    Parameters
    ----------
    max_events, time_limit_s : of each run, as `run` has them
    """
    limits = {"max_events": max_events, "time_limit_s": time_limit_s}
    least = result.metrics.ttds_s
    for trial in _runs(result, _settings(result, kind), limits):
        least = min(least, trial.ttds_s)
        yield trial
    if kind in HELPED_BY_HARDWARE and not worth_saying(least, result.metrics.ttds_s):
        yield from _runs(result, HARDWARE, limits)


def worth_saying(ttds_s: float, before_s: float) -> bool:
    """Whether a TTDS of `ttds_s` [s] saves enough of `before_s` [s]."""
    return ttds_s <= before_s * (1.0 - WORTH_SAYING)


def _settings(result, kind):
    spent = result.critical_path.seconds("ttds")
    on_the_wire = sum(spent[each] for each in ON_THE_WIRE)
    if kind in ON_THE_WIRE or on_the_wire < WORTH_ACTING * result.metrics.ttds_s:
        return SETTINGS[kind]
    return (*SETTINGS[kind], ("prefill_nics", more_nics))


def _runs(result, acting, limits):
    for field, values in acting:
        for value in values(result.scenario):
            try:
                changed = result.scenario.replace(**{field: value})
                found = run(changed, faster=dict(result.faster), **limits)
            except ScenarioError:
                continue
            yield Trial(field=field, value=value, ttds_s=found.metrics.ttds_s)
