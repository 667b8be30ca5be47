"""A sweep in slices: the browser asks for a little work at a time, and the server keeps nothing.

Cancelling is to stop asking, so there is no worker to end and nothing that outlives a closed page.
"""

import json
import math
import time
from dataclasses import dataclass

from simcore.errors import ScenarioError
from simcore.parameters import parameters_of
from simcore.scenario import Scenario
from simcore.sweep import Cell, SweepPlan, cells, run_cell

SLICE_S = 0.2
MOST_CELLS = 2_000
# Of one cell; a second's work or two, which is the longest that a slice can last.
MOST_EVENTS = 400_000


class BadRequest(ValueError):
    """A body that this app's own pages never send."""


@dataclass(frozen=True)
class Slice:
    """What the browser asks for.

    Attributes
    ----------
    cells : the points of the whole grid
    first : index of the first cell to compute
    """

    base: Scenario
    axes: dict[str, tuple[int, ...]]
    cells: list[Cell]
    first: int


def swept_fields(plan: SweepPlan) -> tuple[str, ...]:
    """The scenario's fields that the sweep sets itself; PP is both pools' there."""
    return (plan.x, plan.y, "decode_pp") if plan.x == "pp" else (plan.x, plan.y)


def read(body: bytes, plan: SweepPlan) -> Slice:
    """The slice that a request's body asks for.

    It is a JSON object: `scenario` holds fields of the base scenario, `axes` for each of the plan's
    axes an object with `from`, `to` and `step`, `first` the index of the first cell.

    Raises ScenarioError for what its reader can put right, BadRequest for anything else.
    """
    try:
        request = json.loads(body, parse_int=_number)
    except ValueError:
        raise BadRequest("the body is not JSON") from None
    if not isinstance(request, dict) or set(request) != {"scenario", "axes", "first"}:
        raise BadRequest("the body is an object of scenario, axes and first")
    values, spans, first = request["scenario"], request["axes"], request["first"]
    if not isinstance(spans, dict) or set(spans) != {plan.x, plan.y}:
        raise BadRequest(f"the axes are {plan.x} and {plan.y}")
    if isinstance(values, dict) and (own := set(values) & set(swept_fields(plan))):
        raise BadRequest(f"the sweep itself sets {', '.join(sorted(own))}")
    axes = {field: _points(field, spans[field]) for field in (plan.x, plan.y)}
    count = math.prod(map(len, axes.values()))
    if count > MOST_CELLS:
        raise ScenarioError(
            f"the sweep has {count:,} cells, more than {MOST_CELLS:,}; take larger steps"
        )
    if isinstance(first, bool) or not isinstance(first, int) or first not in range(count):
        raise BadRequest(f"first is the index of one of {count} cells")
    # What is not told keeps the plan's value.
    told = {**plan.base.to_dict(), **values} if isinstance(values, dict) else values
    base = Scenario.from_dict(told)
    return Slice(base, axes, cells(base, axes), first)


def compute(asked: Slice, *, budget_s: float = SLICE_S, clock=time.perf_counter) -> list[dict]:
    """The rows of the next cells, as `simcore.sweep.run_cell` has them.

    At least one, and no further one once `budget_s` has passed by `clock` [s].
    """
    end, rows = clock() + budget_s, []
    for cell in asked.cells[asked.first :]:
        rows.append(run_cell(cell, max_events=MOST_EVENTS))
        if clock() >= end:
            break
    return rows


def answer(asked: Slice, rows: list[dict]) -> dict:
    """What the browser is told, in JSON's terms: a result that is not there is null."""
    return {
        "rows": [{name: _json_value(value) for name, value in row.items()} for row in rows],
        "next": asked.first + len(rows),
        "total": len(asked.cells),
        "axes": {field: list(values) for field, values in asked.axes.items()},
        "subtitle": describe(asked.base, tuple(asked.axes)),
    }


def describe(base: Scenario, axes: tuple[str, ...]) -> list[str]:
    """What the cells of a sweep over `axes` have in common, in two lines for people."""
    infos = parameters_of(Scenario)
    numbers = [
        f"{infos[field].symbol} {getattr(base, field):,}"
        for field in ("pp", "chunk_tokens", "batch_size", "prefill_nics", "output_tokens")
        if field not in axes
    ]
    if "pp" not in axes and base.decode_stages != base.pp:
        numbers[0] += f" → {base.decode_stages}"
    numbers += [f"{base.vram_limit_ratio:.0%} of VRAM", f"{base.cost_model} costs"]
    return [f"{base.llm}, {base.prefill_gpu} → {base.decode_gpu}", ", ".join(numbers)]


def _number(digits):
    """As a browser means it: an integer of a thousand digits is infinite."""
    return int(digits) if len(digits) < 16 else float(digits)


def _points(field, span):
    """The values of an axis, which are at least one and, before the product, few enough."""
    if not isinstance(span, dict) or set(span) != {"from", "to", "step"}:
        raise BadRequest(f"the axis {field} is an object of from, to and step")
    info = parameters_of(Scenario)[field]
    low, high = info.check(field, span["from"]), info.check(field, span["to"])
    step = _step(field, info, span["step"])
    if high < low:
        raise ScenarioError(
            f"{field} ends at {high:,}, before it begins at {low:,}; "
            f"let it go from {high:,} to {low:,}",
            field=field,
        )
    points = range(low, high + 1, step)
    if len(points) > MOST_CELLS:
        raise ScenarioError(
            f"{field} has {len(points):,} values, more than {MOST_CELLS:,}; take larger steps",
            field=field,
        )
    return tuple(points)


def _step(field, info, step):
    number = isinstance(step, int | float) and not isinstance(step, bool)
    if not number or not 1 <= step <= info.most or step != int(step):
        raise ScenarioError(
            f"the step of {field} is not a whole number from 1 to {info.most:,}", field=field
        )
    return int(step)


def _json_value(value):
    return None if isinstance(value, float) and not math.isfinite(value) else value
