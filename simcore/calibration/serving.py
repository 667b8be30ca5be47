"""Predicted TTFT and TPOT of the rows of end-to-end tables, by each cost model."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from simcore.calibration.releases import cases_of, part_of, work_of
from simcore.calibration.serving_rooflines import physical_seconds, reference_seconds
from simcore.calibration.silicon import Case
from simcore.calibration.tables import SERVING, refuse_wrong_units
from simcore.costs.hardware import EXPECTED_ERROR
from simcore.costs.releases import ReleaseConstants, release_of, ttft_tpot_seconds
from simcore.errors import PdscopeError

ROOFLINES: dict[str, Callable] = {"physical": physical_seconds, "reference": reference_seconds}

COLUMNS = ("predicted_ttft_ms", "predicted_tpot_ms", "prediction_note")

TTFT = replace(SERVING, measured="ttft_ms", predicted=COLUMNS[0])
"""The other time of an end-to-end table."""


def predict_serving(
    rows: pd.DataFrame, *, where: str, cost_model: str = "calibrated", constants=None
) -> pd.DataFrame:
    """`rows` with the columns of `serving_predictions`.

    Raises PdscopeError, opened by `where`, for constants of another kind, and for measured times
    whose unit must be wrong.
    """
    if constants is not None and not isinstance(constants, ReleaseConstants):
        raise PdscopeError(
            f"{where}: a table of serving runs, but the constants are of an engine's steps; give "
            "those that `pdscope calibrate` makes of TTFT and TPOT at concurrency"
        )
    found = serving_predictions(rows, cost_model=cost_model, constants=constants)
    for shape in (SERVING, TTFT):
        predicted_s = found[shape.predicted].to_numpy(float) * shape.unit
        refuse_wrong_units(rows, shape, predicted_s, where)
    return rows.assign(**{name: found[name] for name in COLUMNS})


def serving_predictions(
    rows: pd.DataFrame,
    *,
    cost_model: str = "calibrated",
    constants: ReleaseConstants | None = None,
) -> pd.DataFrame:
    """Columns `COLUMNS`, one row for each of `rows`; NaN and the reason where it is not predicted.

    Parameters
    ----------
    rows : a table of `tables.SERVING`
    cost_model : "calibrated", "physical" or "reference"
    constants : of the engine; None for those of the release that each row names
    """
    cases, notes = cases_of(rows)
    known = [index for index, case in enumerate(cases) if case is not None]
    predicted = pd.DataFrame(
        {COLUMNS[0]: np.nan, COLUMNS[1]: np.nan, COLUMNS[2]: notes}, index=rows.index
    )
    if not known:
        return predicted
    chosen = [cases[index] for index in known]
    if cost_model == "calibrated":
        first, each, more = _calibrated(chosen, constants)
    else:
        first, each, more = ROOFLINES[cost_model](chosen)
    predicted.iloc[known, 0] = np.asarray(first) * 1e3
    predicted.iloc[known, 1] = np.asarray(each) * 1e3
    predicted.iloc[known, 2] = [
        "; ".join(part for part in (notes[index], note) if part)
        for index, note in zip(known, more, strict=True)
    ]
    return predicted


def _calibrated(cases: list[Case], constants):
    work = work_of(cases)
    first, each = np.empty(len(cases)), np.empty(len(cases))
    notes = [""] * len(cases)
    by_release = {}
    for index, case in enumerate(cases):
        by_release.setdefault((case.engine, case.version), []).append(index)
    for (engine, version), indices in by_release.items():
        release, exact = (constants, True) if constants else release_of(engine, version)
        first[indices], each[indices] = ttft_tpot_seconds(part_of(work, indices), release)
        if constants:
            told = f"constants fitted to {release.provenance.measurements}{_expected(release)}"
        else:
            told = _told(release, exact, engine, version)
        for index in indices:
            notes[index] = "; ".join((told, *_told_of_gpu(cases[index])))
    return first, each, notes


def _told(release: ReleaseConstants, exact: bool, engine: str, version: str | None) -> str:
    expect = _expected(release)
    name = f"{engine} {version}" if version else f"{engine} of a version not stated"
    speculates = release.tokens_per_step > 1
    guess = (
        f"; speculative decoding taken for granted, {release.tokens_per_step:.2f} tokens per step: "
        "rows of this release are faster than those of its neighbours by that"
        if speculates
        else ""
    )
    if exact:
        return f"calibrated on {name}{expect}{guess}"
    if release.calibrated:
        nearest = release.versions[0] or "a version not stated"
        return f"{name} is not calibrated: constants of {nearest}{expect}"
    return f"{name} is not calibrated: constants of all engines together{expect}"


def _expected(release: ReleaseConstants) -> str:
    error = release.provenance.error.get("tpot")
    return f", expect ±{100 * error:.0f} % of TPOT" if error is not None else ""


def _told_of_gpu(case: Case) -> tuple[str, ...]:
    if case.decode.ranks.kernels.calibrated:
        return ()
    gpu = case.decode.gpu.name
    return (f"{gpu}: uncalibrated kernels, expect ±{100 * EXPECTED_ERROR:.0f} %",)
