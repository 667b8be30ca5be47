"""Long prompts go to the prefill pool."""

from collections.abc import Sequence
from dataclasses import dataclass

from simcore.serving.deciding.base import DECIDERS, Decider
from simcore.serving.policies import refuse_outside
from simcore.serving.views import Asked, ReplicaView


@DECIDERS.register("prompt-length")
@dataclass
class PromptLength(Decider):
    """Apart from so many tokens of the prompt on.

    Attributes
    ----------
    least_tokens : of a prompt that goes to the prefill pool
    """

    least_tokens: int = 1024

    def __post_init__(self):
        refuse_outside(self, "least_tokens", 0, 10**9, whole=True)

    def apart(self, request: Asked, local: Sequence[ReplicaView]) -> bool:
        return request.prompt_tokens >= self.least_tokens
