"""What a program is given to talk to the other ranks: the same, simulated and deployed."""

import numbers
from contextlib import contextmanager
from typing import Any

import numpy as np

from simcore.distributed.awaited import Awaited
from simcore.distributed.collective_calls import CollectiveCalls
from simcore.distributed.errors import ProgramError
from simcore.distributed.payloads import kind_of
from simcore.distributed.transport import Call, Work

MOST_TAG = 2**20 - 1
NO_GROUP = -1


class Communicator(CollectiveCalls):
    """One rank's end of a group of ranks.

    A program is ordinary blocking Python: it may call these methods from anywhere, inside
    `nn.Module.forward` too. Payloads are torch tensors, numpy arrays, bytes (bytearray to receive
    into) or `Virtual`. A send waits until it is received (rendezvous), unless the payload is below
    the simulation's eager threshold. With `wait=False` a collective runs beside the program, and
    its `Work` is to be waited for. Ranks must enter the collectives of a group in the same order.

    Attributes
    ----------
    rank, size : this rank's number in the group, and how many there are
    """

    def __init__(self, transport, profile, members=None, contexts=None):
        self._transport = transport
        self._profile = profile
        self._members = tuple(range(transport.size)) if members is None else members
        # The number of this group, and of the next one that the rank makes: no two groups that
        # share two ranks have the same.
        self._context, self._contexts = contexts or (0, [1])
        self._entered = 0
        self.rank = self._members.index(transport.rank)
        self.size = len(self._members)

    def __repr__(self):
        return f"Communicator(rank={self.rank}, size={self.size})"

    def send(self, payload, to: int, tag: int = 0) -> None:
        """Send to rank `to`; returns when it has been received."""
        transport = self._transport
        call = self._call("send", to, payload, tag)
        begun = transport.begin()
        transport.post_send(payload, call.peer, self._context, tag, call, False).wait()
        transport.end(call, begun)

    def recv(self, into, source: int, tag: int = 0) -> Any:
        """Receive from rank `source` into the payload `into`, which is filled and returned."""
        transport = self._transport
        call = self._call("recv", source, into, tag)
        begun = transport.begin()
        transport.post_recv(into, call.peer, self._context, tag, call, False).wait()
        transport.end(call, begun)
        return into

    def isend(self, payload, to: int, tag: int = 0) -> Work:
        """Offer a payload to rank `to`, and go on; it must not be changed before the wait."""
        transport = self._transport
        call = self._call("isend", to, payload, tag)
        begun = transport.begin()
        work = transport.post_send(payload, call.peer, self._context, tag, call, True)
        transport.end(call, begun)
        return Awaited(transport, work, call)

    def irecv(self, into, source: int, tag: int = 0) -> Work:
        """Ask rank `source` for a payload, and go on; `into` is filled when the wait returns."""
        transport = self._transport
        call = self._call("irecv", source, into, tag)
        begun = transport.begin()
        work = transport.post_recv(into, call.peer, self._context, tag, call, True)
        transport.end(call, begun)
        return Awaited(transport, work, call)

    def sendrecv(self, payload, to: int, into, source: int, tag: int = 0) -> Any:
        """Send to `to` and receive from `source` at once; `into` is filled and returned.

        The two must not share memory: what is sent would be overwritten.
        """
        transport = self._transport
        sending = self._call("sendrecv", to, payload, tag)
        receiving = self._call("sendrecv", source, into, tag)
        begun = transport.begin()
        received = transport.post_recv(into, receiving.peer, self._context, tag, receiving, False)
        sent = transport.post_send(payload, sending.peer, self._context, tag, sending, True)
        received.wait()
        sent.wait()
        transport.end(sending, begun)
        return into

    def split(self, colour: int | None, key: int = 0) -> "Communicator | None":
        """The group of the ranks that gave the same colour, ordered by key and then by rank.

        All ranks of this group must call it. None as a colour joins no group and gives None.
        """
        for name, value in (("colour", colour), ("key", key)):
            if value is None and name == "colour":
                continue
            if isinstance(value, bool) or not isinstance(value, numbers.Integral):
                raise ProgramError(f"split: {name} = {value!r} must be a whole number")
            if name == "colour" and value < 0:
                raise ProgramError(f"split: colour = {value!r} must be 0 or more, or None")
        following = self._contexts
        mine = np.array([NO_GROUP if colour is None else colour, key, following[0]], np.int64)
        table = self.all_gather(mine)
        context = max(int(row[2]) for row in table)
        following[0] = context + 1
        if colour is None:
            return None
        chosen = sorted(
            (int(row[1]), rank) for rank, row in enumerate(table) if int(row[0]) == colour
        )
        members = tuple(self._members[rank] for _, rank in chosen)
        return Communicator(self._transport, self._profile, members, (context, following))

    def compute(
        self, seconds: float | None = None, *, flops: float = 0.0, bytes: float = 0.0
    ) -> None:
        """Tell what the code around this call costs, where the simulation does not measure it.

        Parameters
        ----------
        seconds : time it takes [s]; else it follows from the others
        flops, bytes : of the work, and what it moves through memory [FLOP, byte]

        On real processes, which take the time that they take, it does nothing.
        """
        for name, value in (("seconds", seconds), ("flops", flops), ("bytes", bytes)):
            if value is not None and not 0 <= value < float("inf"):
                raise ProgramError(f"compute: {name} = {value!r}; it must be finite, 0 or more")
        if seconds is not None and (flops or bytes):
            raise ProgramError("compute takes either seconds, or flops and bytes")
        self._transport.compute(seconds, flops, bytes)

    def idle(self, seconds: float) -> None:
        """Do nothing for so long [s]: until a request is due, or whatever else no rank sends.

        Simulated and real processes wait alike, however computing is timed.
        """
        if not 0 <= seconds < float("inf"):
            raise ProgramError(f"idle: seconds = {seconds!r}; it must be finite, 0 or more")
        self._transport.begin()
        self._transport.idle(seconds)

    def now(self) -> float:
        """The time since the run began [s]: simulated, or real where processes are."""
        begun = self._transport.begin()
        self._transport.end(Call("now"), begun)
        return begun

    @contextmanager
    def region(self, name: str):
        """Name what the program does inside, for traces and for slowdowns of regions."""
        self._transport.enter_region(name)
        try:
            yield
        finally:
            self._transport.leave_region()

    def _call(self, name, peer, payload, tag) -> Call:
        self._check_rank(peer, "rank")
        whole = type(tag) is int or isinstance(tag, numbers.Integral)
        if not (whole and 0 <= tag <= MOST_TAG):
            raise ProgramError(f"{name}: tag = {tag!r} is no whole number from 0 to {MOST_TAG}")
        return Call(name, self._members[peer], kind_of(payload).size(payload), tag)
