"""What a program is given to talk to the other ranks: the same, simulated and deployed."""

import numbers
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from simcore.distributed.errors import ProgramError, SizeMismatch
from simcore.distributed.payloads import Reduction, kind_of
from simcore.distributed.transport import Call, Link, Work

MOST_TAG = 2**20 - 1
NO_GROUP = -1


class Communicator:
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
        return _Awaited(transport, work, call)

    def irecv(self, into, source: int, tag: int = 0) -> Work:
        """Ask rank `source` for a payload, and go on; `into` is filled when the wait returns."""
        transport = self._transport
        call = self._call("irecv", source, into, tag)
        begun = transport.begin()
        work = transport.post_recv(into, call.peer, self._context, tag, call, True)
        transport.end(call, begun)
        return _Awaited(transport, work, call)

    def sendrecv(self, payload, to: int, into, source: int, tag: int = 0) -> Any:
        """Send to `to` and receive from `source` at once; `into` is filled and returned."""
        transport = self._transport
        sending = self._call("sendrecv", to, payload, tag)
        receiving = self._call("sendrecv", source, into, tag)
        begun = transport.begin()
        received = transport.post_recv(into, receiving.peer, self._context, tag, receiving, False)
        sent = transport.post_send(payload, sending.peer, self._context, tag, sending, False)
        received.wait()
        sent.wait()
        transport.end(sending, begun)
        return into

    def broadcast(self, payload, root: int = 0, *, wait: bool = True) -> Any:
        """Bring the root's payload to all ranks, in place; returns it (or its Work)."""
        self._check_rank(root, "root")
        kind = kind_of(payload)

        def run(link):
            flat = kind.flat_copy(payload) if link.rank == root else kind.flat_empty_like(payload)
            link.hold(flat)
            self._profile.broadcast(link, flat, root)
            link.release(flat)
            if link.rank != root:
                kind.fill(payload, flat)
            return payload

        size = kind.size(payload)
        return self._collective("broadcast", run, size, (root, (size,)), wait)

    def all_reduce(self, payload, op: Reduction = Reduction.SUM, *, wait: bool = True) -> Any:
        """The payloads of all ranks reduced to one, a new one of the same shape (or its Work)."""
        op = Reduction(op)
        kind = kind_of(payload)
        flat = kind.flat_copy(payload)

        def run(link):
            link.hold(flat)
            self._profile.all_reduce(link, flat, op)
            link.release(flat)
            return kind.restored(flat, payload)

        size = kind.size(payload)
        facts = (op, kind.element_type(payload)), (size,)
        return self._collective("all_reduce", run, size, facts, wait)

    def all_gather(self, payload, *, into: Sequence | None = None, wait: bool = True) -> Any:
        """The payloads of all ranks, a list by rank (or its Work).

        Parameters
        ----------
        into : a payload to fill for each rank, needed where their sizes differ; returned
        """
        kind = kind_of(payload)
        self._check_count(into, "into")
        places = [payload] * self.size if into is None else list(into)
        sizes = tuple(kind_of(place).size(place) for place in places)
        size = kind.size(payload)
        if sizes[self.rank] != size:
            raise SizeMismatch(
                f"rank {self._transport.rank}: all_gather: into[{self.rank}] has room for "
                f"{sizes[self.rank]:,} bytes, and this rank's payload has {size:,}"
            )
        own = kind.flat_copy(payload)

        def run(link):
            flats = [
                own if rank == link.rank else kind_of(place).flat_empty_like(place)
                for rank, place in enumerate(places)
            ]
            for flat in flats:
                link.hold(flat)
            self._profile.all_gather(link, flats)
            for flat in flats:
                link.release(flat)
            return _placed(flats, places, into)

        return self._collective("all_gather", run, size, (None, sizes), wait)

    def reduce_scatter(
        self, parts: Sequence, op: Reduction = Reduction.SUM, *, wait: bool = True
    ) -> Any:
        """This rank's part, reduced over all ranks: a new payload (or its Work).

        Parameters
        ----------
        parts : one payload for each rank, of the same shapes on all ranks
        """
        op = Reduction(op)
        self._check_count(parts, "parts")
        kinds = [kind_of(part) for part in parts]
        flats = [kind.flat_copy(part) for kind, part in zip(kinds, parts, strict=True)]

        def run(link):
            for flat in flats:
                link.hold(flat)
            self._profile.reduce_scatter(link, flats, op)
            for flat in flats:
                link.release(flat)
            return kinds[link.rank].restored(flats[link.rank], parts[link.rank])

        sizes = tuple(kind.size(part) for kind, part in zip(kinds, parts, strict=True))
        types = tuple(kind.element_type(part) for kind, part in zip(kinds, parts, strict=True))
        return self._collective("reduce_scatter", run, sum(sizes), ((op, types), sizes), wait)

    def all_to_all(
        self, parts: Sequence, *, into: Sequence | None = None, wait: bool = True
    ) -> Any:
        """What each rank has for this one, a list by rank (or its Work).

        Parameters
        ----------
        parts : one payload for each rank
        into : a payload to fill for each rank, needed where what comes is not of the sizes of
            what goes; returned
        """
        self._check_count(parts, "parts")
        self._check_count(into, "into")
        places = list(parts if into is None else into)
        out = [kind_of(part).flat_copy(part) for part in parts]

        def run(link):
            flats = [kind_of(place).flat_empty_like(place) for place in places]
            for flat in (*out, *flats):
                link.hold(flat)
            self._profile.all_to_all(link, out, flats)
            for flat in (*out, *flats):
                link.release(flat)
            return _placed(flats, places, into)

        size = sum(kind_of(part).size(part) for part in parts)
        return self._collective("all_to_all", run, size, (None, None), wait)

    def barrier(self, *, wait: bool = True) -> Any:
        """Wait until every rank of the group has come here."""
        return self._collective("barrier", self._profile.barrier, 0, (None, None), wait)

    def collective(
        self, name: str, run: Callable, payload=None, agreed=None, *, wait: bool = True
    ) -> Any:
        """A collective of one's own: `run(link, profile)` on every rank; what that gives, or Work.

        Parameters
        ----------
        name : as errors and traces are to tell it
        run : sends and receives over the `Link`, and may use the collectives of the profile
        payload : this rank's, of one size on all; None where there is none
        agreed : what all ranks must say alike, such as the root
        """
        size = 0 if payload is None else kind_of(payload).size(payload)
        facts = agreed, (size,)
        return self._collective(name, lambda link: run(link, self._profile), size, facts, wait)

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

    def _collective(self, name, run, size, facts, wait):
        transport = self._transport
        number = self._entered
        self._entered = number + 1
        call = Call(name, nbytes=size)
        begun = transport.begin()
        transport.enter(self._context, self._members, number, call, facts)
        # User tags are 0 or more.
        tag = -1 - number
        if wait:
            link = Link(transport, self._members, self.rank, self._context, tag, call)
            result = run(link)
            transport.end(call, begun)
            return result
        work = transport.in_background(
            call,
            lambda beside: run(Link(beside, self._members, self.rank, self._context, tag, call)),
        )
        transport.end(call, begun)
        return _Awaited(transport, work, call)

    def _call(self, name, peer, payload, tag) -> Call:
        self._check_rank(peer, "rank")
        if not 0 <= tag <= MOST_TAG:
            raise ProgramError(f"{name}: tag = {tag!r} is not from 0 to {MOST_TAG}")
        return Call(name, self._members[peer], kind_of(payload).size(payload), tag)

    def _check_rank(self, rank, what):
        if type(rank) is not int and (
            isinstance(rank, bool) or not isinstance(rank, numbers.Integral)
        ):
            raise ProgramError(f"{what} = {rank!r} must be a whole number")
        if not 0 <= rank < self.size:
            raise ProgramError(f"{what} {rank} is none of the ranks 0 to {self.size - 1}")

    def _check_count(self, payloads, name):
        if payloads is not None and len(payloads) != self.size:
            raise ProgramError(
                f"{name} holds {len(payloads)} payloads; it needs one for each of the "
                f"{self.size} ranks"
            )


class _Awaited:
    """Work whose wait is a call of the program."""

    __slots__ = ("_call", "_transport", "_work")

    def __init__(self, transport, work, call):
        self._transport = transport
        self._work = work
        self._call = call

    def wait(self):
        transport = self._transport
        begun = transport.begin()
        result = self._work.wait()
        call = self._call
        transport.end(Call("wait", call.peer, call.nbytes, call.tag), begun)
        return result

    def poll(self) -> bool:
        """Whether it is over; where it is not, to ask takes the rank a moment of simulated time."""
        transport = self._transport
        begun = transport.begin()
        over = transport.poll(self._work)
        call = self._call
        transport.end(Call("poll", call.peer, call.nbytes, call.tag), begun)
        return over


def _placed(flats, places, into):
    """What arrived, in the shapes of `places`, or in the payloads `into` themselves."""
    if into is None:
        return [
            kind_of(place).restored(flat, place) for flat, place in zip(flats, places, strict=True)
        ]
    for flat, place in zip(flats, places, strict=True):
        kind_of(place).fill(place, flat)
    return list(into)
