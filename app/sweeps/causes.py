"""Why cells of a sweep cannot be run, and what would let them."""

from collections.abc import Sequence

from app import numbers
from app.sweeps.terms import short_label_of
from simcore import memory_of
from simcore.errors import ScenarioError
from simcore.remedies import remedies_for, told_together
from simcore.run import links_of
from simcore.sweep import INFEASIBLE, Cell, Row


def why(cells: Sequence[Cell], rows: Sequence[Row]) -> dict:
    """What is wrong with those of `rows` that are infeasible, in JSON's terms.

    Parameters
    ----------
    cells : of the rows, in the same order

    Returns `pools`, for each row the pools that do not fit: none where it is something else that is
    wrong, null where nothing is; and `lack`, null or of the cell whose memory falls shortest
    `share`, its need over what is allowed, and `remedies`, each alone enough for it.
    """
    pools, worst, lacking = [], 0.0, None
    for cell, row in zip(cells, rows, strict=True):
        if row["outcome"] != INFEASIBLE:
            pools.append(None)
            continue
        scenario, short = _short(cell)
        pools.append([pool.pool for pool in short])
        share = max((pool.need / pool.limit for pool in short), default=0.0)
        if share > worst:
            worst, lacking = share, scenario
    lack = None if lacking is None else {"share": worst, "remedies": _remedies(lacking)}
    return {"pools": pools, "lack": lack}


def _short(cell):
    """The cell's scenario and its pools that do not fit; None and none where it has no memory."""
    try:
        scenario = cell.base.replace(**dict(cell.values))
        return scenario, [pool for pool in memory_of(scenario) if not pool.fits]
    except ScenarioError:
        return None, []


def _remedies(scenario):
    remedies = remedies_for(scenario, memory_of, links_of)
    return [_set_to(change) for change in told_together(remedies)]


def _set_to(values):
    """Fields to set at once, and how people call that."""
    [value] = set(values.values())
    names = " and ".join(map(short_label_of, values))
    return {"values": values, "label": f"{names} = {numbers.count(value)}"}
