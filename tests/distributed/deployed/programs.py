"""Programs that run on real processes, which find them by name."""

import os
import time

import numpy as np
import torch

from simcore.distributed import Communicator, Reduction, Virtual
from simcore.distributed.collectives import PROFILES
from simcore.distributed.deployed.together import Together
from simcore.distributed.deployed.transport import Deployed, DeployedTransport

DTYPES = ("float32", "float64", "float16", "bfloat16", "int32", "int64", "uint8", "complex64")
ORDERED = [Reduction.MAX, Reduction.MIN]


def everything(comm):
    """What each of many communications gave on this rank, by name."""
    results = {}
    for part in (messages, reductions, gatherings, scatterings, broadcasts, groups, in_background):
        with comm.region(part.__name__):
            for name, value in part(comm):
                results[f"{part.__name__}: {name}"] = value
    return results


def random_tensor(comm, dtype, *shape, salt=0):
    """Values of this rank, of any signs and sizes, so that the order of adding shows."""
    chance = np.random.default_rng([comm.rank, salt])
    values = torch.from_numpy(chance.normal(scale=30.0, size=shape))
    return (values.abs() if dtype == "uint8" else values).to(getattr(torch, dtype))


def layouts(comm, dtype):
    """Tensors with the same values, in memory in other ways."""
    whole = random_tensor(comm, dtype, 6, 10)
    yield "contiguous", whole
    yield "transposed", whole.t()
    yield "every second column", whole[:, ::2]
    yield "one-dimensional", whole[0]
    yield "a column", whole[:, 1]
    yield "a number", whole[0, 0]
    yield "empty", whole[:0]


def messages(comm):
    """Sends and receives of every kind of payload."""
    after, before = (comm.rank + 1) % comm.size, (comm.rank - 1) % comm.size
    for dtype in DTYPES:
        for layout, tensor in layouts(comm, dtype):
            into = torch.zeros_like(tensor)
            comm.sendrecv(tensor, after, into, before)
            yield f"{dtype} {layout}", into
    columns = torch.zeros(10, 6).t()
    comm.sendrecv(random_tensor(comm, "float32", 6, 10), after, columns, before)
    yield "into transposed", columns
    flags = np.zeros((3, 4), bool)
    comm.sendrecv(np.random.default_rng(comm.rank).random((4, 3)).T > 0.5, after, flags, before)
    yield "array", flags
    said = bytearray(9)
    comm.sendrecv(b"i am %04d" % comm.rank, after, said, before)
    yield "bytes", bytes(said)
    # Tags, not the order of posting, say which is which.
    first, second = torch.zeros(3), torch.zeros(3)
    works = [comm.irecv(second, before, tag=2), comm.irecv(first, before, tag=1)]
    works += [comm.isend(torch.full((3,), float(tag)), after, tag=tag) for tag in (1, 2)]
    for work in works:
        work.wait()
    yield "crossed tags", torch.stack([first, second])
    with torch.inference_mode():
        weights = random_tensor(comm, "float32", 4)
        comm.sendrecv(weights.clone(), after, weights, before)
        yield "inference mode", weights.clone()
    leaf = random_tensor(comm, "float32", 4).requires_grad_()
    comm.sendrecv(leaf.detach().clone(), after, leaf, before)
    yield "requires gradients", leaf.detach()
    own = comm.isend(torch.tensor([comm.rank]), comm.rank)
    yield "to itself", comm.recv(torch.tensor([-1]), comm.rank)
    own.wait()


def reductions(comm):
    """all_reduce of every type and layout, of more and fewer elements than ranks."""
    for dtype in DTYPES:
        for layout, tensor in layouts(comm, dtype):
            yield f"{dtype} {layout}", comm.all_reduce(tensor)
        for op in Reduction:
            if dtype != "complex64" or op not in ORDERED:
                yield f"{dtype} {op.value}", comm.all_reduce(random_tensor(comm, dtype, 13), op)
    large = random_tensor(comm, "float32", 301, 33)
    yield "large", comm.all_reduce(large)
    yield "array", comm.all_reduce(large.numpy()[:, ::3])


