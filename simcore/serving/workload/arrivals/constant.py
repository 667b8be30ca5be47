"""Like clockwork."""

from dataclasses import dataclass

import numpy as np

from simcore.parameters import parameter
from simcore.serving.workload.arrivals.base import ARRIVALS, Arrivals, rate
from simcore.serving.workload.streams import BLOCK


@ARRIVALS.register("constant")
@dataclass(frozen=True, kw_only=True)
class Constant(Arrivals):
    """One arrival every 1 / rate, the first after one gap."""

    rate_per_s: float = parameter(rate(), 8.0)

    def blocks(self, rng):
        # Counted, not added up: the millionth arrives when a million gaps are over.
        first = 1
        while True:
            yield np.arange(first, first + BLOCK) / self.rate_per_s
            first += BLOCK
