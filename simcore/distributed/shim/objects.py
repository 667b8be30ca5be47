"""Collectives of `torch.distributed` on any Python objects: pickled, with their sizes before them.

What goes to whom is as in torch, so that it takes as long: sizes first, and objects that all ranks
send at once are filled up to the largest.
"""

import pickle

from simcore.distributed.shim import collectives, point_to_point, rooted
from simcore.distributed.shim.world import member_of, peer_in, root_in
from simcore.distributed.with_torch import torch


def all_gather_object(object_list, obj, group=None):
    """As `torch.distributed.all_gather_object`."""
    group = member_of(group, "all_gather_object")
    if group is None:
        return
    sizes, mine = _filled_up(group, obj)
    rooms = [torch.empty_like(mine) for _ in sizes]
    collectives.all_gather(rooms, mine, group)
    _put(object_list, rooms, sizes)


def gather_object(obj, object_gather_list=None, dst=None, group=None, group_dst=None):
    """As `torch.distributed.gather_object`; without `dst`, to the rank 0 of the whole world."""
    group = member_of(group, "gather_object")
    if group is None:
        return
    root = root_in(group, "dst", dst, group_dst)
    sizes, mine = _filled_up(group, obj)
    rooms = [torch.empty_like(mine) for _ in sizes] if group.rank() == root else None
    rooted.gather(mine, rooms, group=group, group_dst=root)
    if rooms is not None:
        _put(object_gather_list, rooms, sizes)


def broadcast_object_list(object_list, src=None, group=None, device=None, group_src=None):
    """As `torch.distributed.broadcast_object_list`, in place."""
    group = member_of(group, "broadcast_object_list")
    if group is None:
        return
    root = root_in(group, "src", src, group_src)
    own = group.rank() == root
    pieces, sizes = _pickled(object_list, own)
    collectives.broadcast(sizes, group=group, group_src=root)
    room = torch.cat(pieces) if own else torch.empty(int(sizes.sum()), dtype=torch.uint8)
    collectives.broadcast(room, group=group, group_src=root)
    if not own:
        _put(object_list, room.split(sizes.tolist()), sizes.tolist())


def scatter_object_list(
    scatter_object_output_list,
    scatter_object_input_list=None,
    src=None,
    group=None,
    group_src=None,
):
    """As `torch.distributed.scatter_object_list`: the first of the output list is filled."""
    group = member_of(group, "scatter_object_list")
    if group is None:
        return
    root = root_in(group, "src", src, group_src)
    largest, parts, sizes = torch.zeros(1, dtype=torch.int64), None, None
    if group.rank() == root:
        pickled = [_as_bytes(each) for each in scatter_object_input_list or []]
        largest[0] = max((len(each) for each in pickled), default=0)
        parts = [_padded(each, int(largest)) for each in pickled]
        sizes = [torch.tensor([len(each)]) for each in pickled]
    collectives.broadcast(largest, group=group, group_src=root)
    room, size = torch.empty(int(largest), dtype=torch.uint8), torch.zeros(1, dtype=torch.int64)
    rooted.scatter(room, parts, group=group, group_src=root)
    rooted.scatter(size, sizes, group=group, group_src=root)
    scatter_object_output_list[0] = _object(room, int(size))


def send_object_list(
    object_list, dst=None, group=None, device=None, group_dst=None, use_batch=False
):
    """As `torch.distributed.send_object_list`."""
    group = member_of(group, "send_object_list")
    if group is None:
        return
    peer = peer_in(group, "dst", dst, group_dst)
    pieces, sizes = _pickled(object_list, True)
    point_to_point.send(sizes, group=group, group_dst=peer)
    point_to_point.send(torch.cat(pieces), group=group, group_dst=peer)


def recv_object_list(
    object_list, src=None, group=None, device=None, group_src=None, use_batch=False
):
    """As `torch.distributed.recv_object_list`, in place; returns the rank that they came from."""
    group = member_of(group, "recv_object_list")
    if group is None:
        return -1
    sizes = torch.empty(len(object_list), dtype=torch.int64)
    point_to_point.recv(sizes, src, group, group_src=group_src)
    room = torch.empty(int(sizes.sum()), dtype=torch.uint8)
    source = point_to_point.recv(room, src, group, group_src=group_src)
    _put(object_list, room.split(sizes.tolist()), sizes.tolist())
    return source


def _as_bytes(value):
    # Written to when it becomes a tensor's memory, so no `bytes`.
    return torch.frombuffer(bytearray(pickle.dumps(value)), dtype=torch.uint8)


def _object(room, size):
    return pickle.loads(room[:size].numpy().tobytes())


def _padded(piece, size):
    return torch.cat([piece, torch.zeros(size - len(piece), dtype=torch.uint8)])


def _pickled(values, own):
    """The pieces of the rank that has the values, and a tensor of their sizes, or room for it."""
    if not own:
        return None, torch.empty(len(values), dtype=torch.int64)
    pieces = [_as_bytes(value) for value in values]
    return pieces, torch.tensor([len(piece) for piece in pieces], dtype=torch.int64)


def _filled_up(group, value):
    """The sizes of all ranks' values, and this rank's, filled up to the largest."""
    piece = _as_bytes(value)
    sizes = [torch.zeros(1, dtype=torch.int64) for _ in range(group.size())]
    collectives.all_gather(sizes, torch.tensor([len(piece)]), group)
    numbers = [int(size) for size in sizes]
    return numbers, _padded(piece, max(numbers))


def _put(target, rooms, sizes):
    for i, (room, size) in enumerate(zip(rooms, sizes, strict=True)):
        target[i] = _object(room, size)
