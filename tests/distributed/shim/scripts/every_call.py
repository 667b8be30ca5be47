"""Makes every call of torch.distributed that is simulated, and keeps what it gives.

Plain torch: `python every_call.py FOLDER` runs it on two processes, each of which writes
FOLDER/RANK.pt.
"""

import os
import random
import sys
from pathlib import Path

import counted
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch.distributed import ReduceOp

RANKS = 2
drawn_by_this_process = []
kept = {}


class Note:
    """An object of the script's own, for what is pickled."""

    def __init__(self, text):
        self.text = text


def numbers(*shape, dtype=torch.float32):
    """Values that differ from rank to rank."""
    return (torch.randn(shape) * 10).to(dtype)


def keep(name, *values):
    """Keep what a call gave."""
    kept[name] = values


def keep_error(name, call):
    """Keep what type of error a call raises."""
    try:
        call()
    except (ValueError, RuntimeError, TypeError) as error:
        keep(name, isinstance(error, TypeError))


def reductions():
    """Every reduction and element type; batches, one dimension, odd strides, nothing."""
    for op in ("SUM", "AVG", "PRODUCT", "MIN", "MAX"):
        for shape in ((5,), (3, 2, 2), (1, 7), (0,), ()):
            tensor = numbers(*shape)
            dist.all_reduce(tensor, getattr(ReduceOp, op))
            keep(f"all_reduce {op} {shape}", tensor)
    for dtype in (torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32):
        tensor = numbers(9, dtype=dtype)
        dist.all_reduce(tensor)
        keep(f"all_reduce {dtype}", tensor)
    for dtype in (torch.int8, torch.uint8, torch.bool):
        tensor = torch.tensor([1, 0, 1], dtype=dtype)
        dist.all_reduce(tensor)
        keep(f"all_reduce {dtype}", tensor)
    tensor = torch.complex(numbers(3), numbers(3))
    dist.all_reduce(tensor)
    keep("all_reduce complex", tensor)
    turned = numbers(3, 4).t()
    dist.all_reduce(turned, op=ReduceOp.MAX)
    keep("all_reduce turned", turned)
    tensor = numbers(1000, 33)
    dist.all_reduce(tensor)
    keep("all_reduce large", tensor)


def gradients():
    """What is written behind the back of automatic differentiation."""
    layer = torch.nn.Linear(4, 3)
    for parameter in layer.parameters():
        dist.broadcast(parameter.data, 0)
    layer(numbers(5, 4)).pow(2).sum().backward()
    for parameter in layer.parameters():
        dist.all_reduce(parameter.grad, op=ReduceOp.AVG)
    keep("gradients", *(parameter.grad for parameter in layer.parameters()))
    weight = torch.nn.Parameter(numbers(3))
    squared = weight * weight
    dist.all_reduce(weight)
    squared.sum().backward()
    keep("gradient of what was reduced after", weight, weight.grad)


def whole_groups(rank):
    """Collectives without a reduction, and with a root."""
    for root in range(RANKS):
        tensor = numbers(2, 3)
        dist.broadcast(tensor, root)
        keep(f"broadcast {root}", tensor)
        tensor = numbers(7)
        dist.broadcast(tensor, src=root, async_op=True).wait()
        keep(f"broadcast async {root}", tensor)
        tensor = numbers(2, 3)
        dist.reduce(tensor, root)
        keep(f"reduce {root}", *([tensor] if rank == root else []))
        rooms = [torch.zeros(2, 2) for _ in range(RANKS)] if rank == root else None
        dist.gather(numbers(2, 2), rooms, dst=root)
        keep(f"gather {root}", *(rooms or []))
        room = torch.zeros(3)
        dist.scatter(room, [numbers(3) for _ in range(RANKS)] if rank == root else None, src=root)
        keep(f"scatter {root}", room)
    rooms = [torch.zeros(3, 4) for _ in range(RANKS)]
    dist.all_gather(rooms, numbers(3, 4))
    keep("all_gather", *rooms)
    wide = numbers(3, 8)
    dist.all_gather([wide[:, ::4], wide[:, 1::4]], numbers(2, 3).t())
    keep("all_gather strided", wide)
    rooms = [torch.zeros(4) for _ in range(RANKS)]
    work = dist.all_gather(rooms, numbers(4), async_op=True)
    keep("all_gather async", work.wait(), *rooms)
    room = torch.zeros(RANKS * 3, 4)
    dist.all_gather_into_tensor(room, numbers(3, 4))
    keep("all_gather_into_tensor", room)
    dist.all_gather_into_tensor(room, numbers(4, 3).t())
    keep("all_gather_into_tensor turned", room)
    for op in ("SUM", "MAX"):
        room = torch.zeros(2, 2)
        dist.reduce_scatter(room, [numbers(2, 2) for _ in range(RANKS)], getattr(ReduceOp, op))
        keep(f"reduce_scatter {op}", room)
    room = torch.zeros(3)
    dist.reduce_scatter_tensor(room, numbers(RANKS * 3))
    keep("reduce_scatter_tensor", room)
    rooms = [torch.zeros(2) for _ in range(RANKS)]
    dist.all_to_all(rooms, [numbers(2) for _ in range(RANKS)])
    keep("all_to_all", *rooms)
    room = torch.zeros(4, 3)
    dist.all_to_all_single(room, numbers(4, 3))
    keep("all_to_all_single", room)
    sent, come = ([1, 2], [1, 3]) if rank == 0 else ([3, 4], [2, 4])
    room = torch.zeros(sum(come))
    dist.all_to_all_single(room, numbers(sum(sent)), come, sent)
    keep("all_to_all_single uneven", room)
    dist.barrier()
    dist.monitored_barrier()
    keep("barrier async", dist.barrier(async_op=True).wait())
    tensor = numbers(3)
    work = dist.all_reduce(tensor, async_op=True)
    work.wait()
    keep("async", work.is_completed(), work.get_future().value(), tensor)


