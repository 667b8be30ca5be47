"""The replica with the fewest requests."""

from collections.abc import Sequence
from dataclasses import dataclass

from simcore.serving.routing.base import ROUTERS, Router
from simcore.serving.views import Asked, ReplicaView


@ROUTERS.register("shortest-queue")
@dataclass
class ShortestQueue(Router):
    """Send to the replica with the fewest requests in flight; the lowest index wins a tie.

    Whoever routes counts these, so no delay makes the number wrong.
    """

    def choose(self, request: Asked, replicas: Sequence[ReplicaView]) -> int:
        return min(replicas, key=lambda r: (r.in_flight, r.index)).index