def gatherings(comm):
    """all_gather and all_to_all, of equal and of uneven sizes."""
    for layout, tensor in layouts(comm, "bfloat16"):
        yield layout, comm.all_gather(tensor)
    mine = random_tensor(comm, "float32", comm.rank, 3)
    yield "uneven", comm.all_gather(mine, into=[torch.zeros(r, 3) for r in range(comm.size)])
    yield "virtual", comm.all_gather(Virtual(1000 + 0 * comm.rank))
    parts = [random_tensor(comm, "float64", 2, 5, salt=to).t() for to in range(comm.size)]
    yield "all to all", comm.all_to_all(parts)
    parts = [random_tensor(comm, "int32", comm.rank + to, salt=to) for to in range(comm.size)]
    into = [torch.zeros(comm.rank + source, dtype=torch.int32) for source in range(comm.size)]
    yield "all to all, uneven", comm.all_to_all(parts, into=into)


def scatterings(comm):
    """reduce_scatter, of equal and of uneven sizes."""
    for dtype in DTYPES:
        parts = [random_tensor(comm, dtype, 3, 4, salt=to).t() for to in range(comm.size)]
        yield dtype, comm.reduce_scatter(parts)
    parts = [random_tensor(comm, "float32", 5 * to, salt=to) for to in range(comm.size)]
    yield "uneven", comm.reduce_scatter(parts, Reduction.MAX)


def broadcasts(comm):
    """broadcast from each rank, in place, and a barrier between them."""
    for root in range(comm.size):
        for layout, tensor in layouts(comm, "float16"):
            yield f"{layout} from {root}", comm.broadcast(tensor.clone(), root)
        comm.barrier()
        said = bytearray(b"%03d" % comm.rank)
        comm.broadcast(said, root)
        yield f"bytes from {root}", bytes(said)


def groups(comm):
    """Collectives of groups, whose ranks are in another order than those of all."""
    half = comm.split(comm.rank % 2, key=-comm.rank)
    yield "rank", (half.rank, half.size)
    yield "sum", half.all_reduce(random_tensor(comm, "float32", 11))
    yield "gathered", half.all_gather(torch.tensor([comm.rank]))
    yield "parts", half.reduce_scatter([torch.full((2,), float(r)) for r in range(half.size)])
    yield "all to all", half.all_to_all([torch.tensor([comm.rank, r]) for r in range(half.size)])
    yield "root", half.broadcast(torch.tensor([comm.rank]), half.size - 1)
    some = comm.split(0 if comm.rank < 2 else None)
    yield "of some", None if some is None else some.all_reduce(random_tensor(comm, "float16", 5))
    again = half.split(0)
    yield "of a group", again.all_gather(torch.tensor([comm.rank]))


def in_background(comm):
    """Collectives under way at the same time, waited for in another order."""
    tensors = [random_tensor(comm, "float32", 40 + step, salt=step) for step in range(4)]
    works = [comm.all_reduce(tensor, wait=False) for tensor in tensors]
    works.append(comm.all_gather(tensors[0], wait=False))
    yield "between", comm.all_reduce(tensors[1], Reduction.MIN)
    for step, work in reversed(list(enumerate(works))):
        yield f"{step}", work.wait()


def in_batches(comm):
    """`everything`, by a communicator whose messages set out in batches."""
    group = Together(torch.distributed.group.WORLD)
    deployed = Deployed(group, torch.device("cpu"), time.monotonic())
    results = everything(Communicator(DeployedTransport(deployed), PROFILES["portable"]))
    deployed.finish()
    return results


def one_computes_while_others_hang(comm):
    while comm.rank == 0:
        time.sleep(0.01)
    comm.send(b"x", 3 - comm.rank)


def one_raises(comm):
    comm.barrier()
    if comm.rank == 1:
        raise ValueError("no such expert")
    comm.recv(bytearray(1), 1)


def one_leaves(comm):
    comm.barrier()
    if comm.rank == 1:
        os._exit(7)
    comm.recv(bytearray(1), 1)


def one_returns_what_cannot_be_brought(comm):
    return lambda: comm


def own_process(comm):
    """Of each rank: its process, and what torch may compute with."""
    return os.getpid(), torch.get_num_threads()
