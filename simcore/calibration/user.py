"""A user's own measurements: constants fitted to them, and read again."""

import tomllib
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

import gpu_catalog
from gpu_catalog import CatalogError
from simcore.calibration.accuracy import accuracy
from simcore.calibration.fit import held_out_predictions
from simcore.calibration.steps import engine_start, fit_engine, step_predictions
from simcore.calibration.tables import SERVING, STEPS, numbers_of, refuse_wrong_units, shape_of
from simcore.costs.constants import from_table
from simcore.costs.engines import EngineConstants
from simcore.costs.provenance import Provenance
from simcore.errors import PdscopeError

LEAST_ROWS = 12
"""Rows from which the eight constants of an engine can be fitted and tested."""

MOST_ERROR = 0.5
"""Error beyond which measurements contradict the model, or one another [share]."""


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Constants fitted to a user's measurements.

    Attributes
    ----------
    constants : of the engine on that GPU
    seen : accuracy on the rows that were fitted
    unseen : accuracy on rows that trial fits had not seen
    folds : what was left out of each trial
    """

    constants: EngineConstants
    seen: object
    unseen: object
    folds: str


def calibrate_steps(rows: pd.DataFrame, *, gpu: str, engine: str, where: str) -> Calibration:
    """Constants of an engine from a table of measured steps.

    Raises PdscopeError where the rows are too few, too alike, in a wrong unit or inconsistent.
    """
    gpu = gpu_catalog.gpu(gpu).name
    rows = _checked(rows.reset_index(drop=True), gpu, where)
    start = engine_start(engine, _version_of(rows), gpu)
    measured = rows["time_ms"].to_numpy(float) * 1e-3
    groups = ["model"] if rows["model"].nunique() > 1 else []
    groups += [name for name in ("tp", "phase", "batch") if rows[name].nunique() > 1]
    constants = fit_engine(rows, start)
    seen = accuracy(step_predictions(rows, constants), measured)
    unseen_rows = held_out_predictions(
        rows, groups, lambda part: fit_engine(part, start), step_predictions
    )
    unseen = accuracy(unseen_rows, measured)
    if unseen.mape > MOST_ERROR:
        raise PdscopeError(
            f"{where}: the measurements contradict one another or the model: the error on rows "
            f"that a fit had not seen is {100 * unseen.mape:.0f} %; check gpu, model, tp and units "
            "of each row"
        )
    known = Provenance(
        measurements=Path(where).name,
        rows=len(rows),
        fitted=date.today().isoformat(),
        error={"steps": round(unseen.mape, 4)},
    )
    return Calibration(
        constants=replace(constants, provenance=known),
        seen=seen,
        unseen=unseen,
        folds=", ".join(groups),
    )


def read_constants(path):
    """Constants that `pdscope calibrate` wrote; which kind they are is told by their keys."""
    path = Path(path)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PdscopeError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise PdscopeError(f"{path}: this is not TOML: {error}; correct it there") from None
    from simcore.costs.releases import ReleaseConstants

    kind = EngineConstants if "host_s" in table else ReleaseConstants
    return from_table(kind, table, path.name)


def _checked(rows, gpu, where):
    shape = shape_of(rows, where)
    if shape is not STEPS:
        expected = f"{STEPS.name} or {SERVING.name}"
        raise PdscopeError(f"{where}: a table of {shape.name}; calibrate takes {expected}")
    if "time_ms" not in rows:
        raise PdscopeError(f"{where}: it lacks the column time_ms; add the measured times")
    rows, wrong = numbers_of(rows, shape)
    bad = (wrong != "") | ~rows["phase"].isin(["prefill", "decode"])
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        reason = wrong.iloc[first] or "phase is neither prefill nor decode"
        raise PdscopeError(f"{where}: row {first + 2}: {reason}; correct or remove it")
    if "suspect" in rows:
        rows = rows[rows["suspect"].isna()]
    rows = rows.assign(time_ms=pd.to_numeric(rows["time_ms"], errors="coerce"))
    rows = rows[rows["gpu"].map(_name_of) == gpu_catalog.gpu(gpu).name]
    if not (rows["time_ms"] > 0).all():
        raise PdscopeError(f"{where}: column time_ms: give times above 0 in every row")
    if len(rows) < LEAST_ROWS:
        raise PdscopeError(
            f"{where}: {len(rows)} rows of {gpu}; give at least {LEAST_ROWS}, of several batch "
            "sizes, in prefill and decode"
        )
    if rows["batch"].nunique() < 3 or rows["phase"].nunique() < 2:
        raise PdscopeError(
            f"{where}: the rows of {gpu} are too alike; give prefill and decode, and three batch "
            "sizes at least"
        )
    kernels = step_predictions(rows, None)
    refuse_wrong_units(rows, shape, kernels, where)
    same = rows.groupby(["model", "tp", "phase", "batch", "new_tokens", "context"])["time_ms"]
    spread = same.max() / same.min()
    if (spread > 3).any():
        key = spread.idxmax()
        raise PdscopeError(
            f"{where}: inconsistent: equal steps {dict(zip(spread.index.names, key, strict=True))} "
            f"differ by {spread.max():.1f} ×; keep the one that is right, or their median"
        )
    return rows


def _name_of(gpu):
    try:
        return gpu_catalog.gpu(gpu).name
    except CatalogError:
        return None


def _version_of(rows) -> str:
    if "engine_version" in rows and rows["engine_version"].nunique() == 1:
        return str(rows["engine_version"].dropna().iloc[0])
    return "any"
