"""Bursts and lulls: gaps of a gamma law."""

from dataclasses import dataclass

from simcore.parameters import parameter
from simcore.serving.workload.arrivals.base import ARRIVALS, Renewal, rate, variation


@ARRIVALS.register("gamma")
@dataclass(frozen=True, kw_only=True)
class Gamma(Renewal):
    """Gamma gaps by rate and coefficient of variation: shape 1 / cv^2, scale cv^2 / rate."""

    rate_per_s: float = parameter(rate(), 8.0)
    cv: float = parameter(variation(least=0.05), 2.0)

    def gaps(self, rng, count):
        return rng.gamma(1 / self.cv**2, self.cv**2 / self.rate_per_s, count)
