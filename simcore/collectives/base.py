"""What an algorithm of a collective operation is: rounds of sends between ranks."""

from collections.abc import Callable
from dataclasses import dataclass

from simcore.registry import Registry

AUTO = "auto"
"""In place of an algorithm's name: the fastest on the wires for the size."""


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


@dataclass(frozen=True)
class Algorithm:
    """A way to carry out a collective.

    Attributes
    ----------
    rounds : of so many ranks, two or more
    needs_switch : whether a switch between the ranks must be able to add up
    each_to_each : whether every rank sends every other something in a round
    """

    rounds: Callable[[int], tuple[Round, ...]]
    needs_switch: bool = False
    each_to_each: bool = False


ALGORITHMS: Registry[Algorithm] = Registry("all-reduce algorithm", "simcore.collectives")
"""By name, those of an all-reduce."""
