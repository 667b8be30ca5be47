"""Predictions beside measurements: the same rows with predicted times and a note on each."""

import numpy as np
import pandas as pd

from simcore.calibration import calibrated, rooflines
from simcore.calibration.accuracy import accuracy
from simcore.calibration.serving import predict_serving
from simcore.calibration.tables import (
    SERVING,
    Shape,
    numbers_of,
    read_table,
    refuse_wrong_units,
    shape_of,
)
from simcore.errors import PdscopeError

MODELS = {
    "calibrated": calibrated.PREDICTORS,
    "physical": rooflines.PHYSICAL,
    "reference": rooflines.REFERENCE,
}
NOTE = "prediction_note"


def predict_file(path, *, cost_model="calibrated", engine=None, constants=None) -> pd.DataFrame:
    """The rows of a CSV with predictions; see `predict_table`."""
    return predict_table(
        read_table(path),
        where=str(path),
        cost_model=cost_model,
        engine=engine,
        constants=constants,
    )


def predict_table(
    rows: pd.DataFrame, *, where: str, cost_model="calibrated", engine=None, constants=None
) -> pd.DataFrame:
    """`rows` with a column of predictions in the unit of its times, and `prediction_note`.

    A row that cannot be predicted is left empty, with the reason in its note.

    Parameters
    ----------
    where : what to call the table in messages
    engine : the serving engine of rows that name none
    constants : a user's own, in place of the shipped ones of the engine

    Raises PdscopeError for a table of no known kind, an unknown cost model, or times whose unit
    must be wrong.
    """
    if cost_model not in MODELS:
        raise PdscopeError(f"unknown cost model {cost_model!r}; use one of {', '.join(MODELS)}")
    shape = shape_of(rows, where)
    # Rows are told apart by their index below.
    index, rows = rows.index, rows.reset_index(drop=True)
    if engine is not None:
        named = rows["engine"] if "engine" in rows else pd.Series(np.nan, index=rows.index)
        rows = rows.assign(engine=named.astype(object).where(named.notna(), engine))
    if shape is SERVING:
        # The one kind with two times per row.
        return predict_serving(rows, where=where, cost_model=cost_model, constants=constants)
    numbers, wrong = numbers_of(rows, shape)
    seconds, notes = predicted_seconds(
        numbers[wrong == ""], shape, cost_model=cost_model, constants=constants
    )
    refuse_wrong_units(numbers[wrong == ""], shape, seconds, where)
    predictions = pd.Series(np.nan, index=rows.index)
    predictions[wrong == ""] = seconds / shape.unit
    note = wrong.copy()
    note[wrong == ""] = notes
    return rows.assign(**{shape.predicted: predictions, NOTE: note}).set_axis(index)


def predicted_seconds(rows, shape: Shape, *, cost_model: str, constants=None):
    """Times of rows [s], NaN where there is none, and a note on each row."""
    predictors = MODELS[cost_model]
    if shape.name not in predictors:
        reason = f"the {cost_model} model has no formula for {shape.name}"
        return np.full(len(rows), np.nan), pd.Series(reason, index=rows.index)
    if rows.empty:
        return np.empty(0), pd.Series("", index=rows.index, dtype=str)
    seconds, notes = predictors[shape.name](rows, constants)
    nothing = (seconds == 0) | np.isinf(seconds)
    notes = notes.where(~nothing, "a size of 0: nothing to compute")
    return np.where(seconds > 0, np.where(nothing, np.nan, seconds), np.nan), notes


def summary_of(rows: pd.DataFrame) -> str:
    """How many rows were predicted, how well where measured, and why the others were not."""
    shape = shape_of(rows, "the table")
    predicted = rows[shape.predicted].notna()
    lines = [f"{int(predicted.sum())} of {len(rows)} rows predicted"]
    if shape.measured in rows:
        measured = pd.to_numeric(rows[shape.measured], errors="coerce")
        both = predicted & (measured > 0)
        if "suspect" in rows:
            both &= rows["suspect"].isna()
        if both.any():
            found = accuracy(rows[shape.predicted][both], measured[both])
            lines.append(
                f"against {shape.measured}: mean error {100 * found.mape:.1f} %, median "
                f"{100 * found.median:.1f} %, p90 {100 * found.p90:.1f} %, R² {found.r2:.4f}"
            )
    reasons = rows[NOTE][~predicted].value_counts()
    lines += [f"not predicted: {count} × {reason}" for reason, count in reasons.head(5).items()]
    return "\n".join(lines)
