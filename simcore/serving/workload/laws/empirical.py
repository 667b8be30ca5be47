"""As it was seen: any of the amounts listed, as often as its weight says."""

from dataclasses import dataclass

import numpy as np

from simcore.errors import ScenarioError
from simcore.parameters import parameter
from simcore.serving.workload.building import Listed
from simcore.serving.workload.laws.base import LAWS, MOST, Law


@LAWS.register("empirical")
@dataclass(frozen=True, kw_only=True)
class Empirical(Law):
    """Draws with replacement from `values`, each as likely as its weight; all alike without."""

    values: tuple[float, ...] = parameter(Listed(least=0.0, most=MOST), (1024.0,))
    weights: tuple[float, ...] = parameter(Listed(least=0.0, most=1e15, empty=True), ())

    def __post_init__(self):
        if not self.weights:
            return
        if len(self.weights) != len(self.values):
            raise ScenarioError(
                f"weights has {len(self.weights):,} entries for {len(self.values):,} values; give "
                "one for each, or none",
                field="weights",
            )
        if not sum(self.weights) > 0:
            raise ScenarioError("weights are all 0; give one that is not", field="weights")

    def draw(self, rng, count):
        values = np.asarray(self.values)
        if not self.weights:
            return values[rng.integers(0, len(values), count)]
        cumulative = np.cumsum(self.weights)
        where = np.searchsorted(cumulative, rng.random(count) * cumulative[-1], side="right")
        # A product may round up to the total.
        return values[np.minimum(where, np.flatnonzero(self.weights)[-1])]
