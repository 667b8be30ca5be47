"""Who is next among requests that wait."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simcore.serving.request import Request


@dataclass(frozen=True, slots=True)
class Waiting:
    """What an order may know of a request: all but how long its answer will be.

    Attributes
    ----------
    number, arrival_s, prompt_tokens, client, priority, session, turn : as in the request
    queued_s : when it reached the replica [s]
    """

    number: int
    arrival_s: float
    queued_s: float
    prompt_tokens: int
    client: int
    priority: int
    session: int
    turn: int


Order = Callable[[Waiting], Any]
"""A key by which requests are sorted, the lowest first; of equals the earlier at the replica."""


def in_turn(waiting: Waiting) -> int:
    """First come, first served."""
    del waiting
    return 0


def by_priority(waiting: Waiting) -> tuple[int, float]:
    """The most urgent first, of equally urgent ones the earlier."""
    return waiting.priority, waiting.arrival_s


def waiting_of(request: Request, now: float) -> Waiting:
    """What an order sees of a request that has reached a replica at `now` [s]."""
    return Waiting(
        number=request.number,
        arrival_s=request.arrival_s,
        queued_s=now,
        prompt_tokens=request.prompt_tokens,
        client=request.client,
        priority=request.priority,
        session=request.session,
        turn=request.turn,
    )
