"""`pdscope sweep`: a grid of scenarios, to a table or a picture."""

import sys
from dataclasses import replace
from pathlib import Path

from simcore.cell_cache import default_cache
from simcore.commands.files import check_folder, write_text
from simcore.commands.scenario_flags import add_scenario_arguments, number_or_text, scenario_from
from simcore.errors import PdscopeError, ScenarioError, one_line
from simcore.executors import executor_for
from simcore.parameters import Number, parameters_of
from simcore.scenario import Scenario
from simcore.sweep import INFEASIBLE, MOST_CELLS, SKIPPED, SWEEPS, cells, sweep

name = "sweep"
help = (
    "simulate a grid of scenarios: mt (M by T), ppt (PP by T), gpus (GPU by GPU), prefill-pptp or "
    "decode-pptp (PP by TP of a pool)"
)

MOST_JOBS = 1024


class SweepCommand:
    """The command, with the writers of whoever assembles the command line.

    Parameters
    ----------
    writers : by file ending, a function of (table, plan, path) that writes the file; the plan has
        the scenario that was swept for its base
    """

    name = name
    help = help

    def __init__(self, writers=None):
        self.writers = {".csv": _write_csv, **(writers or {})}

    def add_arguments(self, parser):
        grids = parser.add_subparsers(dest="grid", metavar="GRID", required=True)
        for plan in SWEEPS.values():
            grid = grids.add_parser(plan.name, help=plan.title)
            add_scenario_arguments(grid, without=_swept(plan))
            for axis, field in (("x", plan.x), ("y", plan.y)):
                grid.add_argument(f"--{axis}", **_axis_argument(plan, field))
            endings = " or ".join(f"FILE{ending}" for ending in self.writers)
            grid.add_argument("--out", required=True, metavar="FILE", help=endings)
            grid.add_argument(
                "--jobs", type=int, metavar="J", help="processes (default: one for each core)"
            )
            grid.add_argument(
                "--dask", metavar="ADDRESS",
                help="compute on the workers of the dask scheduler at ADDRESS instead",
            )  # fmt: skip

    def execute(self, arguments) -> int:
        plan = SWEEPS[arguments.grid]
        ending = Path(arguments.out).suffix
        writer = self.writers.get(ending)
        if writer is None:
            raise PdscopeError(
                f"--out {arguments.out}: cannot write {ending or 'a file without ending'!r}; "
                f"use one of {', '.join(self.writers)}"
            )
        jobs, dask = arguments.jobs, arguments.dask
        if jobs is not None and not 1 <= jobs <= MOST_JOBS:
            raise PdscopeError(f"--jobs {jobs} is out of range; use 1 to {MOST_JOBS}")
        if jobs is not None and dask is not None:
            raise PdscopeError("--jobs and --dask exclude each other; give one of them")
        axes = {
            field: plan.axes[field] if text is None else parse_values(field, text)
            for field, text in ((plan.x, arguments.x), (plan.y, arguments.y))
        }
        base = plan.held(scenario_from(arguments, default=plan.base))
        # Refuse what cannot end well before starting processes for it.
        cells(base, axes)
        check_folder(arguments.out)
        with executor_for(jobs=jobs, dask=dask, on_waiting=_tell) as executor:
            table = sweep(
                base, axes, executor=executor, on_progress=_progress(), cache=default_cache()
            )
        writer(table, replace(plan, base=base), arguments.out)
        print(one_line(f"{arguments.out}: {_counted(table)}"))
        return 0


def parse_values(field: str, text: str) -> tuple[int | str, ...]:
    """The values of an axis, as the command line writes them; raises ScenarioError.

    Names, and numbers too, are a list with commas; numbers may be a range as in `parse_range`.
    """
    info = parameters_of(Scenario)[field]
    if isinstance(info, Number) and "," not in text:
        return parse_range(field, text)
    parts = [part.strip() for part in text.split(",")]
    values = tuple(info.check(field, number_or_text(part)) for part in parts)
    if len(set(values)) < len(values):
        twice = next(value for value in values if values.count(value) > 1)
        raise ScenarioError(f"{field}: {twice!r} stands twice; name each value once", field=field)
    return values


def parse_range(field: str, text: str) -> tuple[int, ...]:
    """The values that FROM:TO:STEP (or FROM:TO, or one value) names; raises ScenarioError."""
    try:
        low, high, step = ([int(part) for part in text.split(":")] + [None, None])[:3]
    except ValueError:
        low = None
    if low is None or text.count(":") > 2:
        raise ScenarioError(f"{field}: {text!r} is not a range; write FROM:TO:STEP", field=field)
    high = low if high is None else high
    step = 1 if step is None else step
    if step < 1 or high < low:
        raise ScenarioError(f"{field}: {text!r} is empty; TO is at least FROM, STEP at least 1",
                            field=field)  # fmt: skip
    info = parameters_of(Scenario)[field]
    info.check(field, low), info.check(field, high)
    if (high - low) // step >= MOST_CELLS:
        raise ScenarioError(f"{field}: {text!r} has more than {MOST_CELLS:,} values; raise STEP",
                            field=field)  # fmt: skip
    return tuple(range(low, high + 1, step))


def _axis_argument(plan, field):
    """What argparse is told of the axis."""
    values = plan.axes[field]
    if plan.is_choice(field):
        return {"metavar": "NAME,NAME", "help": f"values of {field} (default all {len(values)})"}
    default = f"{values[0]}:{values[-1]}:{values[1] - values[0]}"
    if plan.is_list(field):
        default = ",".join(map(str, values))
    return {
        "metavar": "FROM:TO:STEP",
        "help": f"values of {field}, or a list with commas (default {default})",
    }


def _counted(table):
    """How many cells there are, and how many of them have no results, in words."""
    infeasible, skipped = ((table.outcome == kind).sum() for kind in (INFEASIBLE, SKIPPED))
    parts = [f"{len(table)} cells", f"{infeasible} infeasible"]
    return ", ".join(parts + ([f"{skipped} skipped"] if skipped else []))


def _swept(plan):
    """The fields that the grid's axes set, so that no flag may."""
    return set(plan.sets)


def _write_csv(table, plan, path):
    write_text(path, table.to_csv(index=False))


def _tell(message):
    print(one_line(f"pdscope {name}: {message}"), file=sys.stderr, flush=True)


def _progress():
    """A progress bar on the terminal; elsewhere nothing, so that logs stay readable."""
    if not sys.stderr.isatty():
        return None

    def show(done, total):
        bar = "#" * (40 * done // total)
        end = "\n" if done == total else ""
        print(f"\r[{bar:<40}] {done}/{total}", end=end, file=sys.stderr, flush=True)

    return show
