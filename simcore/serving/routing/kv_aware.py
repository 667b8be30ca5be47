"""What a request would cost a replica, by the KV cache that engines report."""

from collections.abc import Sequence
from dataclasses import dataclass

from simcore.serving.policies import refuse_outside
from simcore.serving.routing.base import ROUTERS, Router
from simcore.serving.views import Asked, ReplicaView


@ROUTERS.register("kv-aware")
@dataclass
class KVAware(Router):
    """Send where tokens to prefill, and KV cache in use, would be the fewest.

    The cost is `overlap_weight` times the tokens of the prompt that the cache lacks and those that
    wait there to be prefilled, plus the tokens of the blocks in use, after the KV-aware router of
    NVIDIA Dynamo. It looks at nothing but what the engines tell: where that is old, requests that
    follow each other closely all go to one replica.

    Attributes
    ----------
    overlap_weight : of a token to prefill, against one in the cache
    """

    reads_states = True
    overlap_weight: float = 1.0

    def __post_init__(self):
        refuse_outside(self, "overlap_weight", 0.0, 1e6)

    def choose(self, request: Asked, replicas: Sequence[ReplicaView]) -> int:
        def cost(replica):
            state = replica.state
            lacking = request.prompt_tokens - replica.cached_tokens(request)
            used = (state.total_blocks - state.free_blocks) * state.block_tokens
            return self.overlap_weight * (lacking + state.waiting_tokens) + used

        return min(replicas, key=lambda r: (cost(r), r.index)).index
