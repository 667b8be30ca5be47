"""Busy days and quiet nights."""

import math
from dataclasses import dataclass

import numpy as np

from simcore.parameters import Number, parameter
from simcore.serving.workload.arrivals.base import ARRIVALS, Arrivals, rate, seconds
from simcore.serving.workload.streams import BLOCK


@ARRIVALS.register("diurnal")
@dataclass(frozen=True, kw_only=True)
class Diurnal(Arrivals):
    """Poisson arrivals whose rate swings around its mean like a sine.

    rate(t) = mean (1 + swing sin(2π (t - start) / period)), by thinning: of arrivals at the peak
    rate, each stays with the probability rate(t) / peak (Lewis & Shedler, "Simulation of
    nonhomogeneous Poisson processes by thinning", Naval Research Logistics Quarterly 26(3), 1979).
    """

    rate_per_s: float = parameter(rate(), 8.0)
    swing: float = parameter(
        Number(
            key="swing",
            symbol="",
            label="Swing",
            unit="",
            help="How far the rate goes above and below its mean, as a share of it.",
            low=0,
            high=1,
            step=0.05,
            least=0.0,
            most=1.0,
            whole=False,
        ),
        0.5,
    )
    period_s: float = parameter(
        # At the greatest rate, even the first arrival of such a night takes seconds to draw.
        seconds("period", "Period", "From peak to peak.", high=86_400, least=1e-3, most=1e7),
        86_400.0,
    )
    start_s: float = parameter(
        seconds("start", "Rise", "A moment at which the rate is its mean and rises.", high=86_400),
        0.0,
    )

    def blocks(self, rng):
        now, peak = 0.0, self.rate_per_s * (1 + self.swing)
        while True:
            moments = now + np.cumsum(rng.exponential(1 / peak, BLOCK))
            now = float(moments[-1])
            yield moments[rng.random(BLOCK) * peak < self._rates(moments)]

    def _rates(self, moments):
        phase = 2 * math.pi * (moments - self.start_s) / self.period_s
        return self.rate_per_s * (1 + self.swing * np.sin(phase))
