"""Collectives as the library's own, instead of our programs over sends."""

import threading
from collections import defaultdict

from simcore.distributed.collectives import PROFILES
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
    deployed : the rank, `simcore.distributed.deployed.transport.Deployed`
    """

    def __init__(self, deployed):
        self._device = deployed.device
        self._everybody = tuple(range(deployed.size))
        self._groups: dict[int, dist.ProcessGroup] = {}
        self._next: dict[int, int] = defaultdict(int)
        self._turn = threading.Condition()

    def broadcast(self, link, flat, root):
        """Bring the root's `flat` to all."""
        [data] = staged = self._staged([flat])
        source = link.members[root]
        self._run(link, lambda group: dist.broadcast(data, source, group=group, async_op=True))
        _bring_back(staged, [flat])

    def all_reduce(self, link, flat, op):
        """Reduce in place."""
        [data] = staged = self._staged([flat])
        how = _REDUCE[op]
        self._run(link, lambda group: dist.all_reduce(data, how, group=group, async_op=True))
        _bring_back(staged, [flat])

    def all_gather(self, link, pieces):
        """Gather every rank's piece."""
        if _uneven(pieces):
            self._run(link, lambda group: None)
            return _PORTABLE.all_gather(link, pieces)
        ordered = [pieces[rank] for rank in _library_order(link)]
        staged = self._staged(ordered)
        own = staged[_library_order(link).index(link.rank)].clone()
        self._run(link, lambda group: dist.all_gather(staged, own, group=group, async_op=True))
        _bring_back(staged, ordered)

    def reduce_scatter(self, link, parts, op):
        """Reduce every part, each rank's own in place."""
        if _uneven(parts):
            self._run(link, lambda group: None)
            return _PORTABLE.reduce_scatter(link, parts, op)
        staged = self._staged([parts[rank] for rank in _library_order(link)])
        own = torch.empty_like(staged[0])
        how = _REDUCE[op]
        self._run(
            link, lambda group: dist.reduce_scatter(own, staged, how, group=group, async_op=True)
        )
        _bring_back([own], [parts[link.rank]])

    def all_to_all(self, link, out, into):
        """Give each rank its part."""
        order = _library_order(link)
        sent = [flat_bytes(each) for each in self._staged([out[rank] for rank in order])]
        places = [into[rank] for rank in order]
        staged = self._staged(places)
        sizes = [each.nbytes for each in staged]
        gathered = torch.empty(sum(sizes), dtype=torch.uint8, device=self._device)
        given = torch.cat(sent)
        self._run(
            link,
            lambda group: dist.all_to_all_single(
                gathered, given, sizes, [each.numel() for each in sent], group=group, async_op=True
            ),
        )
        for place, data in zip(staged, gathered.split(sizes), strict=True):
            flat_bytes(place).copy_(data)
        _bring_back(staged, places)

    def barrier(self, link):
        """Wait for all."""
        self._run(link, lambda group: dist.barrier(group=group, async_op=True))

    def _run(self, link, begin):
        """Begin in the order of the program's calls, and wait for the end."""
        with self._turn:
            self._turn.wait_for(lambda: self._next[link.context] == link.number)
            work = begin(self._group(link))
            self._next[link.context] += 1
            self._turn.notify_all()
        if work is not None:
            link.transport.wait_for_library(work, link.call)

    def _group(self, link):
        if link.members == self._everybody:
            return dist.group.WORLD
        if link.context not in self._groups:
            self._groups[link.context] = dist.new_group(
                list(link.members), use_local_synchronization=True
            )
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


def _library_order(link):
    """Ranks of the link's group in the order in which the library numbers them."""
    return sorted(range(link.size), key=link.members.__getitem__)


def _uneven(flats):
    return len({_tensor(flat).numel() for flat in flats}) > 1
