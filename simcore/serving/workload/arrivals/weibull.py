"""Bursts and lulls: gaps of a Weibull law, which has a longer tail than a gamma law."""

import math
from dataclasses import dataclass
from functools import lru_cache

from simcore.parameters import parameter
from simcore.serving.workload.arrivals.base import ARRIVALS, Renewal, rate, variation

# Of the shapes that the range of variation asks for: cv 0.05 and 20.
_LEAST_SHAPE, _MOST_SHAPE = 0.1, 30.0


@ARRIVALS.register("weibull")
@dataclass(frozen=True, kw_only=True)
class Weibull(Renewal):
    """Weibull gaps by rate and coefficient of variation.

    With shape k and scale b the mean is b Γ(1 + 1/k), and cv^2 = Γ(1 + 2/k) / Γ(1 + 1/k)^2 - 1,
    which is solved for k.
    """

    rate_per_s: float = parameter(rate(), 8.0)
    cv: float = parameter(variation(least=0.05), 2.0)

    def gaps(self, rng, count):
        shape = shape_of(self.cv)
        scale = 1 / (self.rate_per_s * math.gamma(1 + 1 / shape))
        return scale * rng.weibull(shape, count)


@lru_cache(maxsize=64)
def shape_of(cv: float) -> float:
    """The shape of the Weibull law with coefficient of variation `cv`, by bisection."""
    low, high = _LEAST_SHAPE, _MOST_SHAPE
    while high - low > 1e-13 * high:
        middle = (low + high) / 2
        if middle in (low, high):
            break
        squared = math.gamma(1 + 2 / middle) / math.gamma(1 + 1 / middle) ** 2 - 1
        low, high = (middle, high) if squared > cv**2 else (low, middle)
    return low
