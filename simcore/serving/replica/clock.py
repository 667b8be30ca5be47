"""What a replica asks to know how long its steps take."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Protocol

Chunk = tuple[int, int]
"""Tokens of a prompt that a step computes, and those before them in the KV cache."""


class Clock(Protocol):
    """Times of steps. The context of a batch is the sum, over its requests, of tokens in the cache.

    Attributes
    ----------
    stages : pipeline stages, each of which works on one batch at a time
    request_s : of a request before it is queued [s]
    tokens_per_step : that a request gains in a decode step
    """

    stages: int
    request_s: float
    tokens_per_step: float

    def piece(self, requests: int, context: float) -> tuple[float, float, float]:
        """A decode step through all stages [s], what each token of context adds to it [s], and the
        context up to which that holds.
        """

    def decode_stages(self, requests: int, context: float) -> tuple[float, ...]:
        """A decode step on each stage [s]."""

    def mixed_stages(
        self, chunks: Sequence[Chunk], requests: int, context: float, outputs: int
    ) -> tuple[float, ...]:
        """A step with chunks of prompts, and decodes of `requests`, on each stage [s].

        Parameters
        ----------
        outputs : tokens whose successor is wanted, those of `requests` among them
        """

    def hop_s(self, tokens: int) -> float:
        """From one stage to the next [s]."""


@dataclass(frozen=True, kw_only=True)
class LinearClock:
    """Steps that take a time for each thing in them: for tests against theory, and for teaching.

    Attributes
    ----------
    step_s : of every step, over all stages [s]
    token_s : of each token of a prompt in it [s]
    request_decode_s : of each request that decodes in it [s]
    context_s : of each token of the context that decodes look at [s]
    """

    step_s: float = 0.0
    token_s: float = 0.0
    request_decode_s: float = 0.0
    context_s: float = 0.0
    request_s: float = 0.0
    tokens_per_step: float = 1.0
    stages: int = 1

    def piece(self, requests, context):
        time = self.step_s + self.request_decode_s * requests + self.context_s * context
        return time, self.context_s, inf

    def decode_stages(self, requests, context):
        return (self.piece(requests, context)[0] / self.stages,) * self.stages

    def mixed_stages(self, chunks, requests, context, outputs):
        time = self.token_s * sum(new for new, _ in chunks) + self.piece(requests, context)[0]
        return (time / self.stages,) * self.stages

    def hop_s(self, tokens):
        return 0.0
