"""Collectives of `torch.distributed` in which one rank is unlike the others, simulated."""

from simcore.distributed.payloads import kind_of
from simcore.distributed.shim.collectives import carried_out
from simcore.distributed.shim.tensors import (
    averaged,
    check_alike,
    on_end,
    reduction_of,
    values,
    values_of_all,
    without_gaps,
)
from simcore.distributed.shim.world import member_of, peer_in, root_in
from simcore.distributed.with_torch import torch

_SUM = torch.distributed.ReduceOp.SUM


def reduce(tensor, dst=None, op=_SUM, group=None, async_op=False, group_dst=None):
    """As `torch.distributed.reduce`: a reduce-scatter, then each rank sends its part to `dst`.

    The tensors of the others, of which torch promises nothing, stay as they are.
    """
    group = member_of(group, "reduce")
    if group is None:
        return None
    root = peer_in(group, "dst", dst, group_dst)
    data = without_gaps(tensor, "reduce", "tensor")
    reduction, average = reduction_of(op)
    flat = kind_of(data).flat_copy(data)

    def run(link, profile):
        parts = list(torch.tensor_split(flat, link.size))
        link.hold(flat)
        profile.reduce_scatter(link, parts, reduction)
        if link.rank != root:
            link.send(parts[link.rank], root)
        else:
            coming = [link.post_recv(parts[i], i) for i in range(link.size) if i != root]
            for work in coming:
                work.wait()
        link.release(flat)

    def finish(_):
        if group.rank() == root:
            total = averaged(flat, group.size()) if average else flat
            data.copy_(total.view(data.shape))

    return _start("reduce", group, run, data, (root, reduction), [tensor], async_op, finish)


def gather(tensor, gather_list=None, dst=None, group=None, async_op=False, group_dst=None):
    """As `torch.distributed.gather`; without `dst`, to the rank 0 of the whole world."""
    group = member_of(group, "gather")
    if group is None:
        return None
    root = root_in(group, "dst", dst, group_dst)
    data = values(tensor, "tensor")
    places = _of_root(group, "gather", "gather_list", gather_list, root, data)
    if places:
        places[root].copy_(data)

    def run(link, profile):
        if link.rank != root:
            link.send(data, root)
            return
        coming = [link.post_recv(place, i) for i, place in enumerate(places) if i != root]
        for work in coming:
            work.wait()

    return _start("gather", group, run, data, root, gather_list or [], async_op)


def scatter(tensor, scatter_list=None, src=None, group=None, async_op=False, group_src=None):
    """As `torch.distributed.scatter`; without `src`, from the rank 0 of the whole world."""
    group = member_of(group, "scatter")
    if group is None:
        return None
    root = root_in(group, "src", src, group_src)
    data = on_end(tensor, "scatter", "tensor")
    parts = _of_root(group, "scatter", "scatter_list", scatter_list, root, data)
    parts = [on_end(part, "scatter", f"scatter_list[{i}]") for i, part in enumerate(parts)]
    if parts:
        data.copy_(parts[root])

    def run(link, profile):
        if link.rank != root:
            link.recv(data, root)
            return
        going = [link.post_send(part, i) for i, part in enumerate(parts) if i != root]
        for work in going:
            work.wait()

    return _start("scatter", group, run, data, root, [tensor], async_op)


def _of_root(group, call, name, tensors, root, like):
    """The list that the root, and nobody else, gives."""
    if group.rank() != root:
        if tensors:
            raise ValueError(f"{call}: {name} must be given by the root alone; leave it out here")
        return []
    found = values_of_all(tensors, name, group.size())
    for i, tensor in enumerate(found):
        check_alike(call, f"{name}[{i}]", tensor, like)
    return found


def _start(name, group, run, data, agreed, fills, async_op, finish=None):
    return carried_out(
        group.communicator.collective,
        name,
        run,
        data,
        agreed,
        async_op=async_op,
        fills=fills,
        finish=finish,
    )
