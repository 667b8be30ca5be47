"""Means over seeds, and how sure of them one can be."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Band:
    """The mean of independent runs, with its confidence interval.

    Attributes
    ----------
    mean : NaN where no run has a value
    half : half the width of the 95 % interval; NaN where there are fewer than two runs
    runs : that have a value
    """

    mean: float
    half: float
    runs: int

    @property
    def low(self) -> float:
        """The lower end of the interval."""
        return self.mean - self.half

    @property
    def high(self) -> float:
        """The upper end of the interval."""
        return self.mean + self.half


def band(values: Sequence[float]) -> Band:
    """The mean of values and its interval, after Student; values that are NaN do not count."""
    known = [value for value in values if not math.isnan(value)]
    count = len(known)
    if not count:
        return Band(math.nan, math.nan, 0)
    mean = math.fsum(known) / count
    if count < 2:
        return Band(mean, math.nan, count)
    variance = math.fsum((value - mean) ** 2 for value in known) / (count - 1)
    return Band(mean, t_quantile(count - 1) * math.sqrt(variance / count), count)


def t_quantile(freedom: int, confidence: float = CONFIDENCE) -> float:
    """Below which, in absolute value, Student's t stays with a probability of `confidence`.

    By halving an interval. Raises ValueError for less than one degree of freedom.
    """
    if freedom < 1:
        raise ValueError(f"{freedom} degrees of freedom are too few; give two runs or more")
    low, high = 0.0, 1.0
    while _within(high, freedom) < confidence:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        if _within(middle, freedom) < confidence:
            low = middle
        else:
            high = middle
    return high


def _within(t, freedom):
    """The probability that Student's t is from -t to t.

    A finite sum for whole degrees of freedom: Abramowitz & Stegun, "Handbook of Mathematical
    Functions", 1964, 26.7.3 and 26.7.4.
    """
    angle = math.atan(t / math.sqrt(freedom))
    sine, square = math.sin(angle), math.cos(angle) ** 2
    odd = freedom % 2
    term = total = math.cos(angle) if odd else 1.0
    for n in range(3 if odd else 2, freedom - 1, 2):
        term *= square * (n - 1) / n
        total += term
    if not odd:
        return sine * total
    return 2 / math.pi * (angle + (sine * total if freedom > 1 else 0.0))
