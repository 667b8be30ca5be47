"""Runs at several rates of arrival: one table, the same from every executor."""

import dataclasses
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from gpu_catalog import Overlay, current_overlay, overlay
from simcore.errors import ScenarioError
from simcore.executors import executor_for, result_of
from simcore.serving.results.result import ServingResult
from simcore.serving.results.simulate import simulate
from simcore.serving.scenario import ClusterScenario

MOST_POINTS = 10_000
RATES = ("rate_per_s", "from_per_s", "to_per_s", "speed")
"""Fields of arrivals and traces that say how fast requests come."""

LEAST_FACTOR, MOST_FACTOR = 1e-3, 1e3
DONE, INFEASIBLE = "done", "infeasible"


@dataclass(frozen=True)
class Point:
    """A run of a sweep.

    Attributes
    ----------
    factor : on all rates
    added : what lies over the catalog where it is run; None for nothing
    """

    scenario: ClusterScenario
    factor: float
    seed: int
    folder: Path | None
    added: Overlay | None = None


def faster(scenario: ClusterScenario, factor: float) -> ClusterScenario:
    """The same requests, `factor` times as fast after one another.

    Raises ScenarioError for a factor that is out of range, and where a client waits for its answers
    before it asks again.
    """
    number = isinstance(factor, int | float) and not isinstance(factor, bool)
    if not number or not LEAST_FACTOR <= factor <= MOST_FACTOR:
        raise ScenarioError(
            f"a factor of {factor!r} on rates; use a number from {LEAST_FACTOR:g} to "
            f"{MOST_FACTOR:g}"
        )
    clients = []
    for load in scenario.workload.clients:
        changes: dict[str, Any] = {}
        if load.arrivals is not None:
            changes["arrivals"] = _scaled(load.arrivals, factor)
        elif load.trace is not None:
            changes["trace"] = _scaled(load.trace, factor)
        if any(new is None for new in changes.values()):
            raise ScenarioError(
                f"client {load.name!r} asks when it has its answers, so there is no rate to "
                "change; give it a law of arrivals with a rate",
                field="workload",
            )
        clients.append(dataclasses.replace(load, **changes))
    workload = dataclasses.replace(scenario.workload, clients=tuple(clients))
    return dataclasses.replace(scenario, workload=workload)


def at_rates(
    scenario: ClusterScenario,
    factors: Sequence[float],
    *,
    seeds: int = 1,
    folder: Path | None = None,
    executor: Executor | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Simulate a scenario at several rates.

    Parameters
    ----------
    factors : on the rates of all clients
    seeds : runs at each, with the scenario's seed and those after it
    folder : that files of traces are relative to; None: none is read
    executor : where to run; processes of this machine if None. It is not shut down
    on_progress : told how many of how many runs are done, in this thread

    Returns a row for each run, by factor and seed: the rate at which requests came [1/s], latencies
    [s], throughput, goodput and attainment, the verdict, and `outcome` and `reason` as sweeps of
    batches have them.
    """
    if not factors or seeds < 1 or len(factors) * seeds > MOST_POINTS:
        raise ScenarioError(
            f"{len(factors)} rates with {seeds} seeds; give at least one of each, and at most "
            f"{MOST_POINTS:,} runs"
        )
    for factor in factors:
        faster(scenario, factor)
    added = current_overlay()
    points = [
        Point(scenario, factor, scenario.seed + number, folder, added)
        for factor in factors
        for number in range(seeds)
    ]
    if executor is not None:
        return pd.DataFrame(_rows(points, executor, on_progress))
    with executor_for() as processes:
        return pd.DataFrame(_rows(points, processes, on_progress))


def run_point(point: Point) -> dict[str, Any]:
    """The row of one run."""
    row: dict[str, Any] = {"factor": point.factor, "seed": point.seed}
    with overlay(point.added):
        try:
            scenario = faster(point.scenario, point.factor)
            result = simulate(scenario, seed=point.seed, folder=point.folder)
        except ScenarioError as error:
            return {**row, "outcome": INFEASIBLE, "reason": str(error)}
    return {**row, **figures_of(result), "outcome": DONE, "reason": result.partial}


def figures_of(result: ServingResult) -> dict[str, Any]:
    """The figures of a row."""
    found = result.figures
    row: dict[str, Any] = {"rate_per_s": result.arrival_rate}
    for name in ("ttft_s", "tpot_s", "itl_s", "e2e_s"):
        for key, value in getattr(found, name).plain().items():
            row[f"{name.removesuffix('_s')}_{key}_s"] = value
    for name in ("throughput", "output_tokens_per_s", "goodput", "attainment", "fairness"):
        row[name] = getattr(found, name)
    row["usd_per_million_output"] = result.prices.usd_per_million_output
    row["verdict"] = result.verdict.value
    return row


def _rows(points, executor, on_progress):
    rows: list = [None] * len(points)
    futures = {executor.submit(run_point, point): n for n, point in enumerate(points)}
    try:
        for done, future in enumerate(as_completed(futures), start=1):
            rows[futures[future]] = result_of(future)
            if on_progress:
                on_progress(done, len(points))
    finally:
        for future in futures:
            future.cancel()
    return rows


def _scaled(law, factor):
    """The law with its rates changed; None where it has none."""
    names = [f.name for f in dataclasses.fields(law) if f.name in RATES]
    if not names:
        return None
    return dataclasses.replace(law, **{name: factor * getattr(law, name) for name in names})
