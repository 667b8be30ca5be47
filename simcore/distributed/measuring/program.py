"""The program that measures a network, and what its trace says of it."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from simcore.distributed.measuring.shapes import OPERATIONS
from simcore.distributed.trace import SpanKind
from simcore.errors import PdscopeError

MEASURED = "measured"
"""The region of what is measured, apart from warming up and from barriers."""

MOST_RANKS = 64
MOST_SIZE = 2**30
MOST_HELD = 2**34
"""Bytes that all ranks together may hold, in gathering the largest size."""
MOST_TESTS = 100_000


@dataclass(frozen=True)
class Measurement:
    """One operation at one size [byte], in one round."""

    operation: str
    nbytes: int
    round: int


def sizes_up_to(most_bytes: int, *, factor: int = 2) -> tuple[int, ...]:
    """1 byte, and `factor` times as much each time, up to `most_bytes`."""
    sizes = [1]
    while sizes[-1] * factor <= most_bytes:
        sizes.append(sizes[-1] * factor)
    return tuple(sizes)


def measurements(
    operations: Sequence[str], sizes: Sequence[int], rounds: int, seed: int
) -> tuple[Measurement, ...]:
    """Every operation at every size once a round, in an order of each round's own.

    Rounds are interleaved so that what changes with time (other programs, clocks of processors)
    meets all sizes alike; the order is shuffled so that none always follows the same other.
    """
    order = random.Random(seed)
    found = []
    for number in range(rounds):
        turn = [Measurement(name, size, number) for name in operations for size in sizes]
        order.shuffle(turn)
        found += turn
    return tuple(found)


def measure(comm, tests: Sequence[Measurement]) -> None:
    """Run `tests`, each after a barrier; a program, whose trace has the times.

    Before them each operation is run once at its largest size, so that connections are open and
    memory is there.
    """
    largest = {}
    for test in tests:
        largest[test.operation] = max(test.nbytes, largest.get(test.operation, 0))
    for name, nbytes in largest.items():
        _run(comm, name, nbytes)
    for test in tests:
        comm.barrier()
        with comm.region(MEASURED):
            _run(comm, test.operation, test.nbytes)


def _run(comm, operation, nbytes):
    payload = np.zeros(nbytes // 4, np.float32) if nbytes % 4 == 0 else np.zeros(nbytes, np.uint8)
    match operation:
        case "send":
            if comm.rank == 0:
                comm.send(payload, 1)
            elif comm.rank == 1:
                comm.recv(payload, 0)
        case "broadcast":
            comm.broadcast(payload, 0)
        case "all_gather":
            comm.all_gather(payload)
        case "all_reduce":
            comm.all_reduce(payload)
        case _:
            raise PdscopeError(
                f"unknown operation {operation!r}; use one of {', '.join(OPERATIONS)}"
            )


def samples_of(run, tests: Sequence[Measurement]) -> pd.DataFrame:
    """The times of `tests`, from the trace of a run of `measure`.

    A test lasts from when the last of its ranks begins until the last one ends: who leaves the
    barrier early has to wait, and that is no time of the operation.

    Parameters
    ----------
    run : what `deploy` or `simulate` returned

    Returns
    -------
    A table with columns operation, ranks, nbytes, round, seconds.
    """
    spans = run.trace.spans
    spans = spans[(spans["region"] == MEASURED) & (spans["kind"] == SpanKind.COMMUNICATION.value)]
    spans = spans.sort_values(["rank", "sequence"], kind="stable")
    begun, ended = np.full(len(tests), -np.inf), np.full(len(tests), -np.inf)
    among_two = np.array([test.operation == "send" for test in tests], dtype=bool)
    for rank, mine in spans.groupby("rank", sort=True):
        taken = np.flatnonzero(~among_two) if rank > 1 else np.arange(len(tests))
        if len(mine) != len(taken):
            raise PdscopeError(
                f"rank {rank} recorded {len(mine)} operations of {len(taken)}; measure anew"
            )
        begun[taken] = np.maximum(begun[taken], mine["start_s"].to_numpy())
        ended[taken] = np.maximum(ended[taken], mine["end_s"].to_numpy())
    return pd.DataFrame(
        {
            "operation": [test.operation for test in tests],
            "ranks": run.ranks,
            "nbytes": [test.nbytes for test in tests],
            "round": [test.round for test in tests],
            "seconds": ended - begun,
        }
    )


def measure_network(
    runner: Callable,
    *,
    ranks: Sequence[int],
    operations: Sequence[str] = OPERATIONS,
    sizes: Sequence[int],
    rounds: int,
    seed: int,
) -> pd.DataFrame:
    """Measure a network; the table that `fit_profile` takes.

    Parameters
    ----------
    runner : runs a program: (program, ranks, args=…) to a `Run`; `deploy`, or `simulate`
    ranks : numbers of ranks, one run each
    sizes : M [byte]
    rounds : how often to measure each size of each operation
    seed : of the order in which they take turns

    Raises
    ------
    PdscopeError : for too few or too many ranks, sizes and rounds, and unknown operations
    """
    check_extent(ranks=ranks, operations=operations, sizes=sizes, rounds=rounds)
    tests = measurements(operations, sizes, rounds, seed)
    parts = [samples_of(runner(measure, count, args=(tests,)), tests) for count in ranks]
    return pd.concat(parts, ignore_index=True)


def check_extent(*, ranks, operations, sizes, rounds) -> None:
    """Raises PdscopeError for what cannot be measured, or not with what a machine has."""
    for operation in operations:
        if operation not in OPERATIONS:
            raise PdscopeError(
                f"unknown operation {operation!r}; use one of {', '.join(OPERATIONS)}"
            )
    for count in ranks:
        if not 2 <= count <= MOST_RANKS:
            raise PdscopeError(f"ranks = {count} is out of range; use 2 to {MOST_RANKS}")
        if count * (count + 1) * max(sizes) > MOST_HELD:
            raise PdscopeError(
                f"{count} ranks that gather {max(sizes):,} bytes of each hold more than "
                f"{MOST_HELD:,} bytes; measure fewer ranks or smaller sizes"
            )
    if len(sizes) < 3 or max(sizes) > MOST_SIZE:
        raise PdscopeError(f"sizes up to {max(sizes):,} bytes; use 4 to {MOST_SIZE:,}")
    if rounds < 2 or rounds * len(sizes) * len(operations) > MOST_TESTS:
        raise PdscopeError(
            f"rounds = {rounds} is out of range; use 2 to "
            f"{MOST_TESTS // (len(sizes) * len(operations)):,}"
        )
