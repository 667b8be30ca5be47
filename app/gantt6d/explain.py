"""Why the Gantt page shows what it shows: what bounds it, what would help, what a step changes.

What would help is found by running other scenarios, a slice of time for each request, so that
nobody waits for long, and who has moved on costs no more than the slice.
"""

import threading
import time

from app import numbers
from app.gantt6d.asked import scenario_in
from app.gantt6d.results import Pictures
from app.metrics_told import DURATIONS
from app.recent import Recent
from simcore import PdscopeError, Result, Scenario, ScenarioError, memory_of
from simcore.explain import Change, Explanation, bound_of, changes, explain_metric, trials
from simcore.explain.sensitivity import CONTROLS, stepped
from simcore.run import links_of

# Processor time after which one request begins no other run.
SLICE_S = 0.25
# Of each run: so many events take 0.1 s, or 0.3 s and more with long pipelines or shared channels;
# no run takes more processor time than this.
MOST_EVENTS = 100_000
MOST_RUN_S = 0.6
MOST_KEPT = 64
# Of those kept that are not complete, which hold a result.
MOST_KEPT_EVENTS = 300_000
DONE = object()
METRICS = {metric.field: metric.symbol for metric in DURATIONS.values()}
# Those that the page shows, and explains.
SHOWN = (
    "ttds", "tpot", "ttft", "bubble",
    "prefill_need", "prefill_weights", "prefill_kv", "decode_need", "decode_weights", "decode_kv",
)  # fmt: skip
# As a share: a change below it is none.
ROUNDING = 1e-9


class Study:
    """What is known of one scenario so far; threads may share it."""

    def __init__(self, result: Result, *, slice_s=SLICE_S, run_s=MOST_RUN_S):
        self.events = result.metrics.events
        self.complete = False
        self._slice_s = slice_s
        self._limits = {"max_events": MOST_EVENTS, "time_limit_s": run_s}
        self._scenario, self._metrics = result.scenario, result.metrics
        self._links = list(links_of(result.scenario))
        self._bound = bound_of(result, try_remedy=False)
        self._formulas = {name: _lines(explain_metric(result, name)) for name in SHOWN}
        self._rows: dict[str, dict] = {}
        self._work = self._steps_of_work(result)
        self._lock = threading.Lock()

    def advance(self, spent_s: float = 0.0) -> dict:
        """Go on for a slice of processor time, of which `spent_s` is gone; tell what is known."""
        with self._lock:
            begun = time.thread_time() - spent_s
            enough = spent_s > self._slice_s
            while not (self.complete or enough):
                if next(self._work, DONE) is DONE:
                    self._end()
                enough = time.thread_time() - begun > self._slice_s
            return self._told()

    def _steps_of_work(self, result):
        tried = []
        for trial in trials(result, self._bound.kind, **self._limits):
            tried.append(trial)
            yield
        self._bound = self._bound.after(tried)
        for change in changes(self._scenario, **self._limits):
            key = step_key(change.what, change.direction)
            self._rows[key] = _row(change, self._scenario, self._metrics)
            yield

    def _end(self):
        self.complete = True
        self._work = iter(())

    def _told(self):
        bound, remedy = self._bound, self._bound.remedy
        return {
            "bound": bound.text,
            "remedy": remedy and {
                "field": remedy.field, "value": remedy.value, "label": remedy.label
            },
            # Until then the sentence may change.
            "bounded": bound.tried,
            "formulas": self._formulas,
            "steps": _steps(self._scenario),
            "links": self._links,
            "rows": dict(self._rows),
            "complete": self.complete,
        }  # fmt: skip


class Studies:
    """Those of the last scenarios; threads may share it."""

    def __init__(self, pictures: Pictures):
        self._kept = Recent(
            lambda scenario: Study(pictures.result_of(scenario)),
            weigh=lambda study: 0 if study.complete else study.events,
            most=MOST_KEPT,
            most_weight=MOST_KEPT_EVENTS,
        )

    def of(self, scenario: Scenario) -> Study:
        """The scenario's study; raises ScenarioError as `run`."""
        return self._kept.of(scenario)


def explanation_of(asked, studies: Studies) -> dict:
    """What is known so far of the scenario that the browser names; it never raises.

    `asked` is {"values": scenario fields}. Until the answer is `complete` it pays to ask again.
    """
    begun = time.thread_time()
    try:
        study = studies.of(scenario_in(asked))
        return study.advance(time.thread_time() - begun)
    except PdscopeError as error:
        return {"wrong": f"{error}."}


def step_key(what: str, direction: str) -> str:
    """What a change is called between server and browser."""
    return f"{what}:{direction}"


def _steps(scenario):
    """Where each control's steps lead; those that leave its range are left out."""
    steps = {}
    for field in CONTROLS:
        for direction in ("down", "up"):
            value = stepped(scenario, field, direction)
            if value is not None:
                label = value if isinstance(value, str) else numbers.count(value)
                steps[step_key(field, direction)] = {
                    "field": field, "value": value, "label": label,
                }  # fmt: skip
    return steps


def _lines(explanation: Explanation) -> dict:
    """How a number was computed, line by line."""
    return {
        "title": explanation.title,
        "formula": explanation.formula,
        "values": explanation.values,
        "where": explanation.where,
        "source": explanation.source,
    }


def _row(change: Change, scenario, metrics) -> dict:
    """What came of a change: the cells of its row, or why there are none."""
    if change.reason:
        changed = {} if change.link else {change.what: change.value}
        short = "cannot run" if _fits(scenario.replace(**changed)) else "does not fit"
        return {"short": short, "reason": f"{change.reason[:1].upper()}{change.reason[1:]}."}
    return {
        "cells": [
            _cell(title, getattr(metrics, name), getattr(change, name))
            for name, title in METRICS.items()
        ]
    }


def _cell(title, before, after) -> dict:
    """The change of one metric [s]: its text, its share of what was, and all of it in words."""
    share = after / before - 1.0 if before else 0.0
    if abs(share) < ROUNDING:
        return {"text": "0", "share": 0.0, "words": f"{title} stays {_time(before)}"}
    return {
        "text": numbers.change(share),
        "share": round(share, 6),
        "words": f"{title} {_signed(after - before)}: {_time(before)} → {_time(after)}",
    }


def _signed(seconds):
    return f"{'−' if seconds < 0 else '+'}{_time(abs(seconds))}"


_time = numbers.duration_text


def _fits(scenario):
    try:
        return all(pool.fits for pool in memory_of(scenario))
    except ScenarioError:
        return True
