"""A sweep in slices: the browser asks for a little work at a time, and the server keeps nothing.

Cancelling is to stop asking, so there is no worker to end and nothing that outlives a closed page.
"""

import json
import math
import time
from dataclasses import dataclass

from app.share import query_of
from app.sweeps.address import query_of_sweep
from app.sweeps.axes import MOST_CELLS, BadRequest, checked, points
from app.sweeps.causes import why
from app.sweeps.terms import describe, filename_suffix
from simcore.cell_cache import CellCache, cached_cell
from simcore.errors import ScenarioError
from simcore.executors import DaskCluster
from simcore.scenario import Scenario
from simcore.sweep import Cell, SweepPlan, cells, run_cells

SLICE_S = 0.2
# Of one cell; a second's work or two, which is the longest that a slice can last.
MOST_EVENTS = 100_000
# A cluster is given more at a time: what it cannot do within a slice it is asked again.
CLUSTER_S, CLUSTER_CELLS = 0.8, 256


@dataclass(frozen=True)
class Slice:
    """What the browser asks for.

    Attributes
    ----------
    base : the scenario of every cell but for the axes
    axes : values by field
    cells : the points of the whole grid
    first : index of the first cell to compute
    query : the address that asks for this sweep
    scenario_query : the address of its scenario alone, for other pages
    """

    plan: SweepPlan
    base: Scenario
    axes: dict[str, tuple]
    cells: list[Cell]
    first: int
    query: str
    scenario_query: str


@dataclass(frozen=True)
class Worker:
    """Where slices are computed: here, or by a cluster; and what is known already.

    Parameters
    ----------
    cache : of rows on disk, if there is one
    cluster : that computes instead of this process, if there is one
    """

    cache: CellCache | None = None
    cluster: DaskCluster | None = None

    def compute(self, asked: Slice, *, budget_s=SLICE_S, clock=time.perf_counter) -> list[dict]:
        """The rows of the next cells, as `simcore.sweep.run_cell` has them.

        At least one, and no further one once `budget_s` has passed by `clock` [s]. A cluster has a
        time of its own. Raises PdscopeError where its scheduler or its workers do not answer.
        """
        if self.cluster is not None:
            return run_cells(
                asked.cells[asked.first : asked.first + CLUSTER_CELLS],
                self.cluster.executor(),
                seconds=CLUSTER_S,
                max_events=MOST_EVENTS,
                cache=self.cache,
            )
        end, rows = clock() + budget_s, []
        for cell in asked.cells[asked.first :]:
            rows.append(cached_cell(cell, self.cache, max_events=MOST_EVENTS))
            if clock() >= end:
                break
        return rows


def read(body: bytes, plan: SweepPlan) -> Slice:
    """The slice that a request's body asks for.

    It is a JSON object: `scenario` holds fields of the base scenario; `carried`, fields that the
    sweep sets itself, for addresses of other pages; `axes`, for each of the plan's axes an object
    with `from`, `to` and `step` or, where it is a choice, a list of names; `first`, the index of
    the first cell.

    Raises ScenarioError for what its reader can put right, BadRequest for anything else.
    """
    try:
        request = json.loads(body, parse_int=_number)
    except ValueError:
        raise BadRequest("the body is not JSON") from None
    if not isinstance(request, dict) or set(request) != {"scenario", "carried", "axes", "first"}:
        raise BadRequest("the body is an object of scenario, carried, axes and first")
    values, carried, first = request["scenario"], request["carried"], request["first"]
    spans = request["axes"]
    if not isinstance(spans, dict) or set(spans) != {plan.x, plan.y}:
        raise BadRequest(f"the axes are {plan.x} and {plan.y}")
    own = set(plan.sets)
    if isinstance(values, dict) and (wrong := own & set(values)):
        raise BadRequest(f"the sweep itself sets {', '.join(sorted(wrong))}")
    if not isinstance(carried, dict) or not own.issuperset(carried):
        raise BadRequest(f"of {', '.join(sorted(own))} alone the values are carried")
    axes = {field: points(plan, field, spans[field]) for field in (plan.x, plan.y)}
    count = math.prod(map(len, axes.values()))
    if count > MOST_CELLS:
        raise ScenarioError(
            f"The sweep has {count:,} cells, more than {MOST_CELLS:,}; take larger steps"
        )
    if isinstance(first, bool) or not isinstance(first, int) or first not in range(count):
        raise BadRequest(f"first is the index of one of {count} cells")
    base = _scenario(plan, values)
    there = base.replace(**{field: checked(field, value) for field, value in carried.items()})
    query = query_of_sweep(plan, there, spans)
    if plan.pool:
        # Of the pool that is not varied, what follows from the scenario on other pages.
        base = plan.held(there)
    return Slice(plan, base, axes, cells(base, axes), first, query, query_of(there))


def answer(asked: Slice, rows: list[dict]) -> dict:
    """What the browser is told, in JSON's terms: a result that is not there is null.

    `links` has for each row the address of its scenario on the Gantt page, behind the "?"; `why`
    says what is wrong with infeasible ones, as `app.sweeps.causes` has it.
    """
    done = asked.cells[asked.first : asked.first + len(rows)]
    return {
        "rows": [{name: _json_value(value) for name, value in row.items()} for row in rows],
        "links": [query_of(cell.base.replace(**dict(cell.values))) for cell in done],
        "why": why(done, rows),
        "next": asked.first + len(rows),
        "total": len(asked.cells),
        "axes": {field: list(values) for field, values in asked.axes.items()},
        "subtitle": describe(asked.base, asked.plan),
        "query": asked.query,
        "scenario": asked.scenario_query,
        "suffix": filename_suffix(asked.base),
    }


def _scenario(plan, values):
    """The plan's base with the values of the page's boxes; errors call them as the page does."""
    if isinstance(values, dict):
        # What is not told keeps the plan's value.
        values = {**plan.base.to_dict(), **{name: checked(name, v) for name, v in values.items()}}
    return Scenario.from_dict(values)


def _number(digits):
    """As a browser means it: an integer of a thousand digits is infinite."""
    return int(digits) if len(digits) < 16 else float(digits)


def _json_value(value):
    return None if isinstance(value, float) and not math.isfinite(value) else value
