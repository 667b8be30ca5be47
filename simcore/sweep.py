"""Runs over a grid of scenarios: one table, the same from every executor."""

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from itertools import product
from multiprocessing import get_context
from typing import Any

import pandas as pd

from simcore.errors import ScenarioError
from simcore.parameters import parameters_of
from simcore.run import MOST_EVENTS, run
from simcore.scenario import Scenario

MOST_CELLS = 20_000
RESULTS = ("ttds_s", "tpot_s", "ttft_s")

Axes = Mapping[str, Sequence[Any]]
Row = dict[str, Any]


@dataclass(frozen=True)
class Cell:
    """One point of a grid.

    Attributes
    ----------
    values : of the axes' fields, in their order
    """

    base: Scenario
    values: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, kw_only=True)
class SweepPlan:
    """A sweep that has a name.

    Attributes
    ----------
    x, y : the two fields it varies
    axes : their default values
    base : the scenario it varies by default
    filename : of its picture, without the ending
    """

    name: str
    title: str
    x: str
    y: str
    axes: dict[str, tuple[int, ...]] = field(hash=False)
    base: Scenario
    filename: str


PROMPTS = tuple(range(1024, 8192 + 1, 1024))

SWEEPS = {
    "mt": SweepPlan(
        name="mt",
        title="TTDS over prefill chunk M and sequence length T",
        x="chunk_tokens",
        y="prompt_tokens",
        axes={"chunk_tokens": tuple(range(64, 2048 + 1, 128)), "prompt_tokens": PROMPTS},
        base=Scenario(),
        filename="M_T_TTDS_sweep_3d",
    ),
    "ppt": SweepPlan(
        name="ppt",
        title="TTDS over pipeline stages PP and sequence length T",
        x="pp",
        y="prompt_tokens",
        axes={"pp": tuple(range(1, 8 + 1)), "prompt_tokens": PROMPTS},
        base=Scenario(chunk_tokens=320),
        filename="PP_T_TTDS_sweep_3d",
    ),
}


def cells(base: Scenario, axes: Axes) -> list[Cell]:
    """The points of the grid, the last axis varying fastest.

    Raises ScenarioError for an unknown field, an empty axis or more than `MOST_CELLS` points.
    """
    known = parameters_of(Scenario)
    for name, values in axes.items():
        if name not in known:
            raise ScenarioError(f"unknown axis {name!r}; the fields are {', '.join(known)}")
        if not values:
            raise ScenarioError(f"the axis {name} has no values; give at least one", field=name)
    count = math.prod(len(values) for values in axes.values())
    if count > MOST_CELLS:
        raise ScenarioError(
            f"the sweep has {count:,} cells, more than {MOST_CELLS:,}; take larger steps"
        )
    names = tuple(axes)
    return [Cell(base, tuple(zip(names, point, strict=True))) for point in product(*axes.values())]


def run_cell(cell: Cell, *, max_events: int = MOST_EVENTS) -> Row:
    """The row of one point: its values, its results [s], and why there are none.

    A point that cannot be run has NaN for results and says in `reason` why; else that is "".
    """
    row: Row = dict(cell.values)
    try:
        scenario = cell.base.replace(**row)
        if scenario.chunk_tokens > scenario.prompt_tokens:
            raise ScenarioError(
                f"chunk longer than the prompt: M = {scenario.chunk_tokens:,}, "
                f"T = {scenario.prompt_tokens:,}"
            )
        metrics = run(scenario, max_events=max_events).metrics
        return {**row, **{name: getattr(metrics, name) for name in RESULTS}, "reason": ""}
    except ScenarioError as error:
        return {**row, **dict.fromkeys(RESULTS, math.nan), "reason": str(error)}


def table(rows: Sequence[Row]) -> pd.DataFrame:
    """The rows as a table."""
    return pd.DataFrame(list(rows))


def sweep(
    base: Scenario,
    axes: Axes,
    *,
    executor: Executor | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Run every point of a grid.

    Parameters
    ----------
    axes : values by scenario field
    executor : where to run; processes of this machine if None. It is not shut down.
    on_progress : told how many of how many points are done, in this thread

    Returns a row for each point, in the order of `cells`: the axes' fields, ttds_s, tpot_s, ttft_s
    [s], reason. The table does not depend on the executor. Raises ScenarioError as `cells` does.
    """
    remaining = cells(base, axes)
    if executor is not None:
        return _gather(executor, remaining, on_progress)
    # Spawned, not forked: the caller may have threads.
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as processes:
        return _gather(processes, remaining, on_progress)


def _gather(executor, remaining, on_progress):
    futures = {executor.submit(run_cell, cell): n for n, cell in enumerate(remaining)}
    rows = [None] * len(remaining)
    try:
        for done, future in enumerate(as_completed(futures), start=1):
            rows[futures[future]] = future.result()
            if on_progress:
                on_progress(done, len(remaining))
    finally:
        for future in futures:
            future.cancel()
    return table(rows)
