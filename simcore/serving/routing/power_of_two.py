"""The better of some that are drawn."""

from collections.abc import Sequence
from dataclasses import dataclass

from simcore.serving.policies import refuse_outside
from simcore.serving.routing.base import ROUTERS, Router
from simcore.serving.views import Asked, ReplicaView


@ROUTERS.register("power-of-two")
@dataclass
class PowerOfTwo(Router):
    """Draw some replicas, and send to that with the fewest requests in flight.

    Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", IEEE Transactions on
    Parallel and Distributed Systems 12(10), 2001.

    Attributes
    ----------
    choices : how many are drawn
    """

    choices: int = 2

    def __post_init__(self):
        refuse_outside(self, "choices", 1, 64, whole=True)

    def choose(self, request: Asked, replicas: Sequence[ReplicaView]) -> int:
        if len(replicas) > self.choices:
            drawn = self.rng.choice(len(replicas), self.choices, replace=False)
            replicas = [replicas[i] for i in drawn.tolist()]
        return min(replicas, key=lambda r: (r.in_flight, r.index)).index
