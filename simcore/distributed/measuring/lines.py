"""Straight lines of time over size, fitted so that short and long times count alike."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

RIDGE = 1e-6
"""Pull of each constant to zero, against a pull of one of all rows: it decides only what the rows
leave open, such as a latency where all sizes are large."""

LEAST_SIZES = 3
"""Sizes on each side of a knee; of two, a line would miss nothing whatever they are."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """Seconds of an operation over a range of sizes, as its `Shape` has it.

    Attributes
    ----------
    up_to_bytes : the largest size that it is for [byte]; the last line of an operation is for
        all beyond it, too
    latency_s : α [s]
    seconds_per_byte : β [s/byte]
    """

    up_to_bytes: float
    latency_s: float
    seconds_per_byte: float


@dataclass(frozen=True)
class Points:
    """Measured times of one operation, one row for each size and number of ranks.

    Attributes
    ----------
    sizes : M [byte]
    startups, volumes : what α and β are multiplied by: `Shape.startups`, and `Shape.copies` × M
    seconds : measured [s], above zero
    """

    sizes: np.ndarray
    startups: np.ndarray
    volumes: np.ndarray
    seconds: np.ndarray

    def where(self, chosen) -> "Points":
        """The rows that the mask `chosen` has."""
        return Points(
            self.sizes[chosen], self.startups[chosen], self.volumes[chosen], self.seconds[chosen]
        )


def fit_line(points: Points) -> Line:
    """The line of least squares of relative errors, with neither constant below zero.

    Ridge regression (Hoerl & Kennard, Technometrics 12(1), 1970) of predicted over measured against
    one, by non-negative least squares (Lawson & Hanson, "Solving Least Squares Problems", 1974).
    """
    rows = np.stack([points.startups, points.volumes], axis=1) / points.seconds[:, None]
    scale = np.sqrt((rows**2).mean(axis=0))
    scale[scale == 0] = 1.0
    pull = np.sqrt(RIDGE * len(rows)) * np.eye(2)
    goal = np.concatenate([np.ones(len(rows)), np.zeros(2)])
    found, _ = nnls(np.concatenate([rows / scale, pull]), goal)
    latency, per_byte = (found / scale).tolist()
    return Line(up_to_bytes=float(points.sizes.max()), latency_s=latency, seconds_per_byte=per_byte)


def fit_two_lines(points: Points) -> tuple[Line, ...]:
    """The best line up to some size and the best one beyond it; one line with too few sizes.

    Each line has `LEAST_SIZES` sizes at least; of sizes that serve as well the smallest is taken.
    """
    sizes = np.unique(points.sizes)
    best, best_miss = (fit_line(points),), np.inf
    for last in sizes[LEAST_SIZES - 1 : -LEAST_SIZES]:
        small = points.sizes <= last
        lines = (fit_line(points.where(small)), fit_line(points.where(~small)))
        miss = ((predicted_seconds(lines, points) / points.seconds - 1) ** 2).sum()
        if miss < best_miss:
            best, best_miss = lines, miss
    return best


def predicted_seconds(lines: tuple[Line, ...], points: Points) -> np.ndarray:
    """Seconds of each of `points` by the line that is for its size [s]."""
    ends = [line.up_to_bytes for line in lines[:-1]]
    which = np.searchsorted(ends, points.sizes, side="left")
    latency = np.array([line.latency_s for line in lines])[which]
    per_byte = np.array([line.seconds_per_byte for line in lines])[which]
    return latency * points.startups + per_byte * points.volumes


def relative_errors(predicted, measured) -> np.ndarray:
    """|predicted − measured| / measured, the terms of a mean absolute percentage error (MAPE)."""
    return np.abs(predicted - measured) / measured


def held_out_errors(points: Points, fit, *, folds: int = 5) -> np.ndarray:
    """Relative errors of `points` by fits to the points of other sizes.

    Parameters
    ----------
    fit : lines from points
    folds : every folds-th size is left out in turn
    """
    number = np.unique(points.sizes, return_inverse=True)[1] % folds
    errors = np.full(len(points.sizes), np.nan)
    for fold in np.unique(number):
        unseen = number == fold
        lines = fit(points.where(~unseen))
        errors[unseen] = relative_errors(
            predicted_seconds(lines, points.where(unseen)), points.seconds[unseen]
        )
    return errors
