"""What a communicator needs of the machinery below it, simulated or real."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from simcore.distributed.payloads import kind_of
from simcore.distributed.trace.recorder import NO_PEER, NO_TAG


class Work(Protocol):
    """Something that was posted."""

    def wait(self) -> Any:
        """Wait until it is done; returns what it gives."""


@dataclass(frozen=True, slots=True)
class Call:
    """A communication call of a program, as errors and traces tell it.

    Attributes
    ----------
    name : of the method of the communicator
    peer : the other rank, by its number among all; -1 where there is no single one
    nbytes : payload [byte]
    tag : of the message; -1 where it has none
    """

    name: str
    peer: int = NO_PEER
    nbytes: int = 0
    tag: int = NO_TAG


class Transport(Protocol):
    """Moves payloads for one logical process of one rank. Ranks are numbered among all.

    Attributes
    ----------
    rank, size : its rank, and how many there are
    """

    rank: int
    size: int

    def begin(self) -> float:
        """A communication call begins: what was computed since the last is told; returns the time
        [s]."""

    def end(self, call: Call, begun_s: float) -> None:
        """The call that began at `begun_s` has ended."""

    def post_send(self, payload, to: int, context: int, tag: int, call: Call, later: bool) -> Work:
        """Offer a payload. `later`: the program goes on before the wait, and might change it."""

    def post_recv(self, into, source: int, context: int, tag: int, call: Call, later: bool) -> Work:
        """Ask for a payload, to be written into `into`; wait returns `into`."""

    def enter(self, context: int, members: tuple[int, ...], number: int, call: Call, facts) -> None:
        """The group enters its collective of that number; members must agree on name and facts."""

    def in_background(self, call: Call, run: Callable[["Transport"], Any]) -> Work:
        """Run a call beside the program, as a logical process of the same rank."""

    def hold(self, nbytes: int) -> None:
        """The rank holds so many more bytes for communication (fewer if negative)."""

    def compute(self, seconds: float | None, flops: float, nbytes: float) -> None:
        """The program computes, or tells what it has computed."""

    def idle(self, seconds: float) -> None:
        """The program does nothing for so long [s]."""

    def enter_region(self, name: str) -> None:
        """What follows belongs to a region of the program."""

    def leave_region(self) -> None:
        """The region that was entered last has ended."""


class Link:
    """What a collective is written against: one group, one call of it, flat pieces of payload.

    Attributes
    ----------
    rank, size : in the group
    members : their ranks among all
    context : the number of the group
    transport, call : what it goes through, and the call of the program that it is
    """

    __slots__ = ("_tag", "call", "context", "members", "rank", "size", "transport")

    def __init__(self, transport, members, rank, context, tag, call):
        self.transport = transport
        self.members = members
        self.context = context
        self._tag = tag
        self.call = call
        self.rank = rank
        self.size = len(members)

    @property
    def number(self) -> int:
        """Of this collective among those of the group, from 0 on."""
        return -1 - self._tag

    def post_send(self, piece, to: int) -> Work:
        """Offer a piece to a member of the group; it must not be changed before its wait."""
        return self.transport.post_send(
            piece, self.members[to], self.context, self._tag, self.call, False
        )

    def post_recv(self, piece, source: int) -> Work:
        """Ask a member of the group for a piece, to be written into `piece`."""
        return self.transport.post_recv(
            piece, self.members[source], self.context, self._tag, self.call, False
        )

    def send(self, piece, to: int) -> None:
        """Send a piece, and wait until it has been received."""
        self.post_send(piece, to).wait()

    def recv(self, piece, source: int) -> None:
        """Receive into `piece`, and wait until it has arrived."""
        self.post_recv(piece, source).wait()

    def sendrecv(self, piece, to: int, into, source: int) -> None:
        """Send and receive at once, and wait for both."""
        received = self.post_recv(into, source)
        sent = self.post_send(piece, to)
        received.wait()
        sent.wait()

    def hold(self, flat) -> None:
        """Say that the collective needs room for a flat payload of its own while it runs."""
        self.transport.hold(kind_of(flat).size(flat))

    def release(self, flat) -> None:
        """That room is free again."""
        self.transport.hold(-kind_of(flat).size(flat))
