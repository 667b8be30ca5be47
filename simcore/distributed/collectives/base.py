"""What a collective's program may use, and the programs by kind and name."""

from collections.abc import Callable
from typing import Any, Protocol

from simcore.registry import Registry

Flat = Any
"""A flat payload: a contiguous 1-D array or tensor, or `Virtual`; its slices share its memory."""


class Work(Protocol):
    """Something posted that has not ended."""

    def wait(self) -> Any:
        """Return when it has ended."""


class Link(Protocol):
    """What connects one rank of a group to the others while a collective runs.

    Between two ranks, messages arrive in the order in which they were posted.

    Attributes
    ----------
    rank : of this process within the group
    size : ranks of the group
    """

    rank: int
    size: int

    def post_send(self, piece: Flat, to: int) -> Work:
        """Start to send; `piece` must stay as it is until the work has ended."""

    def post_recv(self, piece: Flat, source: int) -> Work:
        """Start to receive into `piece`."""

    def send(self, piece: Flat, to: int) -> None:
        """Send, and return when it has arrived."""

    def recv(self, piece: Flat, source: int) -> None:
        """Return when `piece` holds what `source` has sent."""

    def sendrecv(self, piece: Flat, to: int, into: Flat, source: int) -> None:
        """Do both at once, and return when both have ended."""


PACKAGE = "simcore.distributed.collectives"

BROADCASTS: Registry[Callable] = Registry("broadcast", PACKAGE)
"""(link, flat, root): `flat` of every rank becomes that of `root`."""

ALL_REDUCES: Registry[Callable] = Registry("all-reduce", PACKAGE)
"""(link, flat, op): `flat` of every rank becomes the reduction of all of them."""

ALL_GATHERS: Registry[Callable] = Registry("all-gather", PACKAGE)
"""(link, pieces): flat payloads by rank, of which a rank's own is filled, then all are."""

REDUCE_SCATTERS: Registry[Callable] = Registry("reduce-scatter", PACKAGE)
"""(link, parts, op): parts[rank] becomes the reduction of every rank's; the rest is spoilt."""

ALL_TO_ALLS: Registry[Callable] = Registry("all-to-all", PACKAGE)
"""(link, out, into): into[i] becomes what rank i has in its out[rank], a rank's own included."""

BARRIERS: Registry[Callable] = Registry("barrier", PACKAGE)
"""(link): no rank returns before each has come."""
