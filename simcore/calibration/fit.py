"""Robust fits of frozen constants to measured times."""

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import TypeVar

import numpy as np
from scipy.optimize import least_squares

Constants = TypeVar("Constants")

OUTLIER = 0.1
"""Relative error beyond which a row pulls with constant force (soft L1)."""

PRIOR = 0.02
"""Pull towards the start, for constants that the rows leave open: tiny against any of them."""


def fit_constants(
    start: Constants,
    predict: Callable[[Constants], np.ndarray],
    measured,
    *,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    weights=1.0,
) -> Constants:
    """`start` with its constants moved so that `predict` of them comes closest to `measured`.

    Least squares of the logarithm of predicted over measured, so that short and long times count
    alike, with a soft L1 loss (Huber, "Robust Statistics", 1981) that outliers cannot bend.
    Constants are fitted in their logarithms and so stay positive; what is 0 in `start`, and what is
    no number, stays as it is.

    Parameters
    ----------
    predict : times of all rows for given constants [s]
    measured : times of all rows [s]
    bounds : by constant, the least and the largest value
    weights : of the rows
    """
    bounds = bounds or {}
    free = [
        field.name
        for field in fields(start)
        if isinstance(getattr(start, field.name), float) and getattr(start, field.name) > 0
    ]
    origin = np.log([getattr(start, name) for name in free])
    low = np.log([bounds.get(name, (1e-30, 1))[0] for name in free])
    high = np.log([bounds.get(name, (0, 1e30))[1] for name in free])
    goal = np.log(np.asarray(measured, dtype=float))

    def with_values(point):
        values = zip(free, np.exp(point).tolist(), strict=True)
        return replace(start, **dict(values))

    def residuals(point):
        misses = weights * (np.log(predict(with_values(point))) - goal)
        return np.concatenate([misses, PRIOR * (point - origin)])

    inside = np.clip(origin, low + 1e-9, high - 1e-9)
    found = least_squares(
        residuals, inside, bounds=(low, high), loss="soft_l1", f_scale=OUTLIER, max_nfev=200
    )
    return with_values(found.x)


def held_out_predictions(rows, groups, fit, predict, *, folds: int = 3) -> np.ndarray:
    """Predictions of every row by constants fitted to rows of other groups only.

    NaN where there are too few groups to leave any out.

    Parameters
    ----------
    rows : a table
    groups : its columns whose values together make a group, such as the shape of a matrix
    fit : constants from a part of the rows
    predict : times from rows and constants [s]
    """
    number = rows.groupby(list(groups), sort=True).ngroup().to_numpy() % folds
    found = np.full(len(rows), np.nan)
    for fold in range(folds):
        unseen = number == fold
        if unseen.any() and not unseen.all():
            found[unseen] = predict(rows[unseen], fit(rows[~unseen]))
    return found


def held_out_error(rows, groups, fit, predict, measured, *, folds: int = 3) -> float:
    """Mean absolute relative error of `held_out_predictions`; NaN where there are none.

    `measured` gives the times of rows [s].
    """
    found = held_out_predictions(rows, groups, fit, predict, folds=folds)
    error = np.abs(found / measured(rows) - 1)
    return float(np.nanmean(error)) if np.isfinite(error).any() else float("nan")
