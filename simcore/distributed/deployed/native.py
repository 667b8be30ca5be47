"""Collectives as the library's own, instead of our programs over sends."""

import threading
from collections import defaultdict

from simcore.distributed.collectives import PROFILES
from simcore.distributed.deployed.joining import Joined
from simcore.distributed.payloads import Reduction, Virtual
from simcore.distributed.with_torch import flat_bytes, torch

dist = torch.distributed

_REDUCE = {
    Reduction.SUM: dist.ReduceOp.SUM,
    Reduction.MAX: dist.ReduceOp.MAX,
    Reduction.MIN: dist.ReduceOp.MIN,
    Reduction.PRODUCT: dist.ReduceOp.PRODUCT,
}
# For what the libraries have no operation.
_PORTABLE = PROFILES["portable"]


class Native:
    """What a communicator calls its collectives of; see `simcore.distributed.collectives.Profile`.

    Libraries tell the collectives of a group apart by their order, which is that of the calls of
    the program: one that runs beside it starts in its turn. Messages inside are not seen, so that
    a trace has none of them. Where parts differ in size, which neither library gathers nor
    reduces, the programs of `portable` run.

    Parameters
    ----------
    joined : this process, among the others
    """

    def __init__(self, joined: Joined):
        self._device = joined.device
        self._joined = joined
        self._groups = {0: joined.group}
        self._next: dict[int, int] = defaultdict(int)
        self._turn = threading.Condition()

    def broadcast(self, link, flat, root):
        """Bring the root's `flat` to all."""
        staged = self._staged([flat])
        options = dist.BroadcastOptions()
        options.rootRank = root
        self._run(link, lambda group: group.broadcast(staged, options))
        _bring_back(staged, [flat])

    def all_reduce(self, link, flat, op):
        """Reduce in place."""
        staged = self._staged([flat])
        options = dist.AllreduceOptions()
        options.reduceOp = _REDUCE[op]
        self._run(link, lambda group: group.allreduce(staged, options))
        _bring_back(staged, [flat])

    def all_gather(self, link, pieces):
        """Gather every rank's piece."""
        if _uneven(pieces):
            self._run(link, lambda group: None)
            return _PORTABLE.all_gather(link, pieces)
        staged = self._staged(pieces)
        own = staged[link.rank].clone()
        self._run(link, lambda group: group.allgather([staged], [own]))
        _bring_back(staged, pieces)

    def reduce_scatter(self, link, parts, op):
        """Reduce every part, each rank's own in place."""
        if _uneven(parts):
            self._run(link, lambda group: None)
            return _PORTABLE.reduce_scatter(link, parts, op)
        staged = self._staged(parts)
        own = torch.empty_like(staged[0])
        options = dist.ReduceScatterOptions()
        options.reduceOp = _REDUCE[op]
        self._run(link, lambda group: group.reduce_scatter([own], [staged], options))
        _bring_back([own], [parts[link.rank]])

    def all_to_all(self, link, out, into):
        """Give each rank its part."""
        given = [flat_bytes(each) for each in self._staged(out)]
        staged = self._staged(into)
        lengths, rooms = [each.numel() for each in given], [each.nbytes for each in staged]
        sent = torch.cat(given)
        gathered = torch.empty(sum(rooms), dtype=torch.uint8, device=self._device)
        options = dist.AllToAllOptions()
        self._run(link, lambda group: group.alltoall_base(gathered, sent, rooms, lengths, options))
        for place, data in zip(staged, gathered.split(rooms), strict=True):
            flat_bytes(place).copy_(data)
        _bring_back(staged, into)

    def barrier(self, link):
        """Wait for all."""
        self._run(link, lambda group: group.barrier(dist.BarrierOptions()))

    def _run(self, link, begin):
        """Begin in the order of the program's calls, and wait for the end."""
        with self._turn:
            self._turn.wait_for(lambda: self._next[link.context] == link.number)
            # All ranks bring what they send and what they all do together in one order.
            link.transport.deployed.set_out()
            work = begin(self._group(link))
            self._next[link.context] += 1
            self._turn.notify_all()
        if work is not None:
            link.transport.wait_for_library(work, link.call)

    def _group(self, link):
        """The library's group of those ranks, made when they first need it."""
        if link.context not in self._groups:
            # Groups that share a context share no rank.
            name = f"group {link.context} of {link.members[0]}"
            self._groups[link.context] = self._joined.new_group(name, link.rank, link.size)
        return self._groups[link.context]

    def _staged(self, flats):
        """Tensors on the device of the back end that hold, or on the CPU are, those payloads."""
        return [_tensor(flat).to(self._device) for flat in flats]


def _tensor(flat):
    if isinstance(flat, Virtual):
        return torch.empty(flat.nbytes, dtype=torch.uint8)
    return flat if isinstance(flat, torch.Tensor) else torch.from_numpy(flat)


def _bring_back(staged, flats):
    """Copy what is not in the payload's own memory there."""
    for data, flat in zip(staged, flats, strict=True):
        if not isinstance(flat, Virtual):
            place = _tensor(flat)
            if place.data_ptr() != data.data_ptr():
                place.copy_(data)


def _uneven(flats):
    return len({_tensor(flat).numel() for flat in flats}) > 1
