"""What an algorithm of a collective operation is: rounds of sends between ranks."""

from collections.abc import Callable
from dataclasses import dataclass

from simcore.registry import Registry

AUTO = "auto"
"""In place of an algorithm's name: the fastest for the size."""


@dataclass(frozen=True, slots=True)
class Send:
    """What one rank sends another in a round.

    Attributes
    ----------
    source, target : ranks of the group, from 0
    share : of the collective's buffer
    """

    source: int
    target: int
    share: float


Round = tuple[Send, ...]
"""Sends that start together; the next round starts when all of them have arrived."""

ALGORITHMS: Registry[Callable[[int], tuple[Round, ...]]] = Registry(
    "all-reduce algorithm", "simcore.collectives"
)
"""By name, the rounds of an all-reduce among so many ranks."""
