"""Where the prefix is, as the engines say."""

from collections.abc import Sequence
from dataclasses import dataclass

from simcore.serving.routing.base import ROUTERS, Router
from simcore.serving.views import Asked, ReplicaView


@ROUTERS.register("precise-prefix")
@dataclass
class PrecisePrefix(Router):
    """Send to the replica whose cache holds most of the prompt, as it was when it said so.

    Of equals, that with the fewest requests in flight, then the lowest index.
    """

    reads_states = True

    def choose(self, request: Asked, replicas: Sequence[ReplicaView]) -> int:
        return min(replicas, key=lambda r: (-r.cached_tokens(request), r.in_flight, r.index)).index
