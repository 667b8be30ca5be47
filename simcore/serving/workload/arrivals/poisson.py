"""Many clients who know nothing of one another."""

from dataclasses import dataclass

from simcore.parameters import parameter
from simcore.serving.workload.arrivals.base import ARRIVALS, Renewal, rate


@ARRIVALS.register("poisson")
@dataclass(frozen=True, kw_only=True)
class Poisson(Renewal):
    """A Poisson process: exponential gaps."""

    rate_per_s: float = parameter(rate(), 8.0)

    def gaps(self, rng, count):
        return rng.exponential(1 / self.rate_per_s, count)
