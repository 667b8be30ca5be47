"""What a message of a simulated program costs, with real tensors and with virtual payloads.

    python benchmarks/distributed_messages.py

Each program runs as users' programs do, its trace recorded; tables are not made. Times are the
best of several, of the clock and of the processor, for a message: a payload from one rank to
another, whatever call it belongs to. Beside them stand the times that are published of Uniference,
and those of a prototype of this simulator, which had the threads and no more.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from simcore.distributed import Virtual, simulate, star
from simcore.distributed.collectives import PROFILES
from simcore.distributed.collectives.halving_doubling_all_reduce import (
    halving_doubling_all_reduce,
)
from simcore.distributed.with_torch import torch

RANKS = (2, 8, 32)
UNIFERENCE_US = dict(zip(RANKS, (398, 548, 2484), strict=True))
PROTOTYPE_US = dict(zip(RANKS, (74, 71, 39), strict=True))
NETWORK = star(12.5e9, 10e-6)
ELEMENTS = 4096
MESSAGES = 2000
ROUNDS = 20


@dataclass(frozen=True)
class Case:
    """A program, how often each rank of it goes round, and what it sends."""

    name: str
    program: Callable
    messages_a_round: Callable[[int], int]


def ring(comm, rounds, payload):
    """Everybody sends to the next rank and receives from the one before."""
    into = payload()
    after, before = (comm.rank + 1) % comm.size, (comm.rank - 1) % comm.size
    mine = payload()
    for _ in range(rounds):
        comm.sendrecv(mine, after, into, before)


def ping_pong(comm, rounds, payload):
    """Ranks 0 and 1, 2 and 3, … send back and forth."""
    mine = payload()
    peer = comm.rank ^ 1
    for _ in range(rounds):
        if comm.rank < peer:
            comm.send(mine, peer)
            comm.recv(mine, peer)
        else:
            comm.recv(mine, peer)
            comm.send(mine, peer)


def all_reduce(comm, rounds, payload):
    """One all-reduce after the other."""
    mine = payload()
    for _ in range(rounds):
        comm.all_reduce(mine)


def tensor():
    """A payload with values."""
    return torch.ones(ELEMENTS)


def virtual():
    """One without, of the same size."""
    return Virtual(4 * ELEMENTS)


CASES = (
    Case("ring of sendrecv", ring, lambda ranks: ranks),
    Case("ping-pong in pairs", ping_pong, lambda ranks: ranks),
    Case("all_reduce, ring", all_reduce, lambda ranks: 2 * ranks * (ranks - 1)),
)
HALVING_DOUBLING = replace(PROFILES["portable"], all_reduce=halving_doubling_all_reduce)


def main():
    torch.set_num_threads(1)
    print(f"real tensors of {4 * ELEMENTS:,} bytes, us a message: clock (processor)")
    heads = "".join(f"{f'{ranks} ranks':>20}" for ranks in RANKS)
    print(f"  {'':28}{heads}")
    for case in CASES:
        columns = [best(case, ranks, tensor) for ranks in RANKS]
        cells = (f"{wall * 1e6:9.1f} ({cpu * 1e6:.1f})" for wall, cpu in columns)
        print(f"  {case.name:28}" + "".join(f"{cell:>20}" for cell in cells))
    for name, published in (("prototype", PROTOTYPE_US), ("Uniference", UNIFERENCE_US)):
        print(f"  {name:28}" + "".join(f"{published[ranks]:>20}" for ranks in RANKS))
    print("1,024 ranks, virtual payloads")
    for name, program, rounds, profile in (
        ("ring of sendrecv, 10 rounds", ring, 10, "portable"),
        ("all_reduce, halving-doubling", all_reduce, 1, HALVING_DOUBLING),
    ):
        sent, wall, cpu = timed(program, 1024, rounds, virtual, profile, repeated=3)
        print(
            f"  {name:28}{wall:8.2f} s, {sent:,} messages, {wall / sent * 1e6:.1f} "
            f"({cpu / sent * 1e6:.1f}) us each"
        )


def best(case, ranks, payload) -> tuple[float, float]:
    """Best time of a message [s], by the clock and by the processor."""
    a_round = case.messages_a_round(ranks)
    rounds = max(MESSAGES // a_round, 1)
    sent, wall, cpu = timed(case.program, ranks, rounds, payload, "portable", repeated=ROUNDS)
    assert sent == rounds * a_round
    return wall / sent, cpu / sent


def timed(program, ranks, rounds, payload, profile, *, repeated):
    """Messages of a run, and its best times of so many [s], by the clock and by the processor."""
    walls, cpus = [], []
    for _ in range(repeated):
        started, busy = time.perf_counter(), time.process_time()
        run = simulate(program, ranks, args=(rounds, payload), network=NETWORK, profile=profile)
        walls.append(time.perf_counter() - started)
        cpus.append(time.process_time() - busy)
    return len(run.trace.message_rows), min(walls), min(cpus)


if __name__ == "__main__":
    main()
