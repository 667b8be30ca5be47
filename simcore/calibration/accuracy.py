"""How well predictions meet measurements."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """Errors of one set of rows.

    Attributes
    ----------
    rows : how many
    mape, median, p90 : mean, median and 90th percentile of |predicted / measured - 1|
    bias : mean of predicted / measured - 1
    r2 : share of the variance of the measured times that the predictions explain
    """

    rows: int
    mape: float
    median: float
    p90: float
    bias: float
    r2: float


def accuracy(predicted, measured) -> Accuracy:
    """Errors of `predicted` against `measured`, both above 0, in one unit."""
    predicted, measured = (np.asarray(x, dtype=float) for x in (predicted, measured))
    error = predicted / measured - 1
    spread = np.sum((measured - measured.mean()) ** 2)
    r2 = 1 - np.sum((predicted - measured) ** 2) / spread if spread > 0 else float("nan")
    size = np.abs(error)
    return Accuracy(
        rows=len(error),
        mape=float(size.mean()),
        median=float(np.median(size)),
        p90=float(np.percentile(size, 90)),
        bias=float(error.mean()),
        r2=float(r2),
    )
