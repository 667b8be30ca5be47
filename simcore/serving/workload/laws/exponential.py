"""Without memory: what is still to come does not depend on what has passed."""

from dataclasses import dataclass

from simcore.parameters import parameter
from simcore.serving.workload.laws.base import LAWS, Law, amount


@LAWS.register("exponential")
@dataclass(frozen=True, kw_only=True)
class Exponential(Law):
    """An exponential law by its mean."""

    mean: float = parameter(amount("m", "Mean", "The mean amount."), 10.0)

    def draw(self, rng, count):
        return rng.exponential(self.mean, count)
