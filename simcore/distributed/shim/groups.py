"""Process groups of `torch.distributed`, simulated: made, asked about, and destroyed."""

import os

from simcore.distributed.shim.world import NON_MEMBER, Group, default_group, group_of, here
from simcore.distributed.with_torch import torch

_Backend = torch.distributed.Backend


def init_process_group(
    backend=None,
    init_method=None,
    timeout=None,
    world_size=-1,
    rank=-1,
    store=None,
    group_name="",
    pg_options=None,
    device_id=None,
    **further,
):
    """As `torch.distributed.init_process_group`: all ranks of the simulation, at no cost."""
    world = here()
    if world.default is not None:
        raise ValueError("trying to initialize the default process group twice")
    communicator = world.communicator
    if not world.launch.knows_ranks:
        raise ValueError(
            "nobody said how many ranks there are, and the script started none with spawn or "
            "Process; give the number of ranks to the simulation"
        )
    rank = int(os.environ["RANK"]) if rank in (None, -1) and "RANK" in os.environ else rank
    if world_size in (None, -1) and "WORLD_SIZE" in os.environ:
        world_size = int(os.environ["WORLD_SIZE"])
    if world_size != communicator.size:
        raise ValueError(
            f"init_process_group: world_size = {world_size}, and {communicator.size} ranks are "
            "simulated; the two must agree"
        )
    if rank != communicator.rank:
        raise ValueError(
            f"init_process_group: rank = {rank} in the process that was started as number "
            f"{communicator.rank}; ranks are numbered in the order in which they are started"
        )
    everybody = tuple(range(communicator.size))
    world.default = Group(communicator, everybody, _checked(backend), is_default=True)
    world.groups.append(world.default)


def destroy_process_group(group=None):
    """As `torch.distributed.destroy_process_group`; without a group, all of them."""
    if group is not None and group == NON_MEMBER:
        return
    world, group = here(), group_of(group)
    if group is world.default:
        world.default = None
        world.groups.clear()
    else:
        world.groups.remove(group)


def is_initialized():
    """As `torch.distributed.is_initialized`."""
    return here().default is not None


def get_rank(group=None):
    """As `torch.distributed.get_rank`."""
    return -1 if group is not None and group == NON_MEMBER else group_of(group).rank()


def get_world_size(group=None):
    """As `torch.distributed.get_world_size`."""
    return -1 if group is not None and group == NON_MEMBER else group_of(group).size()


def get_backend(group=None):
    """As `torch.distributed.get_backend`: what the script asked for."""
    return _Backend(group_of(group).backend)


def new_group(
    ranks=None,
    timeout=None,
    backend=None,
    pg_options=None,
    use_local_synchronization=False,
    group_desc=None,
    device_id=None,
    sort_ranks=True,
):
    """As `torch.distributed.new_group`: all ranks call it, and exchange 24 bytes each."""
    whole = default_group()
    if use_local_synchronization:
        raise NotImplementedError(
            "new_group with use_local_synchronization=True is not simulated; let all ranks call "
            "new_group without it"
        )
    chosen = list(whole.ranks if ranks is None else ranks)
    if len(set(chosen)) < len(chosen):
        raise ValueError(f"new_group: ranks = {chosen} names a rank twice")
    if strangers := [rank for rank in chosen if rank not in whole.ranks]:
        raise ValueError(
            f"new_group: ranks {strangers} are none of the ranks 0 to {whole.size() - 1}"
        )
    chosen = sorted(chosen) if sort_ranks else chosen
    member = whole.rank() in chosen
    key = chosen.index(whole.rank()) if member else 0
    communicator = whole.communicator.split(0 if member else None, key)
    if communicator is None:
        return NON_MEMBER
    name = whole.backend if backend is None else _checked(backend)
    group = Group(communicator, tuple(chosen), name)
    here().groups.append(group)
    return group


def get_process_group_ranks(group=None):
    """As `torch.distributed.get_process_group_ranks`."""
    return list(group_of(group).ranks)


def get_group_rank(group, global_rank):
    """As `torch.distributed.get_group_rank`."""
    return group_of(group).of(global_rank)


def get_global_rank(group, group_rank):
    """As `torch.distributed.get_global_rank`."""
    group = group_of(group)
    if not 0 <= group_rank < group.size():
        raise ValueError(f"group rank {group_rank} is none of the ranks 0 to {group.size() - 1}")
    return group.ranks[group_rank]


class _OfDefaultGroup(type):
    @property
    def WORLD(cls):
        """The default group; None before there is one."""
        return here().default


class GroupMember(metaclass=_OfDefaultGroup):
    """As `torch.distributed.GroupMember` and `torch.distributed.group`."""

    NON_GROUP_MEMBER = NON_MEMBER


def _checked(backend) -> str:
    """The name of a backend that torch has, or of one for each device, as in "cpu:gloo"."""
    name = "gloo" if backend is None else str(backend).lower()
    for part in name.split(","):
        if part.rpartition(":")[2] not in _Backend.backend_list:
            raise ValueError(
                f"unknown backend {backend!r}; use one of {', '.join(_Backend.backend_list)}"
            )
    return name
