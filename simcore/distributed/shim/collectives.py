"""Collectives of `torch.distributed` that communicators have, simulated."""

from simcore.distributed.shim.tensors import (
    averaged,
    check_alike,
    on_end,
    reduction_of,
    values,
    values_of_all,
    without_gaps,
)
from simcore.distributed.shim.work import SimulatedWork
from simcore.distributed.shim.world import member_of, peer_in
from simcore.distributed.with_torch import torch

_SUM = torch.distributed.ReduceOp.SUM


def carried_out(call, *args, async_op, fills, finish=None, **keywords):
    """Call a collective of a communicator, in the background if the script wants it there.

    Parameters
    ----------
    call : method of a communicator
    async_op : whether the script waits for it later
    fills : tensors that it fills
    finish : called with what it gives

    Returns nothing, or what the script is to wait for.
    """
    given = call(*args, wait=not async_op, **keywords)
    if async_op:
        return SimulatedWork(given, fills, finish)
    if finish is not None:
        finish(given)
    return None


def broadcast(tensor, src=None, group=None, async_op=False, group_src=None):
    """As `torch.distributed.broadcast`."""
    group = member_of(group, "broadcast")
    if group is None:
        return None
    root = peer_in(group, "src", src, group_src)
    return carried_out(
        group.communicator.broadcast,
        without_gaps(tensor, "broadcast", "tensor"),
        root,
        async_op=async_op,
        fills=[tensor],
    )


def all_reduce(tensor, op=_SUM, group=None, async_op=False):
    """As `torch.distributed.all_reduce`."""
    group = member_of(group, "all_reduce")
    if group is None:
        return None
    data = without_gaps(tensor, "all_reduce", "tensor")
    reduction, average = reduction_of(op)

    def finish(total):
        data.copy_(averaged(total, group.size()) if average else total)

    return carried_out(
        group.communicator.all_reduce,
        data,
        reduction,
        async_op=async_op,
        fills=[tensor],
        finish=finish,
    )


def all_gather(tensor_list, tensor, group=None, async_op=False):
    """As `torch.distributed.all_gather`."""
    group = member_of(group, "all_gather")
    if group is None:
        return None
    data = values(tensor, "tensor")
    places = values_of_all(tensor_list, "tensor_list", group.size())
    for i, place in enumerate(places):
        check_alike("all_gather", f"tensor_list[{i}]", place, data)
    return carried_out(
        group.communicator.all_gather, data, into=places, async_op=async_op, fills=tensor_list
    )


def all_gather_into_tensor(output_tensor, input_tensor, group=None, async_op=False):
    """As `torch.distributed.all_gather_into_tensor`."""
    group = member_of(group, "all_gather_into_tensor")
    if group is None:
        return None
    call = "all_gather_into_tensor"
    data = values(input_tensor, "input_tensor")
    room = on_end(output_tensor, call, "output_tensor")
    check_alike(call, "output_tensor", room, data, group.size())
    places = list(room.view(group.size(), data.numel()).unbind())
    return carried_out(
        group.communicator.all_gather,
        data.reshape(-1),
        into=places,
        async_op=async_op,
        fills=[output_tensor],
    )


def reduce_scatter(output, input_list, op=_SUM, group=None, async_op=False):
    """As `torch.distributed.reduce_scatter`; parts may be of different sizes."""
    group = member_of(group, "reduce_scatter")
    if group is None:
        return None
    call = "reduce_scatter"
    parts = values_of_all(input_list, "input_list", group.size())
    parts = [on_end(part, call, f"input_list[{i}]") for i, part in enumerate(parts)]
    check_alike(call, "output", on_end(output, call, "output"), parts[group.rank()])
    return _reduce_scatter(group, output, parts, op, async_op)


def reduce_scatter_tensor(output, input, op=_SUM, group=None, async_op=False):
    """As `torch.distributed.reduce_scatter_tensor`."""
    group = member_of(group, "reduce_scatter_tensor")
    if group is None:
        return None
    data = on_end(input, "reduce_scatter_tensor", "input")
    place = on_end(output, "reduce_scatter_tensor", "output")
    check_alike("reduce_scatter_tensor", "input", data, place, group.size())
    parts = list(data.view(group.size(), place.numel()).unbind())
    return _reduce_scatter(group, output, parts, op, async_op)


def _reduce_scatter(group, output, parts, op, async_op):
    place = values(output, "output")
    reduction, average = reduction_of(op)

    def finish(part):
        part = averaged(part, group.size()) if average else part
        place.copy_(part.view(place.shape))

    return carried_out(
        group.communicator.reduce_scatter,
        parts,
        reduction,
        async_op=async_op,
        fills=[output],
        finish=finish,
    )


def all_to_all(output_tensor_list, input_tensor_list, group=None, async_op=False):
    """As `torch.distributed.all_to_all`."""
    group = member_of(group, "all_to_all")
    if group is None:
        return None
    places = values_of_all(output_tensor_list, "output_tensor_list", group.size())
    parts = values_of_all(input_tensor_list, "input_tensor_list", group.size())
    return carried_out(
        group.communicator.all_to_all,
        parts,
        into=places,
        async_op=async_op,
        fills=output_tensor_list,
    )


def all_to_all_single(
    output, input, output_split_sizes=None, input_split_sizes=None, group=None, async_op=False
):
    """As `torch.distributed.all_to_all_single`, cut along dimension 0."""
    group = member_of(group, "all_to_all_single")
    if group is None:
        return None
    places = _cut(
        group, "output", on_end(output, "all_to_all_single", "output"), output_split_sizes
    )
    parts = _cut(group, "input", on_end(input, "all_to_all_single", "input"), input_split_sizes)
    return carried_out(
        group.communicator.all_to_all, parts, into=places, async_op=async_op, fills=[output]
    )


def barrier(group=None, async_op=False, device_ids=None, timeout=None):
    """As `torch.distributed.barrier`."""
    group = member_of(group, "barrier")
    if group is None:
        return None
    return carried_out(group.communicator.barrier, async_op=async_op, fills=[])


def monitored_barrier(group=None, timeout=None, wait_all_ranks=False):
    """As `torch.distributed.monitored_barrier`: a rank that does not come is told as a deadlock."""
    return barrier(group)


def _cut(group, name, data, sizes):
    if not sizes:
        if data.dim() == 0 or data.shape[0] % group.size():
            raise ValueError(
                f"all_to_all_single: dimension 0 of {name}, of shape {tuple(data.shape)}, cannot "
                f"be cut into {group.size()} parts; give {name}_split_sizes"
            )
        sizes = [data.shape[0] // group.size()] * group.size()
    if len(sizes) != group.size() or sum(sizes) != data.shape[0]:
        raise ValueError(
            f"all_to_all_single: {name}_split_sizes = {list(sizes)} must be {group.size()} numbers "
            f"with sum {data.shape[0]}"
        )
    return list(data.split(list(sizes)))
