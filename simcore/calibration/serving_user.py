"""A user's own TTFT and TPOT at concurrency: constants of an engine fitted to them."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

import gpu_catalog
from gpu_catalog import CatalogError
from simcore.calibration.accuracy import accuracy
from simcore.calibration.release_fits import fit_release, held_out
from simcore.calibration.releases import Predictable, cases_of, predictable
from simcore.calibration.serving import TTFT
from simcore.calibration.tables import SERVING, refuse_wrong_units
from simcore.calibration.user import LEAST_ROWS, MOST_ERROR, Calibration
from simcore.costs.provenance import Provenance
from simcore.costs.releases import release_of, ttft_tpot_seconds
from simcore.errors import PdscopeError

ALIKE = ("model", "isl", "osl", "concurrency", "tp", "attn_dp", "moe_tp", "moe_ep", "precision")
"""Columns that make two rows measurements of the same thing."""

LEAST_LOADS = 3

LARGEST_SPREAD = 3.0
"""Factor between measurements of the same thing from which one of them must be wrong."""


def calibrate_serving(rows: pd.DataFrame, *, gpu: str, engine: str, where: str) -> Calibration:
    """Constants of an engine from its TTFT and TPOT at given concurrency.

    The fit starts from the shipped constants of the nearest release and leaves there what the rows
    do not determine.

    Parameters
    ----------
    rows : a table of `tables.SERVING` with columns ttft_ms and tpot_ms
    gpu : which rows to fit
    engine : its name, which need not be among the shipped ones
    where : what to call the table in messages

    Raises PdscopeError where the rows are too few, too alike, in a wrong unit or inconsistent.
    """
    data = _checked(rows, gpu, where)
    version = _version_of(data.rows)
    named = data.rows["engine"].mode().iloc[0]
    start, _ = release_of(str(named), version or None)
    start = replace(start, engine=engine.casefold(), versions=(version,), tokens_per_step=1.0)
    first, each = ttft_tpot_seconds(data.work, start)
    refuse_wrong_units(data.rows, SERVING, each, where)
    refuse_wrong_units(data.rows, TTFT, first, where)
    measured = {"ttft": data.ttft, "tpot": data.tpot}
    found = fit_release(data.work, **measured, start=start)
    seen = accuracy(ttft_tpot_seconds(data.work, found)[1], data.tpot)
    folds = [name for name in ("model", "concurrency") if data.rows[name].nunique() > 1]
    unseen_first, unseen_each = _held_out(data, folds, start)
    unseen = accuracy(unseen_each, np.tile(data.tpot, len(folds)))
    if unseen.mape > MOST_ERROR:
        raise PdscopeError(
            f"{where}: the measurements contradict one another or the model: the error of TPOT on "
            f"rows that a fit had not seen is {100 * unseen.mape:.0f} %; check gpu, model, "
            "precision, parallelism and units of each row"
        )
    ttft = np.tile(data.ttft, len(folds))
    error = {"tpot": unseen.mape, "ttft": float(np.nanmean(np.abs(unseen_first / ttft - 1)))}
    known = Provenance(
        measurements=Path(where).name,
        rows=len(data.rows),
        fitted=date.today().isoformat(),
        error={name: round(value, 4) for name, value in error.items() if np.isfinite(value)},
    )
    constants = replace(found, calibrated=True, provenance=known)
    return Calibration(constants=constants, seen=seen, unseen=unseen, folds=", ".join(folds))


def _held_out(data, folds, start):
    """TTFT and TPOT of each row [s] by fits that had not seen its group, for each kind of group."""
    times = [
        held_out(
            data.work,
            ttft=data.ttft,
            tpot=data.tpot,
            groups=data.rows[name].to_numpy(),
            start=start,
        )
        for name in folds
    ]
    return tuple(np.concatenate([pair[i] for pair in times]) for i in (0, 1))


def _checked(rows, gpu, where) -> Predictable:
    for name in ("ttft_ms", "tpot_ms"):
        if name not in rows:
            raise PdscopeError(f"{where}: it lacks the column {name}; add the measured means")
    if "suspect" in rows:
        rows = rows[rows["suspect"].isna()]
    wanted = gpu_catalog.gpu(gpu).name
    rows = rows[rows["gpu"].map(_name_of) == wanted]
    if rows.empty:
        raise PdscopeError(f"{where}: no rows of {wanted}; choose a GPU of its column gpu")
    times = rows[["ttft_ms", "tpot_ms"]].apply(pd.to_numeric, errors="coerce")
    rows = rows.assign(ttft_ms=times["ttft_ms"], tpot_ms=times["tpot_ms"])
    if not (times["tpot_ms"] > 0).all() or (times["ttft_ms"] <= 0).any():
        raise PdscopeError(f"{where}: columns ttft_ms, tpot_ms: give times above 0 in every row")
    cases, notes = cases_of(rows)
    if all(case is None for case in cases):
        raise PdscopeError(f"{where}: no row of {wanted} can be predicted: {notes[0]}")
    data = predictable(rows)
    if len(data.rows) < LEAST_ROWS:
        raise PdscopeError(
            f"{where}: {len(data.rows)} rows of {wanted} that can be predicted; give at least "
            f"{LEAST_ROWS}, at several loads"
        )
    if data.rows["concurrency"].nunique() < LEAST_LOADS:
        raise PdscopeError(
            f"{where}: the rows of {wanted} are too alike; give at least {LEAST_LOADS} values of "
            "concurrency"
        )
    _refuse_contradictions(data.rows, where)
    return data


def _refuse_contradictions(rows, where):
    names = [name for name in ALIKE if name in rows]
    spread = rows.groupby(names, dropna=False)["tpot_ms"].agg(lambda t: t.max() / t.min())
    if (spread > LARGEST_SPREAD).any():
        key = dict(zip(names, spread.idxmax(), strict=True))
        raise PdscopeError(
            f"{where}: inconsistent: TPOT of equal runs {key} differs by {spread.max():.1f} ×; "
            "keep the one that is right, or their median"
        )


def _name_of(gpu):
    try:
        return gpu_catalog.gpu(gpu).name
    except CatalogError:
        return None


def _version_of(rows) -> str:
    """The release of the rows; "" where they are of several, or do not say."""
    if "engine_version" not in rows:
        return ""
    versions = rows["engine_version"].dropna().unique()
    return str(versions[0]) if len(versions) == 1 else ""
