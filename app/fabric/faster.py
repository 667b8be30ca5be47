"""What the run would take if a contended wire, or all of its kind, were twice as fast: found by
running that.

A slice of processor time for each request, so that nobody waits for long.
"""

import threading
import time

from app import numbers
from app.fabric.results import MOST_EVENTS, FabricRun, FabricRuns
from app.gantt6d.asked import scenario_in
from app.metrics_told import DURATIONS
from app.recent import Recent
from simcore import Metrics, PdscopeError, Scenario, ScenarioError, run

FACTOR = 2
# Processor time after which one request begins no other run, and of one run.
SLICE_S = 0.25
MOST_RUN_S = 0.5
MOST_NAMES = 8
MOST_KEPT = 32
MOST_KEPT_EVENTS = 300_000
# As a share: a change below it is none.
ROUNDING = 1e-9
DONE = object()
WIRE, KIND = "wire", "kind"
FASTER = {WIRE: "this wire", KIND: "all of its kind"}
"""What is made faster, by what requests call it, and in words."""


class Study:
    """What is known so far of the wires of one run; threads may share it.

    Parameters
    ----------
    what : key of `FASTER`
    """

    def __init__(self, of: FabricRun, what: str):
        self.events = of.result.metrics.events
        self.complete = False
        self._scenario, self._metrics = of.result.scenario, of.result.metrics
        wires = [of.wire_of[use.channel.name] for use in of.contended]
        names = dict.fromkeys(wire.name if what == WIRE else wire.group for wire in wires)
        self._names = list(names)[: MOST_NAMES if of.is_drawn else 0]
        self._why_not = "" if of.is_drawn else "not tried: this fabric is too large"
        self._rows: dict[str, dict] = {}
        self._work = self._steps_of_work()
        self._lock = threading.Lock()

    def advance(self, spent_s: float = 0.0) -> dict:
        """Go on for a slice of processor time, of which `spent_s` is gone; tell what is known."""
        with self._lock:
            begun = time.thread_time() - spent_s
            enough = spent_s > SLICE_S
            while not (self.complete or enough):
                self.complete = next(self._work, DONE) is DONE
                enough = time.thread_time() - begun > SLICE_S
            rows = dict(self._rows)
            return {"rows": rows, "complete": self.complete, "why_not": self._why_not}

    def _steps_of_work(self):
        for name in self._names:
            try:
                result = run(
                    self._scenario,
                    faster={name: FACTOR},
                    max_events=MOST_EVENTS,
                    time_limit_s=MOST_RUN_S,
                )
                self._rows[name] = {"cells": _cells(self._metrics, result.metrics)}
            except ScenarioError as error:
                self._rows[name] = {"reason": f"Not found: {error}."}
            yield


class Studies:
    """Those of the last runs; threads may share it."""

    def __init__(self, runs: FabricRuns):
        self._kept = Recent(
            lambda asked: Study(runs.of(asked[0]), asked[1]),
            weigh=lambda study: study.events,
            most=MOST_KEPT,
            most_weight=MOST_KEPT_EVENTS,
        )

    def of(self, scenario: Scenario, what: str) -> Study:
        """That of a scenario; raises ScenarioError as `run`.

        Parameters
        ----------
        what : key of `FASTER`
        """
        return self._kept.of((scenario, what))


def faster_wires(asked, studies: Studies) -> dict:
    """What is known so far of the scenario that the browser names; it never raises.

    `asked` is {"values": scenario fields, "what": key of `FASTER`}. The answer's `rows` are by the
    name of the wire or of its kind. Until it is `complete` it pays to ask again.
    """
    begun = time.thread_time()
    try:
        scenario = scenario_in(asked)
        what = asked.get("what")
        if not isinstance(what, str) or what not in FASTER:
            raise ScenarioError(f"`what` is one of {', '.join(FASTER)}")
        study = studies.of(scenario, what)
        return study.advance(time.thread_time() - begun)
    except PdscopeError as error:
        return {"wrong": f"{error}."}


def _cells(before: Metrics, after: Metrics) -> list[dict]:
    """Of each metric: what it would be, and by what share that is another."""
    cells = []
    for metric in DURATIONS.values():
        then, now = getattr(after, metric.field), getattr(before, metric.field)
        share = then / now - 1.0 if now else 0.0
        share = 0.0 if abs(share) < ROUNDING else share
        cells.append(
            {
                "then": metric.text(then),
                "change": numbers.change(share) if share else "as now",
                "share": round(share, 6),
            }
        )
    return cells
