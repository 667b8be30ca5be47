"""Several measures, each with a weight."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from simcore.errors import ScenarioError
from simcore.serving.routing.base import ROUTERS, Router
from simcore.serving.views import Asked, ReplicaView

LOADS: dict[str, Callable[[Asked, ReplicaView], float]] = {
    "prefix": lambda request, replica: -replica.cached_tokens(request),
    "kv-usage": lambda request, replica: replica.kv_usage,
    "waiting": lambda request, replica: replica.waiting,
    "unfinished-tokens": lambda request, replica: replica.unfinished_tokens,
    "in-flight": lambda request, replica: replica.in_flight,
    "in-flight-tokens": lambda request, replica: replica.in_flight_tokens,
}
"""What is weighed; less is better."""

OWN = frozenset({"in-flight", "in-flight-tokens"})
"""Those that the router counts itself."""


@ROUTERS.register("weighted")
@dataclass
class Weighted(Router):
    """Send to the replica with the highest sum of scores.

    A score is 1 for the best replica by its measure, 0 for the worst and in proportion between,
    after the scorers of the llm-d inference scheduler; where all are equal it is 1 for all. The
    lowest index wins a tie.

    Attributes
    ----------
    weights : by the names of the measures
    """

    weights: Mapping[str, float] = field(
        default_factory=lambda: {"prefix": 2.0, "kv-usage": 1.0, "in-flight": 1.0}
    )

    def __post_init__(self):
        if not isinstance(self.weights, Mapping) or not self.weights:
            raise ScenarioError(
                f"weights = {self.weights!r}; map names of scores to weights", field="weights"
            )
        for name, weight in self.weights.items():
            if name not in LOADS:
                raise ScenarioError(
                    f"weights: there is no score {str(name)[:60]!r}; use {', '.join(LOADS)}",
                    field="weights",
                )
            number = isinstance(weight, int | float) and not isinstance(weight, bool)
            if not number or not 0 <= weight <= 1e6:
                raise ScenarioError(
                    f"weights: {name} = {weight!r}; use a number from 0 to 1,000,000",
                    field="weights",
                )
        self.reads_states = not OWN.issuperset(self.weights)

    def choose(self, request: Asked, replicas: Sequence[ReplicaView]) -> int:
        total = [0.0] * len(replicas)
        for name, weight in self.weights.items():
            load = LOADS[name]
            loads = [load(request, replica) for replica in replicas]
            most, least = max(loads), min(loads)
            for place, value in enumerate(loads):
                total[place] += weight * ((most - value) / (most - least) if most > least else 1.0)
        best = max(total)
        return min(r.index for r, score in zip(replicas, total, strict=True) if score == best)
