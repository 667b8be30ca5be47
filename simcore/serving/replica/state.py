"""What others may see of a replica: facts of one moment, none of them about the future."""

from dataclasses import dataclass
from typing import NamedTuple

from simcore.serving.replica.keys import block_keys
from simcore.serving.replica.prefix import PrefixIndex
from simcore.serving.request import Piece


class ReplicaState(NamedTuple):
    """A replica at one moment. A tuple, since one is made for every look that a router takes.

    Attributes
    ----------
    time : of the moment [s]
    waiting : requests that no step has begun to prefill, or that wait after a preemption
    running : requests that are prefilled or decode
    receiving : requests for whose KV cache blocks are reserved, or whose decode has not begun
    sending : requests whose KV cache is complete and kept for others to fetch
    waiting_tokens : of prompts, those not yet prefilled, of waiting and running requests
    context_tokens : whose KV cache running requests hold
    free_blocks, total_blocks : of the KV cache; a free block may hold a prefix until it is needed
    steps_in_flight : batches that its stages work on
    preemptions : so far
    index : of cached prefixes
    block_tokens : tokens of a block
    """

    time: float
    waiting: int
    running: int
    receiving: int
    sending: int
    waiting_tokens: int
    context_tokens: int
    free_blocks: int
    total_blocks: int
    steps_in_flight: int
    preemptions: int
    index: PrefixIndex
    block_tokens: int

    @property
    def unfinished_tokens(self) -> int:
        """Tokens to prefill and tokens that decodes look at: a measure of load."""
        return self.waiting_tokens + self.context_tokens

    @property
    def kv_usage(self) -> float:
        """Share of the blocks that are not free, from 0 to 1."""
        return 1.0 - self.free_blocks / self.total_blocks

    def cached_tokens(self, pieces: tuple[Piece, ...]) -> int:
        """Tokens from the start of such a prompt whose KV cache it held at that moment."""
        keys = block_keys(pieces, self.block_tokens)
        return self.block_tokens * self.index.cached_blocks(keys, self.time)


@dataclass(frozen=True, slots=True)
class Counts:
    """What a replica has done.

    Attributes
    ----------
    prefilled_tokens : those computed again among them
    decoded_tokens : in decode steps; with speculative decoding, requests' steps
    preemptions : how often a request has lost its KV cache
    busy_s : time in which the first stage worked [s]
    """

    steps: int = 0
    prefilled_tokens: int = 0
    decoded_tokens: int = 0
    preemptions: int = 0
    busy_s: float = 0.0
