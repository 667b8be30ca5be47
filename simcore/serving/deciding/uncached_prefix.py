"""Prompts of which much is to be computed go to the prefill pool."""

from collections.abc import Sequence
from dataclasses import dataclass

from simcore.serving.deciding.base import DECIDERS, Decider
from simcore.serving.policies import refuse_outside
from simcore.serving.views import Asked, ReplicaView


@DECIDERS.register("uncached-prefix")
@dataclass
class UncachedPrefix(Decider):
    """Apart where every replica that could do all of it lacks so many tokens in its cache.

    Attributes
    ----------
    least_tokens : that a replica lacks
    """

    reads_states = True
    least_tokens: int = 1024

    def __post_init__(self):
        refuse_outside(self, "least_tokens", 0, 10**9, whole=True)

    def apart(self, request: Asked, local: Sequence[ReplicaView]) -> bool:
        cached = max((replica.cached_tokens(request) for replica in local), default=0)
        return request.prompt_tokens - cached >= self.least_tokens
