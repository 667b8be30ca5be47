"""What calls of torch.distributed do in a simulated script, on any number of ranks."""

import pytest

torch = pytest.importorskip("torch")

from simcore.distributed import Deadlock, MismatchedCollective, SizeMismatch, star  # noqa: E402
from simcore.distributed.errors import BufferModified, RankFailed, UnmatchedMessages  # noqa: E402

ANY_NUMBER_OF_RANKS = """
from torch.distributed import all_reduce, ReduceOp as Op
dist.init_process_group("gloo")
rank, ranks = dist.get_rank(), dist.get_world_size()

def given(rank, *shape):
    return torch.rand(shape, generator=torch.Generator().manual_seed(rank), dtype=torch.float64)

def check(got, expected):
    torch.testing.assert_close(got, expected)

for shape in ((1, 5), (4, 3), (7,), (2, 3, 5), (0,), ()):
    everybody = [given(member, *shape) for member in range(ranks)]
    stacked, mine = torch.stack(everybody), everybody[rank]
    for op, reduced in (
        (Op.SUM, stacked.sum(0)), (Op.AVG, stacked.mean(0)), (Op.PRODUCT, stacked.prod(0)),
        (Op.MAX, stacked.amax(0)), (Op.MIN, stacked.amin(0)),
    ):
        total = mine.clone()
        all_reduce(total, op)
        check(total, reduced)
        for root in range(ranks):
            total = mine.clone()
            dist.reduce(total, root, op)
            check(total, reduced if rank == root else mine)
        room = torch.empty_like(mine)
        dist.reduce_scatter(room, [mine + to for to in range(ranks)], op)
        shifted = torch.stack([each + rank for each in everybody])
        reductions = {
            Op.SUM: shifted.sum, Op.AVG: shifted.mean, Op.PRODUCT: shifted.prod,
            Op.MAX: shifted.amax, Op.MIN: shifted.amin,
        }
        check(room, reductions[op](0))
    rooms = [torch.empty_like(mine) for _ in range(ranks)]
    dist.all_gather(rooms, mine)
    check(torch.stack(rooms), stacked)
    dist.all_to_all(rooms, [mine * to for to in range(ranks)])
    check(torch.stack(rooms), stacked * rank)
    room = torch.empty_like(stacked)
    dist.all_gather_into_tensor(room, mine)
    check(room, stacked)
    room = torch.empty_like(mine)
    dist.reduce_scatter_tensor(room, torch.stack([mine * to for to in range(ranks)]))
    check(room, stacked.sum(0) * rank)
    for root in range(ranks):
        copy = mine.clone()
        dist.broadcast(copy, root)
        check(copy, everybody[root])
        rooms = [torch.empty_like(mine) for _ in range(ranks)] if rank == root else None
        dist.gather(mine, rooms, dst=root)
        if rooms:
            check(torch.stack(rooms), stacked)
        dist.scatter(copy, list(stacked * 2) if rank == root else None, src=root)
        check(copy, mine * 2)
work = dist.all_reduce(total := torch.ones(3), async_op=True)
asked = 0
while not work.is_completed():
    asked += 1
assert (asked > 0 or ranks == 1) and work.wait() and total.tolist() == [ranks] * 3
odd = dist.new_group(range(1, ranks, 2)) if ranks > 1 else None
if odd and rank % 2:
    total = torch.ones(2)
    dist.all_reduce(total, group=odd)
    check(total, torch.full((2,), ranks // 2, dtype=total.dtype))
    dist.broadcast(total, src=1, group=odd)
    assert dist.get_rank(odd) == rank // 2
objects = [None] * ranks
dist.all_gather_object(objects, "x" * rank)
assert objects == ["x" * member for member in range(ranks)]
print("right")
"""


@pytest.mark.parametrize("ranks", [1, 2, 3, 5])
def test_collectives_are_right_for_every_shape(simulated, ranks):
    printed, _ = simulated(ANY_NUMBER_OF_RANKS, ranks=ranks)
    assert printed == ["right"] * ranks


def test_what_follows_a_work_is_done_whoever_is_waited_for(simulated):
    printed, _ = simulated(
        """
        dist.init_process_group("gloo")
        first, second = torch.ones(2), torch.ones(2)
        work = dist.all_reduce(first, async_op=True)
        halved = work.get_future().then(lambda future: future.value()[0] / 2)
        halved.add_done_callback(lambda future: print("halved", future.wait().tolist()))
        work.wait()
        work = dist.all_reduce(second, async_op=True)
        more = work.get_future().then(lambda future: future.value()[0] + 1)
        print(halved.done(), halved.value().tolist(), more.wait().tolist())
        """,
        ranks=2,
    )
    assert sorted(printed) == 2 * ["True [1.0, 1.0] [3.0, 3.0]"] + 2 * ["halved [1.0, 1.0]"]


