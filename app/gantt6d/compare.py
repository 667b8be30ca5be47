"""The current scenario beside those that are pinned: what differs, and which result is best."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter

from app import numbers
from app.gantt6d.asked import scenario_in, scenario_of, seq_of
from app.gantt6d.results import Picture, Pictures
from app.metrics_told import DURATIONS, METRICS
from app.share import MOST_PINS, query_of
from simcore import PdscopeError, Scenario, ScenarioError
from simcore.parameters import Choice, Group, Number, parameters_of

NOTHING = "–"
# Processor time after which one request begins no other run.
ENOUGH_S = 0.15
PENDING = "Still being computed."
# Fields whose values do not say of what they are, where a symbol does not, either.
SPOKEN = {
    "prefill_gpu": "prefill {}",
    "decode_gpu": "decode {}",
    "cost_model": "{} costs",
}


@dataclass(frozen=True)
class Quantity:
    """A result that can be compared.

    Attributes
    ----------
    of : its value in a picture
    text : the value as people read it
    aim : whether less of it is better for its own sake; otherwise it is a means to an end
    """

    label: str
    of: Callable[[Picture], float]
    text: Callable[[float], str]
    aim: bool


def _gib(size):
    return f"{numbers.gib(size)} GiB"


def _of_run(key, metric):
    value = attrgetter(f"metrics.{metric.field}")
    return Quantity(metric.symbol, value, metric.text, aim=key in DURATIONS)


QUANTITIES = (
    *(_of_run(*item) for item in METRICS.items()),
    Quantity("Prefill memory", lambda picture: picture.memory[0].need, _gib, aim=False),
    Quantity("Decode memory", lambda picture: picture.memory[1].need, _gib, aim=False),
)


def comparison(asked, pictures: Pictures) -> dict:
    """The current scenario and its pins side by side; it never raises for what may be posted.

    `asked` is {"seq": number of the request, "values": scenario fields, "pins": a list of scenario
    fields, "base": index of the baseline}. What cannot be run has no results, and says why. Until
    the answer is `complete`, some are still to be computed: the same, asked again, finds more.
    """
    seq = seq_of(asked)
    try:
        if seq is None:
            raise ScenarioError("a request is a mapping with a number `seq`")
        current = scenario_in(asked)
        pins = _pins(asked.get("pins"))
        base = _base(asked.get("base"), len(pins))
    except PdscopeError as error:
        return {"seq": seq, "error": str(error)}
    columns = _columns((current, *pins), pictures, first=seq)
    return {
        "seq": seq,
        "complete": all(wrong != PENDING for _, wrong in columns),
        "query": query_of(current, pins=pins, base=base),
        "pins": [
            _told(scenario, current, column)
            for scenario, column in zip(pins, columns[1:], strict=True)
        ],
        "scenario": scenario_rows((current, *pins)),
        "results": result_rows([picture for picture, _ in columns]),
    }


def _pins(values) -> list[Scenario]:
    if not isinstance(values, list) or not all(isinstance(pin, dict) for pin in values):
        raise ScenarioError("`pins` is a list of scenarios' fields")
    if len(values) > MOST_PINS:
        raise ScenarioError(f"there are at most {MOST_PINS} pins")
    return [scenario_of(pin) for pin in values]


def _base(base, count):
    if type(base) is int and 0 <= base < max(1, count):
        return base
    raise ScenarioError("`base` is the index of a pin")


def _columns(scenarios, pictures, *, first):
    """A column for each scenario, as many as are found in the time for one request.

    Each request begins with another one, lest one that takes long keep the others waiting.
    """
    columns, begun = {}, time.thread_time()
    for i in range(len(scenarios)):
        place = (first + i) % len(scenarios)
        scenario, enough = scenarios[place], time.thread_time() - begun > ENOUGH_S
        later = enough and scenario not in pictures
        columns[place] = (None, PENDING) if later else _column(scenario, pictures)
    return [columns[place] for place in range(len(scenarios))]


def _column(scenario, pictures) -> tuple[Picture | None, str | None]:
    """The picture of a scenario, or why there is none."""
    try:
        return pictures.of(scenario), None
    except PdscopeError as error:
        return None, str(error)


def _told(scenario, current, column):
    """What the browser shows of a pin, and the numbers that it compares with."""
    picture, wrong = column
    return {
        "values": scenario.to_dict(),
        "name": difference(scenario, current) or _name(scenario),
        "wrong": wrong,
        # Then it may still turn out that it can be run.
        "pending": wrong == PENDING,
        "ttds": None if wrong else numbers.duration_text(picture.metrics.ttds_s),
        "cards": None if wrong else _raw(picture.metrics),
    }


def _raw(metrics):
    return {key: getattr(metrics, metric.field) for key, metric in METRICS.items()}


def _name(scenario):
    """Of a scenario by itself."""
    return difference(scenario, Scenario()) or "the default scenario"


def difference(scenario: Scenario, other: Scenario) -> str:
    """How `scenario` differs from `other`, in few words; "" if it does not."""
    said = []
    for name, info in parameters_of(Scenario).items():
        value = getattr(scenario, name)
        if value != getattr(other, name):
            # GPUs, models and the like speak for themselves.
            bare = isinstance(info, Choice) and info.group is Group.BATCH
            usual = "{}" if bare else f"{info.symbol or info.label} {{}}"
            said.append(SPOKEN.get(name, usual).format(value_text(name, value)))
    return ", ".join(said)


def value_text(name: str, value) -> str:
    """A field's value as people read it."""
    info = parameters_of(Scenario)[name]
    if value is None:
        return "as prefill" if isinstance(info, Number) else info.optional
    if not isinstance(info, Number):
        return value
    if info.whole:
        return numbers.count(value)
    return f"{100 * value:g} %" if info.most <= 1 else f"{value:g} {info.unit}"


def scenario_rows(scenarios) -> list[dict]:
    """A row for each field in which the scenarios are not all alike."""
    rows = []
    for name, info in parameters_of(Scenario).items():
        values = [getattr(scenario, name) for scenario in scenarios]
        if len(set(values)) > 1:
            label = f"{info.label} {info.symbol}".strip()
            rows.append({"label": label, "cells": [value_text(name, value) for value in values]})
    return rows


def result_rows(pictures) -> list[dict]:
    """A row for each result; `best` are the columns that have the least of an aim, if not all."""
    rows = []
    for quantity in QUANTITIES:
        values = [None if picture is None else quantity.of(picture) for picture in pictures]
        texts = [NOTHING if value is None else quantity.text(value) for value in values]
        known = [value for value in values if value is not None]
        # What reads alike is equally good.
        differ = quantity.aim and len(set(texts) - {NOTHING}) > 1
        least = quantity.text(min(known)) if differ else None
        rows.append(
            {
                "label": quantity.label,
                "cells": texts,
                "best": [i for i, text in enumerate(texts) if text == least],
            }
        )
    return rows
