"""How the engine of a replica is set up."""

import math
from dataclasses import dataclass
from enum import Enum

from simcore.errors import ScenarioError

MOST_SEQS = 4096
MOST_BUDGET = 2**20


class Victim(Enum):
    """Which running request gives its KV cache up where blocks run short."""

    NEWEST = "newest"
    LEAST_URGENT = "least urgent"


@dataclass(frozen=True, kw_only=True)
class EngineSettings:
    """What an operator sets on the command line of an engine, under the names of vLLM's flags.

    Attributes
    ----------
    max_num_batched_tokens : most tokens of a step, of each attention group
    max_num_seqs : most requests that run at once, in each attention group
    block_tokens : tokens whose KV cache a block holds
    max_model_tokens : most tokens of a request, prompt and answer together; None for as many as the
        KV cache holds
    chunked_prefill : whether a prompt may be cut to what the budget leaves; otherwise it waits for
        a step that takes all of it, and one that exceeds the budget is refused
    prefix_caching : whether the KV cache of prompts and answers stays, while there is room, for
        those that begin alike
    victim : which running request is preempted
    draft_tokens : tokens that speculative decoding proposes for each request and step
    acceptance_rate : chance that a proposed token is accepted, those before it given
    draft_s : that proposing them takes in each step [s]
    layer_groups : parts in which the KV cache of a prefill step is reported finished
    memory_share : of a GPU's memory, what weights, activations and KV cache fill
    remember_s : how long ago, at most, the content of the cache can be asked for [s]
    step_by_step : whether decode steps are taken one by one, to check the closed form with
    """

    max_num_batched_tokens: int = 8192
    max_num_seqs: int = 256
    block_tokens: int = 16
    max_model_tokens: int | None = None
    chunked_prefill: bool = True
    prefix_caching: bool = True
    victim: Victim = Victim.NEWEST
    draft_tokens: int = 0
    acceptance_rate: float = 0.0
    draft_s: float = 0.0
    layer_groups: int = 1
    memory_share: float = 0.9
    remember_s: float = 10.0
    step_by_step: bool = False

    def __post_init__(self):
        _whole(self, "max_num_batched_tokens", 1, MOST_BUDGET)
        _whole(self, "max_num_seqs", 1, MOST_SEQS)
        _whole(self, "block_tokens", 1, 1024)
        _whole(self, "draft_tokens", 0, 16)
        _whole(self, "layer_groups", 1, 128)
        if self.max_model_tokens is not None:
            _whole(self, "max_model_tokens", 2, 2**31)
        _between(self, "acceptance_rate", 0.0, 1.0)
        _between(self, "memory_share", 0.0, 1.0)
        _between(self, "draft_s", 0.0, 10.0)
        _between(self, "remember_s", 0.0, 86400.0)
        if self.max_num_seqs * (1 + self.draft_tokens) > self.max_num_batched_tokens:
            raise ScenarioError(
                f"max_num_batched_tokens = {self.max_num_batched_tokens} is less than a step of "
                f"max_num_seqs = {self.max_num_seqs} requests with {1 + self.draft_tokens} tokens "
                "each takes; raise it, or lower max_num_seqs",
                field="max_num_batched_tokens",
            )

    @property
    def tokens_per_step(self) -> float:
        """Tokens that a request gains in a decode step on average, from 1.

        Leviathan, Kalman & Matias, "Fast Inference from Transformers via Speculative Decoding",
        ICML 2023, equation 1: (1 - a^(k + 1)) / (1 - a) for k proposed tokens, each accepted with
        chance a.
        """
        return math.fsum(self.acceptance_rate**i for i in range(self.draft_tokens + 1))


def _whole(settings, name, least, most):
    value = getattr(settings, name)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ScenarioError(
            f"{name} = {value!r}; use a whole number from {least:,} to {most:,}", field=name
        )


def _between(settings, name, low, high):
    value = getattr(settings, name)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not low <= value <= high:  # NaN is not, either
        raise ScenarioError(
            f"{name} = {value!r}; use a number from {low:g} to {high:g}", field=name
        )