def one_to_another(rank):
    """Sends and receives."""
    other = 1 - rank
    tensor = numbers(2, 3)
    if rank == 0:
        dist.send(tensor, other)
        keep("send", dist.recv(tensor, other, tag=7), tensor)
    else:
        room = torch.zeros(6)
        keep("recv", dist.recv(room, other), room)
        dist.send(room, dst=0, tag=7)
    room, sent = torch.zeros(5), numbers(5)
    works = [dist.isend(sent, other), dist.irecv(room, other)]
    keep("isend, irecv", [work.wait() for work in works], room)
    room, sent = torch.zeros(2), numbers(2)
    works = dist.batch_isend_irecv(
        [dist.P2POp(dist.isend, sent, other), dist.P2POp(dist.irecv, room, other)]
    )
    for work in works:
        work.wait()
    keep("batch_isend_irecv", room)
    # Tags keep apart what is received in another order than sent.
    first, second = numbers(3), numbers(3)
    works = [dist.isend(first, other, tag=1), dist.isend(second, other, tag=2)]
    rooms = torch.zeros(3), torch.zeros(3)
    dist.recv(rooms[1], other, tag=2)
    dist.recv(rooms[0], other, tag=1)
    for work in works:
        work.wait()
    keep("tags", *rooms)


def groups(rank):
    """Groups of some, of all in another order, and what those who are outside get."""
    alone = [dist.new_group([member]) for member in range(RANKS)]
    both = dist.new_group([1, 0])
    keep("ranks of groups", [dist.get_rank(group) for group in alone])
    keep("sizes of groups", [dist.get_world_size(group) for group in alone])
    keep("both", dist.get_process_group_ranks(both), dist.get_rank(both), both.size())
    keep("global rank", dist.get_global_rank(both, 1), dist.get_group_rank(both, 1))
    tensor = numbers(3)
    dist.broadcast(tensor, 1, group=both)
    dist.all_reduce(tensor, group=alone[rank])
    keep("in groups", tensor.clone())
    keep("outside", dist.all_reduce(numbers(3), group=alone[1 - rank]))
    dist.all_reduce(tensor, group=dist.group.WORLD)
    keep("group.WORLD", tensor, dist.group.WORLD.size())
    dist.destroy_process_group(both)


def objects(rank):
    """Any objects: those of the script, too."""
    found = [None] * RANKS
    dist.all_gather_object(found, {"rank": rank, "note": Note("a" * rank)})
    keep("all_gather_object", [(each["rank"], each["note"].text) for each in found])
    given = [Note("first"), [1, 2, 3]] if rank == 1 else [None, None]
    dist.broadcast_object_list(given, src=1)
    keep("broadcast_object_list", given[0].text, given[1])
    found = [None] * RANKS if rank == 0 else None
    dist.gather_object("x" * (rank + 1), found, dst=0)
    keep("gather_object", found)
    mine = [None]
    dist.scatter_object_list(mine, [{"to": 0}, ["to", 1]] if rank == 0 else None, src=0)
    keep("scatter_object_list", mine)
    if rank == 0:
        dist.send_object_list([1.5, "two"], dst=1)
    else:
        found = [None, None]
        keep("recv_object_list", dist.recv_object_list(found, src=0), found)


def own_state(rank):
    """What is global in a process is not shared by ranks."""
    torch.manual_seed(rank)
    random.seed(rank)
    draws = []
    for _ in range(3):
        draws.append((float(torch.rand(1)), random.random()))
        dist.barrier()
    keep("draws", draws)
    for i in range(rank + 1):
        drawn_by_this_process.append(i)
        counted.count()
        dist.barrier()
    for _ in range(RANKS - rank):
        dist.barrier()
    keep("globals", drawn_by_this_process, counted.calls)
    os.environ["OF_RANK"] = str(rank)
    dist.barrier()
    keep("environment", os.environ["OF_RANK"], os.getenv("RANK"))


def mistakes(rank):
    """What is refused before anything is sent."""
    turned = numbers(3, 3).t()
    keep_error("not contiguous", lambda: dist.send(turned, 1 - rank))
    keep_error("to itself", lambda: dist.send(numbers(3), rank))
    keep_error("no tensor", lambda: dist.all_reduce([1.0]))
    keep_error("both roots", lambda: dist.broadcast(turned, 0, group_src=0))
    keep_error("too few rooms", lambda: dist.all_gather([turned], numbers(3)))
    keep_error("twice", lambda: dist.init_process_group("gloo", rank=rank, world_size=RANKS))


def main(rank, folder):
    """What each process does."""
    torch.set_num_threads(1)
    keep("before", dist.is_available(), dist.is_initialized())
    dist.init_process_group("gloo", rank=rank, world_size=RANKS)
    keep("world", dist.get_rank(), dist.get_world_size(), dist.get_backend(), __name__)
    own_state(rank)
    reductions()
    gradients()
    whole_groups(rank)
    one_to_another(rank)
    groups(rank)
    objects(rank)
    mistakes(rank)
    dist.destroy_process_group()
    keep("after", dist.is_initialized())
    torch.save(kept, Path(folder) / f"{rank}.pt")


if __name__ == "__main__":
    os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
    os.environ.setdefault("MASTER_PORT", "29519")
    mp.spawn(main, args=(sys.argv[1],), nprocs=RANKS)
