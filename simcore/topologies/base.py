"""What a topology is made of and what it answers."""

from dataclasses import dataclass
from typing import Protocol

from simcore.engine import CommChannel
from simcore.engine.routes import RouteTable


@dataclass(frozen=True)
class Place:
    """One GPU, by the pool it serves and its number there, from 0."""

    pool: str
    rank: int

    def __str__(self):
        return f"{self.pool} GPU {self.rank}"


class Topology(Protocol):
    """GPUs and the wires between them.

    Attributes
    ----------
    routes : the paths in use, by number; runs on one topology share it
    """

    routes: RouteTable

    def path(self, source: Place, target: Place) -> tuple[CommChannel, ...]:
        """The channels a transfer crosses, in order; the same objects at every call."""

    @property
    def channels(self) -> tuple[CommChannel, ...]:
        """Every channel, in a stable order."""


class Wire:
    """A cable or a slot's lane between a device (the near end) and a switch or another wire.

    Attributes
    ----------
    out, into : the channels away from and towards the device; one and the same if half duplex
    """

    def __init__(self, name, link, *, full_duplex):
        self.out = CommChannel(f"{name} out" if full_duplex else name, link.bandwidth, link.latency)
        self.into = (
            CommChannel(f"{name} in", link.bandwidth, link.latency) if full_duplex else self.out
        )
