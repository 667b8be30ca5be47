"""Any replica, by chance."""

from collections.abc import Sequence
from dataclasses import dataclass

from simcore.serving.routing.base import ROUTERS, Router
from simcore.serving.views import Asked, ReplicaView


@ROUTERS.register("random")
@dataclass
class RandomChoice(Router):
    """Each replica with the same probability."""

    def choose(self, request: Asked, replicas: Sequence[ReplicaView]) -> int:
        return replicas[int(self.rng.integers(len(replicas)))].index
