"""A long tail: the logarithm has a bell curve."""

import math
from dataclasses import dataclass

from simcore.parameters import parameter
from simcore.serving.workload.laws.base import LAWS, Law, amount


@LAWS.register("lognormal")
@dataclass(frozen=True, kw_only=True)
class Lognormal(Law):
    """A lognormal law by its mean and its coefficient of variation.

    sigma^2 = ln(1 + cv^2) and mu = ln(mean) - sigma^2 / 2.
    """

    mean: float = parameter(amount("m", "Mean", "The mean amount.", least=1e-9), 1024.0)
    cv: float = parameter(
        amount(
            *("cv", "Coefficient of variation", "Standard deviation over mean."),
            low=0.1,
            high=5,
            most=100.0,
        ),
        1.0,
    )

    def draw(self, rng, count):
        variance = math.log1p(self.cv**2)
        return rng.lognormal(math.log(self.mean) - variance / 2, math.sqrt(variance), count)
