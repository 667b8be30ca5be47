"""Puts what is simulated in the place of torch's own, and back."""

import concurrent.futures.process
import multiprocessing
import multiprocessing.managers
import multiprocessing.pool
import sys
from contextlib import contextmanager
from types import FunctionType

from simcore.distributed.shim import (
    collectives,
    groups,
    objects,
    point_to_point,
    queues,
    rooted,
    starting,
)
from simcore.distributed.shim.refusing import NoWorld, refusing
from simcore.distributed.with_torch import torch

SIMULATED = {
    each.__name__: each
    for each in (
        *(groups.init_process_group, groups.destroy_process_group, groups.is_initialized),
        *(groups.get_rank, groups.get_world_size, groups.get_backend, groups.new_group),
        *(groups.get_process_group_ranks, groups.get_group_rank, groups.get_global_rank),
        *(groups.GroupMember, point_to_point.P2POp, point_to_point.batch_isend_irecv),
        *(point_to_point.send, point_to_point.recv, point_to_point.isend, point_to_point.irecv),
        *(collectives.broadcast, collectives.all_reduce, collectives.all_gather),
        *(collectives.all_gather_into_tensor, collectives.reduce_scatter),
        *(collectives.reduce_scatter_tensor, collectives.all_to_all),
        *(collectives.all_to_all_single, collectives.barrier, collectives.monitored_barrier),
        *(rooted.reduce, rooted.gather, rooted.scatter),
        *(objects.all_gather_object, objects.gather_object, objects.broadcast_object_list),
        *(objects.scatter_object_list, objects.send_object_list, objects.recv_object_list),
    )
} | {
    "group": groups.GroupMember,
    # What newer versions of torch call two of them.
    "all_gather_single": collectives.all_gather_into_tensor,
    "reduce_scatter_single": collectives.reduce_scatter_tensor,
}
# Functions that say the same with one process and with many, or read the environment.
HARMLESS = {
    *("get_default_backend_for_device", "get_node_local_rank", "is_torchelastic_launched"),
    *("is_available", "is_backend_available", "supports_complex"),
    *("is_gloo_available", "is_mpi_available", "is_nccl_available"),
    *("is_ucc_available", "is_xccl_available", "get_debug_level"),
}
_SIMULATED_ARE = "its groups, sends, receives and collectives, of tensors and of objects, are"
_STORES = {"TCPStore", "FileStore", "HashStore"}
_RATHER = {
    **dict.fromkeys(
        ("init_device_mesh", "new_subgroups", "new_subgroups_by_enumeration", "split_group"),
        "make groups with new_group",
    ),
    **dict.fromkeys(
        ("all_reduce_coalesced", "all_gather_coalesced"),
        "call it for each tensor, with async_op=True",
    ),
    "DistributedDataParallel": "average gradients with all_reduce after backward",
}


@contextmanager
def replaced():
    """While it lasts, torch.distributed and what starts processes are those of the simulation."""
    new = list(_replacements())
    before = [(holder, name, vars(holder)[name]) for holder, name, _ in new]
    try:
        for holder, name, instead in new:
            setattr(holder, name, instead)
        yield
    finally:
        for holder, name, original in reversed(before):
            setattr(holder, name, original)


def _replacements():
    """(module or class, name of its attribute, what to put there), all of them."""
    dist = torch.distributed
    for module in (dist, dist.distributed_c10d):
        for name, value in list(vars(module).items()):
            if name in SIMULATED:
                yield module, name, SIMULATED[name]
            elif name in _STORES or (_is_public_function(name, value) and name not in HARMLESS):
                yield module, name, _refusal(name)
    yield dist.distributed_c10d, "_world", NoWorld()
    if hasattr(dist, "rpc"):
        yield dist.rpc, "init_rpc", _refusal("rpc.init_rpc")
    data_parallel = torch.nn.parallel.DistributedDataParallel
    yield data_parallel, "__init__", _refusal(data_parallel.__name__)
    for name in ("spawn", "start_processes"):
        yield torch.multiprocessing, name, starting.spawn
    for module in (multiprocessing, torch.multiprocessing):
        yield module, "Process", starting.RankProcess
        yield module, "set_start_method", starting.set_start_method
    pools = "a pool of processes", "use one of threads, or compute without"
    yield multiprocessing.pool.Pool, "Process", refusing(*pools)
    yield concurrent.futures.process.ProcessPoolExecutor, "__init__", refusing(*pools)
    managers = "a multiprocessing Manager", "hand over a SimpleQueue, or gather_object"
    yield multiprocessing.managers.BaseManager, "start", refusing(*managers)
    yield from queues.replacements()
    for context in _contexts():
        yield context, "Process", starting.RankProcess


def _is_public_function(name, value):
    # By its type: to ask `reduce_op` for its class is deprecated, and says so.
    public = type(value) is FunctionType and not name.startswith("_")
    return public and value.__module__.startswith("torch.distributed")


def _refusal(name):
    return refusing(f"torch.distributed's {name}", _RATHER.get(name, _SIMULATED_ARE))


def _contexts():
    context = sys.modules["multiprocessing.context"]
    kinds = ("SpawnContext", "ForkContext", "ForkServerContext", "DefaultContext")
    return [vars(context)[kind] for kind in kinds if kind in vars(context)]
