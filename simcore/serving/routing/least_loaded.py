"""The replica with the least work, as it says."""

from collections.abc import Sequence
from dataclasses import dataclass

from simcore.serving.routing.base import ROUTERS, Router
from simcore.serving.views import Asked, ReplicaView


@ROUTERS.register("least-loaded")
@dataclass
class LeastLoaded(Router):
    """Send to the replica with the fewest unfinished tokens; the lowest index wins a tie."""

    reads_states = True

    def choose(self, request: Asked, replicas: Sequence[ReplicaView]) -> int:
        return min(replicas, key=lambda r: (r.unfinished_tokens, r.index)).index
