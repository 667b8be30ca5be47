"""Anything between two bounds, each as likely."""

from dataclasses import dataclass

import numpy as np

from simcore.errors import ScenarioError
from simcore.parameters import parameter
from simcore.serving.workload.laws.base import LAWS, Law, amount


@LAWS.register("uniform")
@dataclass(frozen=True, kw_only=True)
class Uniform(Law):
    """From `low` to `high`; of whole amounts each from `low` to `high`, both included."""

    low: float = parameter(amount("lo", "Lowest", "The least amount."), 1.0)
    high: float = parameter(amount("hi", "Highest", "The greatest amount."), 2048.0)

    def __post_init__(self):
        if self.low > self.high:
            raise ScenarioError(
                f"low = {self.low:g} is above high = {self.high:g}; swap them", field="low"
            )

    def draw(self, rng, count):
        return rng.uniform(self.low, self.high, count)

    def draw_whole(self, rng, count):
        low, high = int(np.ceil(self.low)), int(np.floor(self.high))
        if low > high:  # no whole number lies between
            return super().draw_whole(rng, count)
        return rng.integers(low, high, count, endpoint=True)
