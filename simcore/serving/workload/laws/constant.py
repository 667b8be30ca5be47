"""Always the same."""

from dataclasses import dataclass

import numpy as np

from simcore.parameters import parameter
from simcore.serving.workload.laws.base import LAWS, Law, amount


@LAWS.register("constant")
@dataclass(frozen=True, kw_only=True)
class Constant(Law):
    """One value."""

    value: float = parameter(amount("v", "Value", "Every amount."), 1024.0)

    def draw(self, rng, count):
        return np.full(count, self.value)
