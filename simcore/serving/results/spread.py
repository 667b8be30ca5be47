"""How values are spread: the mean and the percentiles that operators ask for."""

from dataclasses import asdict, dataclass

import numpy as np

PERCENTILES = (50, 90, 95, 99)


@dataclass(frozen=True, slots=True)
class Spread:
    """Of some values, in their unit; NaN where there is none.

    Attributes
    ----------
    p50, p90, p95, p99 : percentiles, between two values in proportion
    """

    mean: float
    p50: float
    p90: float
    p95: float
    p99: float

    @classmethod
    def of(cls, values: np.ndarray) -> "Spread":
        """The spread of values."""
        if not len(values):
            return cls(*[float("nan")] * 5)
        return cls(float(np.mean(values)), *np.percentile(values, PERCENTILES).tolist())

    def plain(self) -> dict[str, float]:
        """By name."""
        return asdict(self)


def jain(shares: np.ndarray) -> float:
    """Jain's index of fairness: 1 where all have as much, 1/n where one has everything.

    (sum x)^2 / (n sum x^2): Jain, Chiu & Hawe, "A quantitative measure of fairness", DEC TR-301,
    1984. NaN where there is nobody, or nobody has anything.
    """
    squares = float(np.sum(np.square(shares)))
    return float(np.sum(shares)) ** 2 / (len(shares) * squares) if squares else float("nan")
