"""More and more, or less and less, and then steady."""

from dataclasses import dataclass

import numpy as np

from simcore.parameters import parameter
from simcore.serving.workload.arrivals.base import ARRIVALS, Arrivals, rate, seconds
from simcore.serving.workload.streams import BLOCK


@ARRIVALS.register("ramp")
@dataclass(frozen=True, kw_only=True)
class Ramp(Arrivals):
    """Poisson arrivals whose rate goes in a straight line from one value to another, and stays.

    Drawn by change of time: of a Poisson process of rate 1, the moment m becomes the t at which
    m arrivals are expected (Çinlar, "Introduction to Stochastic Processes", 1975, ch. 4).
    """

    from_per_s: float = parameter(
        rate("First rate", "Arrivals in a second at the start.", key="from", least=0.0), 1.0
    )
    to_per_s: float = parameter(
        rate("Last rate", "Arrivals in a second once the ramp is over.", key="to"), 16.0
    )
    start_s: float = parameter(
        seconds("start", "Ramp starts", "Until then the rate is the first one.", high=600), 0.0
    )
    over_s: float = parameter(
        seconds("over", "Ramp takes", "From the first rate to the last; 0: a step.", high=600),
        60.0,
    )

    def blocks(self, rng):
        expected = 0.0
        while True:
            moments = expected + np.cumsum(rng.exponential(1.0, BLOCK))
            expected = float(moments[-1])
            yield self._when(moments)

    def _when(self, expected):
        """The moment [s] until which `expected` arrivals are expected."""
        first, last, over = self.from_per_s, self.to_per_s, self.over_s
        before, on_ramp = first * self.start_s, over * (first + last) / 2
        times = self.start_s + over + (expected - before - on_ramp) / last
        ramping = expected < before + on_ramp
        # What is expected since the ramp began is first t + slope t^2 / 2, solved for t without
        # cancellation.
        m = np.maximum(expected[ramping] - before, 0.0)
        slope = (last - first) / over if over else 0.0
        root = np.sqrt(np.maximum(first**2 + 2 * slope * m, 0.0))
        times[ramping] = self.start_s + np.divide(
            2 * m, first + root, out=np.zeros_like(m), where=m > 0
        )
        early = expected < before
        times[early] = expected[early] / first
        return times
