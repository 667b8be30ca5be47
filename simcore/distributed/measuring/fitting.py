"""What an operation takes, fitted to its measurements, and how well that holds."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from simcore.distributed.measuring.lines import (
    Line,
    Points,
    fit_line,
    fit_two_lines,
    held_out_errors,
    predicted_seconds,
    relative_errors,
)
from simcore.distributed.measuring.shapes import OPERATIONS, shape_of
from simcore.errors import PdscopeError

BUCKETS = (1024.0, 65536.0, 1048576.0, 16777216.0)
"""Where buckets of sizes end [byte]; a last one has what is beyond."""

FEWEST_SIZES = 3
FEWEST_ROUNDS = 2


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """The error among sizes of one kind.

    Attributes
    ----------
    from_bytes, to_bytes : the least and the largest size that was measured among them [byte]
    mape : mean of |fitted − measured| / measured
    repeatability : the same of the two halves of the rounds, see `OperationFit`
    """

    from_bytes: float
    to_bytes: float
    mape: float
    repeatability: float


@dataclass(frozen=True, kw_only=True)
class OperationFit:
    """One operation's times, as a function of size and number of ranks.

    Measured is, for each size and number of ranks, the median of all rounds.

    Attributes
    ----------
    operation : "send", "broadcast", "all_gather" or "all_reduce"
    line : the one line for all sizes
    lines : what is used: `line`, or two with a knee between them
    unexplained : share of the variance of the measured seconds that `lines` leave, 1 − R²
    mape : mean of |fitted − measured| / measured
    held_out_mape : the same of fits that had not seen the size, of `lines`
    held_out_mape_of_line : the same of `line`
    buckets : by size
    repeatability : the same test twice: `mape` of the medians of the first, third, fifth …
        round as a prediction of those of the others. No fit can be asked to be better
    """

    operation: str
    line: Line
    lines: tuple[Line, ...]
    unexplained: float
    mape: float
    held_out_mape: float
    held_out_mape_of_line: float
    buckets: tuple[Bucket, ...]
    repeatability: float

    @property
    def r2(self) -> float:
        """Coefficient of determination of the measured seconds, by `lines`."""
        return 1 - self.unexplained

    @property
    def knee_bytes(self) -> float | None:
        """The largest size of the first line [byte]; None where there is no knee."""
        return self.lines[0].up_to_bytes if len(self.lines) > 1 else None


def fit_operation(samples: pd.DataFrame, operation: str, collectives: str) -> OperationFit:
    """The times of one operation.

    There is a knee where two lines have a lower error than one on sizes that were held out, by
    more than one standard error of the difference (Breiman et al., "Classification and Regression
    Trees", 1984, section 3.4.3); else a knee would follow the noise.

    Parameters
    ----------
    samples : columns operation, ranks, nbytes, round, seconds
    operation : which rows to fit
    collectives : the profile of collectives that they were measured with

    Raises
    ------
    PdscopeError : for fewer than three sizes or two rounds, and times that are not above zero
    """
    rows = samples[samples["operation"] == operation]
    _check(rows, operation)
    points = _points(rows, operation, collectives)
    line = (fit_line(points),)
    two = fit_two_lines(points)
    miss = held_out_errors(points, lambda some: (fit_line(some),))
    miss_of_two = held_out_errors(points, fit_two_lines)
    gain = miss - miss_of_two
    margin = gain.std(ddof=1) / np.sqrt(len(gain))
    with_knee = len(two) > 1 and gain.mean() > margin
    lines, held_out = (two, miss_of_two) if with_knee else (line, miss)
    errors = relative_errors(predicted_seconds(lines, points), points.seconds)
    floor = _half_against_half(rows)
    spread = ((points.seconds - points.seconds.mean()) ** 2).sum()
    left = ((points.seconds - predicted_seconds(lines, points)) ** 2).sum()
    return OperationFit(
        operation=operation,
        line=line[0],
        lines=lines,
        unexplained=float(left / spread) if spread > 0 else 1.0,
        mape=float(errors.mean()),
        held_out_mape=float(held_out.mean()),
        held_out_mape_of_line=float(miss.mean()),
        buckets=_buckets(points.sizes, errors, floor),
        repeatability=float(floor.mean()),
    )


def _check(rows, operation):
    if operation not in OPERATIONS:
        raise PdscopeError(f"unknown operation {operation!r}; use one of {', '.join(OPERATIONS)}")
    if rows["nbytes"].nunique() < FEWEST_SIZES:
        raise PdscopeError(
            f"{operation} was measured at {rows['nbytes'].nunique()} sizes; measure "
            f"{FEWEST_SIZES} at least, of which two lie far apart"
        )
    if rows["round"].nunique() < FEWEST_ROUNDS:
        raise PdscopeError(
            f"{operation} was measured in {rows['round'].nunique()} rounds; measure "
            f"{FEWEST_ROUNDS} at least, for one says nothing of how well it repeats"
        )
    seconds = rows["seconds"].to_numpy(float)
    if not (np.isfinite(seconds).all() and (seconds > 0).all()):
        raise PdscopeError(
            f"{operation} has measured times that are not above zero; leave them out"
        )


def _points(rows, operation, collectives) -> Points:
    shape = shape_of(collectives, operation)
    medians = rows.groupby(["ranks", "nbytes"], sort=True)["seconds"].median().reset_index()
    sizes = medians["nbytes"].to_numpy(float)
    ranks = medians["ranks"].tolist()
    return Points(
        sizes=sizes,
        startups=np.array([shape.startups(n) for n in ranks]),
        volumes=np.array([shape.copies(n) for n in ranks]) * sizes,
        seconds=medians["seconds"].to_numpy(float),
    )


def _half_against_half(rows) -> np.ndarray:
    """How far one half of the rounds is from the other, for each of `_points`."""
    number = np.unique(rows["round"].to_numpy(), return_inverse=True)[1]
    one, other = (
        rows[number % 2 == half].groupby(["ranks", "nbytes"], sort=True)["seconds"].median()
        for half in (0, 1)
    )
    return relative_errors(one.to_numpy(float), other.to_numpy(float))


def _buckets(sizes, errors, floor):
    which = np.searchsorted(BUCKETS, sizes, side="left")
    return tuple(
        Bucket(
            from_bytes=float(sizes[which == one].min()),
            to_bytes=float(sizes[which == one].max()),
            mape=float(errors[which == one].mean()),
            repeatability=float(floor[which == one].mean()),
        )
        for one in np.unique(which)
    )
