"""The calls of a communicator that all ranks of its group make together."""

import numbers
from collections.abc import Callable, Sequence
from typing import Any

from simcore.distributed.awaited import Awaited
from simcore.distributed.collectives import Profile
from simcore.distributed.errors import ProgramError, SizeMismatch
from simcore.distributed.payloads import Reduction, kind_of
from simcore.distributed.transport import Call, Link, Transport


class CollectiveCalls:
    """Collectives of one group, a part of `Communicator`.

    Each copies what it is given into flat payloads, has the profile's program move those over a
    `Link`, and gives them the shapes of the program again.
    """

    rank: int
    size: int
    _transport: Transport
    _profile: Profile
    _members: tuple[int, ...]
    _context: int
    _entered: int

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
        return Awaited(transport, work, call)

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


def _placed(flats, places, into):
    """What arrived, in the shapes of `places`, or in the payloads `into` themselves."""
    if into is None:
        return [
            kind_of(place).restored(flat, place) for flat, place in zip(flats, places, strict=True)
        ]
    for flat, place in zip(flats, places, strict=True):
        kind_of(place).fill(place, flat)
    return list(into)
