"""Runs over a grid of scenarios: one table, the same from every executor."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, as_completed, wait
from dataclasses import dataclass, field
from itertools import pairwise, product, takewhile
from typing import Any, Protocol

import pandas as pd

from gpu_catalog import COMPARED_GPUS, Overlay, current_overlay, overlay
from simcore.errors import PdscopeError, ScenarioError
from simcore.executors import executor_for, result_of
from simcore.parameters import Choice, parameters_of
from simcore.run import MOST_EVENTS, run
from simcore.scenario import Scenario

MOST_CELLS = 20_000
RESULTS = (
    *("ttds_s", "tpot_s", "ttft_s"),
    *("prefill_tokens_per_s_per_gpu", "decode_tokens_per_s_per_gpu"),
)

# What became of a cell: it has results; it asks for nothing that one would run; it cannot be run.
DONE, SKIPPED, INFEASIBLE = "done", "skipped", "infeasible"

# A table's columns after those of the axes.
COLUMNS = (*RESULTS, "outcome", "reason")

Axes = Mapping[str, Sequence[Any]]
Row = dict[str, Any]


@dataclass(frozen=True)
class Cell:
    """One point of a grid.

    Attributes
    ----------
    values : of the axes' fields, in their order
    added : what lies over the catalog where it is run; None for nothing
    """

    base: Scenario
    values: tuple[tuple[str, Any], ...]
    added: Overlay | None = None

    def scenario(self) -> Scenario:
        """Of this point; raises ScenarioError where there is none.

        Its names mean what they do under `added` alone.
        """
        return self.base.replace(**dict(self.values))


class RowCache(Protocol):
    """Remembers rows; `simcore.cell_cache` has one on disk."""

    def get(self, cell: Cell, *, max_events: int = MOST_EVENTS) -> Row | None:
        """What `run_cell` returns; None if that is not known."""

    def put(self, cell: Cell, row: Row, *, max_events: int = MOST_EVENTS) -> None:
        """Keep what `run_cell` has returned."""


@dataclass(frozen=True, kw_only=True)
class SweepPlan:
    """A sweep that has a name.

    Attributes
    ----------
    x, y : the two fields it varies
    axes : their default values: numbers, or names where the field is a choice
    base : the scenario it varies by default
    filename : of its picture, without the ending
    pool : the pool whose two degrees it varies, so that one choose them together; None where the
        axes are about something else
    """

    name: str
    title: str
    x: str
    y: str
    axes: dict[str, tuple[int | str, ...]] = field(hash=False)
    base: Scenario
    filename: str
    pool: str | None = None

    @property
    def sets(self) -> tuple[str, ...]:
        """The fields that the sweep sets itself; PP over T is that of both pools."""
        both = self.x == "pp" and self.pool is None
        return (self.x, self.y, "decode_pp") if both else (self.x, self.y)

    def held(self, base: Scenario) -> Scenario:
        """`base` with a decode pool that stays as it is while the prefill pool's degrees vary."""
        if self.pool != "prefill":
            return base
        return base.replace(decode_pp=base.decode_pool.pp, decode_tp=base.decode_pool.tp)

    def is_list(self, name: str) -> bool:
        """Whether the axis `name` is numbers that are not evenly apart."""
        values = self.axes[name]
        return not self.is_choice(name) and len({b - a for a, b in pairwise(values)}) > 1

    def is_choice(self, name: str) -> bool:
        """Whether the values of the axis `name` are names, in the order of the field's options."""
        return isinstance(parameters_of(Scenario)[name], Choice)


PROMPTS = tuple(range(1024, 8192 + 1, 1024))
# Servers of eight GPUs and as many NICs, in which tensor parallelism has wires of its own.
SERVERS = Scenario(
    decode_gpu="NVIDIA H100",
    batch_size=8,
    chunk_tokens=512,
    topology="hgx-rail",
)
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
    "gpus": SweepPlan(
        name="gpus",
        title="TTFT over pairs of prefill and decode GPU",
        x="decode_gpu",
        y="prefill_gpu",
        axes={"decode_gpu": COMPARED_GPUS, "prefill_gpu": COMPARED_GPUS},
        base=Scenario(),
        filename="GPU_pairs_sweep",
    ),
    "prefill-pptp": SweepPlan(
        name="prefill-pptp",
        title="TTFT over PP and TP of the prefill pool",
        x="pp",
        y="tp",
        axes={"pp": (1, 2, 4, 8), "tp": (1, 2, 4, 8, 16)},
        base=SERVERS.replace(decode_tp=8, decode_pp=1),
        filename="PP_TP_prefill_sweep_3d",
        pool="prefill",
    ),
    "decode-pptp": SweepPlan(
        name="decode-pptp",
        title="TPOT over PP and TP of the decode pool",
        x="decode_pp",
        y="decode_tp",
        axes={"decode_pp": (1, 2, 4, 8), "decode_tp": (1, 2, 4, 8, 16)},
        base=SERVERS.replace(tp=8, pp=1),
        filename="PP_TP_decode_sweep_3d",
        pool="decode",
    ),
}


