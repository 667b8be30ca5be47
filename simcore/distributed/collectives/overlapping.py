"""Exchanges with two neighbours of a ring, of which the next starts before the last has ended."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from simcore.distributed.collectives.pieces import size_of

IN_FLIGHT = 2
"""Exchanges at once: one moves while another is added up."""


def overlapping_exchanges(
    link, moves: Iterable[tuple[Any, Any, Callable[[], None] | None]], *, to: int, source: int
) -> None:
    """Do each move, in order, at most `IN_FLIGHT` at once; an empty piece is not sent.

    Parameters
    ----------
    moves : piece to send, piece to receive into, and what to call when both have ended. A move is
        asked for when it is about to start, so it may use what an earlier one has left
    to, source : ranks of the neighbours
    """
    under_way = deque()

    def finish_first():
        works, done = under_way.popleft()
        for work in works:
            work.wait()
        if done is not None:
            done()

    moves = iter(moves)
    while True:
        if len(under_way) == IN_FLIGHT:
            finish_first()
        move = next(moves, None)
        if move is None:
            break
        leaving, arriving, done = move
        works = []
        if size_of(arriving):
            works.append(link.post_recv(arriving, source))
        if size_of(leaving):
            works.append(link.post_send(leaving, to))
        under_way.append((works, done))
    while under_way:
        finish_first()