def test_the_background_may_fill_what_was_made_in_inference_mode(simulated):
    printed, _ = simulated(
        """
        dist.init_process_group("gloo")
        rank = dist.get_rank()
        with torch.inference_mode():
            one = [torch.full((2,), rank + 1.0) for _ in range(8)]
            pairs = [torch.zeros(2) for _ in range(2)]
            rooms = [torch.zeros(2), torch.zeros(2)] if rank == 0 else None
            parts = [torch.ones(2), torch.ones(2) * 2] if rank == 0 else None
            for work in [
                dist.all_reduce(one[0], async_op=True),
                dist.reduce(one[1], 0, op=dist.ReduceOp.AVG, async_op=True),
                dist.broadcast(one[2], 1, async_op=True),
                dist.all_gather(pairs, one[3], async_op=True),
                dist.gather(one[3], rooms, async_op=True),
                dist.scatter(one[4], parts, async_op=True),
                dist.reduce_scatter(one[5], [one[6], one[6]], async_op=True),
                dist.all_to_all_single(one[7], one[6], async_op=True),
            ]:
                work.wait()
        print(*(int(x[0] * 2) for x in [*one, *pairs, *(rooms or [])]))
        """,
        ranks=2,
    )
    assert sorted(printed) == ["6 3 4 2 2 6 2 2 2 4 2 4", "6 4 4 4 4 6 4 2 2 4"]


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_functions_of_torch_that_communicate_through_it(simulated):
    """Those of torch.distributed.nn, which have gradients."""
    printed, _ = simulated(
        """
        import torch.distributed.nn.functional as functional
        dist.init_process_group("gloo")
        tensor = torch.full((2,), dist.get_rank() + 1.0, requires_grad=True)
        total = functional.all_reduce(tensor, group=dist.group.WORLD)
        (total * (dist.get_rank() + 1)).sum().backward()
        print(total.tolist(), tensor.grad.tolist())
        """,
        ranks=2,
    )
    assert printed == ["[3.0, 3.0] [3.0, 3.0]"] * 2


PING = """
dist.init_process_group("gloo")
room = torch.zeros(250_000)
if dist.get_rank() == 0:
    dist.send(room, 1)
else:
    dist.recv(room, 0)
"""


def test_a_send_takes_its_latency_and_its_bytes(simulated):
    """α + Mβ, of 1 MB at 1 GB/s and 1 ms."""
    _, run = simulated(PING, ranks=2, network=star(1e9, 1e-3))
    assert run.seconds == pytest.approx(1e-3 + 1e6 / 1e9, rel=1e-12)


def test_a_script_simulated_again_gives_the_same_trace(simulated):
    traces = [simulated(ANY_NUMBER_OF_RANKS, ranks=3)[1].trace for _ in range(2)]
    assert traces[0].spans.equals(traces[1].spans)
    assert traces[0].messages.equals(traces[1].messages)
    assert len(traces[0].messages) > 100


INIT = "dist.init_process_group('gloo')\nrank = dist.get_rank()\n"
WRONG = {
    "both send first": (
        Deadlock,
        "dist.send(torch.ones(3), 1 - rank)\ndist.recv(torch.ones(3), 1 - rank)",
        r"(?s)rank 0 waits in send \(12 bytes, tag 0\) for rank 1 .* at .*script\.py:6.*circle",
    ),
    "other collectives": (
        MismatchedCollective,
        "dist.barrier() if rank else dist.all_reduce(torch.ones(3))",
        r"all_reduce .* at .*script\.py:6",
    ),
    "other roots": (
        MismatchedCollective,
        "dist.gather(torch.ones(1), [torch.ones(1)] * 2, dst=rank)",
        "root 0.*root 1",
    ),
    "other sizes": (SizeMismatch, "dist.all_reduce(torch.ones(3 + rank))", "12 bytes.*16 bytes"),
    "one rank is missing": (Deadlock, "if rank:\n    dist.barrier()", "its program has ended"),
    "changed too early": (
        BufferModified,
        "data = torch.ones(3)\n"
        "if rank:\n    dist.recv(data, 0)\n"
        "else:\n    work = dist.isend(data, 1)\n    data += 1\n    work.wait()",
        "rank 0 changed the payload",
    ),
    "nobody receives": (
        UnmatchedMessages,
        "if rank:\n    dist.isend(torch.ones(3), 0)",
        r"rank 1: isend of 12 bytes to rank 0 with tag 0, at .*script\.py:7",
    ),
    "the script fails": (
        RankFailed,
        "if rank:\n    raise KeyError('weights')\ndist.barrier()",
        r"rank 1 raised KeyError: 'weights', at .*script\.py:7",
    ),
    "no such rank": (RankFailed, "dist.send(torch.ones(1), 7)", "rank 7 does not belong"),
    "gaps": (RankFailed, "dist.all_reduce(torch.ones(4, 4)[:, ::2])", "has gaps in memory"),
    "not contiguous": (
        RankFailed,
        "dist.scatter(torch.ones(2, 2).t(), src=0)",
        "tensor is not contiguous",
    ),
    "not initialised": (
        RankFailed,
        "dist.destroy_process_group()\ndist.barrier()",
        "has not been initialized",
    ),
    "destroyed": (
        RankFailed,
        "group = dist.new_group([0, 1])\ndist.destroy_process_group(group)\n"
        "dist.barrier(group=group)",
        "was destroyed",
    ),
    "another thread": (
        RankFailed,
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(1) as pool:\n    pool.submit(dist.barrier).result()",
        "from a thread that the script has started",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_goes_wrong_is_told_with_its_line_in_the_script(simulated, case):
    error, text, told = WRONG[case]
    with pytest.raises(error, match=told):
        simulated(INIT + text, ranks=2)
