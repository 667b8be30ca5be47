"""A bell curve."""

from dataclasses import dataclass

import numpy as np

from simcore.parameters import parameter
from simcore.serving.workload.laws.base import LAWS, Law, amount


@LAWS.register("normal")
@dataclass(frozen=True, kw_only=True)
class Normal(Law):
    """A normal law; what would be negative is 0, so a wide one has a greater mean than `mean`."""

    mean: float = parameter(amount("m", "Mean", "The middle of the bell curve."), 1024.0)
    sd: float = parameter(amount("sd", "Standard deviation", "Its width."), 256.0)

    def draw(self, rng, count):
        return np.maximum(rng.normal(self.mean, self.sd, count), 0.0)
