"""One replica after the other."""

from collections.abc import Sequence
from dataclasses import dataclass

from simcore.serving.routing.base import ROUTERS, Router
from simcore.serving.views import Asked, ReplicaView


@ROUTERS.register("round-robin")
@dataclass
class RoundRobin(Router):
    """The replica with the next higher index; after the last, the first."""

    def __post_init__(self):
        self._last = -1

    def choose(self, request: Asked, replicas: Sequence[ReplicaView]) -> int:
        indices = sorted(replica.index for replica in replicas)
        self._last = next((i for i in indices if i > self._last), indices[0])
        return self._last
