"""What a client asks, and who the clients are: the border between a workload and a cluster."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

Piece = tuple[int, int]
"""A run of a prompt's content: (identity, tokens)."""

# Identities of content are numbers; the kind is in the remainder, so that none means two things.
_KINDS = 4


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks, as the workload draws it.

    Attributes
    ----------
    number : unique, from 0. The requests of a session have numbers in a row, set aside when the
        session starts; so numbers do not depend on how fast a cluster answers
    arrival_s : when it reaches the cluster [s]
    prompt_tokens : at least 1
    output_tokens : at least 1; only the engine that generates may look at it
    client : index into the clients of the source
    priority : lower is more urgent
    session : of requests that follow one another; -1 for one that stands alone
    turn : within the session, from 0
    pieces : the prompt's content as runs in order. Two prompts share a prefix as far as their
        pieces are equal; where two pieces of one identity differ in length, they share the shorter.
        () is content of its own, which no other prompt shares
    """

    number: int
    arrival_s: float
    prompt_tokens: int
    output_tokens: int
    client: int = 0
    priority: int = 0
    session: int = -1
    turn: int = 0
    pieces: tuple[Piece, ...] = ()


def prompt_identity(number: int) -> int:
    """Identity of what request `number` alone brings along in its prompt."""
    return _KINDS * number


def answer_identity(number: int) -> int:
    """Identity of what is generated for request `number`.

    The next turn of its session has it in its prompt, so an engine that caches the KV of answers
    finds it under this identity.
    """
    return _KINDS * number + 1


def shared_identity(index: int) -> int:
    """Identity of content that many requests share: a system prompt, a passage."""
    return _KINDS * index + 2


def traced_identity(index: int) -> int:
    """Identity of a block whose hash a trace gives."""
    return _KINDS * index + 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Who asks, and what it was promised.

    Attributes
    ----------
    priority : of its requests unless a trace gives their own; lower is more urgent
    ttft_s : limit of the time to first token [s]; None for none
    tpot_s : limit of the time per output token after the first [s]; None for none
    """

    name: str
    priority: int = 0
    ttft_s: float | None = None
    tpot_s: float | None = None


class Source(Protocol):
    """Where requests come from; good for one run."""

    clients: tuple[Client, ...]

    def __iter__(self) -> Iterator[Request]:
        """Requests that wait for no answer, in order of arrival, drawn as they are asked for.

        Raises ScenarioError in between where a trace is malformed; what came before holds.
        """

    def after(self, request: Request, now: float, *, completed: bool = True) -> tuple[Request, ...]:
        """What the end of `request` at `now` [s] brings about; their arrivals are `now` or later.

        To be called once for every request that ends. One that was refused or has failed
        (`completed` is False) ends its session; a client in a closed loop goes on with the next.
        """