def cells(base: Scenario, axes: Axes) -> list[Cell]:
    """The points of the grid, the last axis varying fastest; the catalog is theirs as it is now.

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
    added = current_overlay()
    points = product(*axes.values())
    return [Cell(base, tuple(zip(names, point, strict=True)), added) for point in points]


def run_cell(cell: Cell, *, max_events: int = MOST_EVENTS) -> Row:
    """The row of one point: its values, its results, its outcome, and why there are none.

    Results are times [s], and the tokens per second of each pool for each of its GPUs.

    A point without results has NaN for them and says in `reason` why; else that is "". It is
    "skipped" where its chunk is longer than its prompt: `run` would take the prompt as one chunk,
    and so repeat under another M the cell where M = T. It is "infeasible" where it cannot be run.
    """
    with overlay(cell.added):
        return _run_cell(cell, max_events)


def _run_cell(cell, max_events):
    row: Row = dict(cell.values)
    try:
        scenario = cell.scenario()
        if scenario.chunk_tokens > scenario.prompt_tokens:
            return _without_results(
                row,
                SKIPPED,
                f"skipped: chunk longer than the prompt (M = {scenario.chunk_tokens:,}, "
                f"T = {scenario.prompt_tokens:,})",
            )
        metrics = run(scenario, max_events=max_events).metrics
        results = {name: getattr(metrics, name) for name in RESULTS}
        return {**row, **results, "outcome": DONE, "reason": ""}
    except ScenarioError as error:
        return _without_results(row, INFEASIBLE, str(error))


def _without_results(row, outcome, reason):
    return {**row, **dict.fromkeys(RESULTS, math.nan), "outcome": outcome, "reason": reason}


def table(rows: Sequence[Row]) -> pd.DataFrame:
    """The rows as a table."""
    return pd.DataFrame(list(rows))


def sweep(
    base: Scenario,
    axes: Axes,
    *,
    executor: Executor | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    cache: RowCache | None = None,
) -> pd.DataFrame:
    """Run every point of a grid.

    Parameters
    ----------
    axes : values by scenario field
    executor : where to run; processes of this machine if None. It is not shut down.
    on_progress : told how many of how many points are done, in this thread
    cache : asked before anything is run, and told what was, in this thread

    Returns a row for each point, in the order of `cells`: the axes' fields and `COLUMNS`. The table
    depends neither on the executor nor on the cache. Raises ScenarioError as `cells` does. Where it
    ends by an exception, points that have not begun are cancelled.
    """
    grid = cells(base, axes)
    rows = _known(grid, cache, MOST_EVENTS)
    if on_progress and (found := sum(row is not None for row in rows)):
        on_progress(found, len(rows))
    if executor is not None:
        _fill(rows, grid, executor, on_progress, cache)
    elif None in rows:
        with executor_for() as processes:
            _fill(rows, grid, processes, on_progress, cache)
    return table(rows)


def run_cells(
    grid: Sequence[Cell],
    executor: Executor,
    *,
    seconds: float,
    most_seconds: float = 30.0,
    max_events: int = MOST_EVENTS,
    cache: RowCache | None = None,
) -> list[Row]:
    """The rows of the first cells, as many as are had within `seconds` [s], at least one.

    For those who answer while others wait: what is not done by then is cancelled, so that its
    workers are free again. Rows that came too early, after one that is missing, are in the cache.
    Raises PdscopeError where there is not a single row within `most_seconds` [s].
    """
    start = time.monotonic()
    rows = _known(grid, cache, max_events)
    futures = {
        n: executor.submit(run_cell, cell, max_events=max_events)
        for n, cell in enumerate(grid)
        if rows[n] is None
    }
    try:
        wait(futures.values(), timeout=seconds)
        if futures.get(0) is not None:
            # The first one, however long it takes: whoever asks again would else never get on.
            wait([futures[0]], timeout=max(0.0, start + most_seconds - time.monotonic()))
            if not futures[0].done():
                raise PdscopeError(
                    f"no cell was computed within {most_seconds:g} s; are there workers that are "
                    "free?"
                )
        for n, future in futures.items():
            if future.done():
                rows[n] = result_of(future)
                if cache is not None:
                    cache.put(grid[n], rows[n], max_events=max_events)
    finally:
        _cancel(futures.values())
    return list(takewhile(lambda row: row is not None, rows))


def _known(grid, cache, max_events) -> list[Row | None]:
    if cache is None:
        return [None] * len(grid)
    return [cache.get(cell, max_events=max_events) for cell in grid]


def _fill(rows, grid, executor, on_progress, cache):
    """Put the rows that are missing where they belong."""
    missing = [n for n, row in enumerate(rows) if row is None]
    futures = {}
    try:
        for n in missing:
            futures[executor.submit(run_cell, grid[n])] = n
        for done, future in enumerate(as_completed(futures), start=len(rows) - len(missing) + 1):
            n = futures[future]
            rows[n] = result_of(future)
            if cache is not None:
                cache.put(grid[n], rows[n])
            if on_progress:
                on_progress(done, len(rows))
    finally:
        _cancel(futures)


def _cancel(futures):
    for future in futures:
        future.cancel()
