"""Programs that do what they must not: the simulation says so even where Gloo lets it pass."""

import numpy as np

from simcore.distributed import (
    BufferModified,
    MismatchedCollective,
    ProgramError,
    RankFailed,
    Reduction,
    SizeMismatch,
    UnmatchedMessages,
)
from tests.distributed.corpus.case import End, Reported, case, numbers, room


@case(
    reported=Reported(MismatchedCollective, says=("all_reduce", "broadcast", "same order")),
    native=End.HANGS,
    real=End.CRASHES,
)
def the_collectives_are_others(comm):
    if comm.rank == 0:
        comm.all_reduce(numbers(comm))
    else:
        comm.broadcast(numbers(comm), root=1)
        comm.barrier()


@case(
    reported=Reported(MismatchedCollective, says=("barrier", "all_gather")),
    real=End.CRASHES,
    native=End.HANGS,
)
def collectives_in_another_order(comm):
    if comm.rank == 0:
        comm.barrier()
        comm.all_gather(numbers(comm))
    else:
        comm.all_gather(numbers(comm))
        comm.barrier()


@case(
    reported=Reported(MismatchedCollective, says=("root 0", "root 1")),
    native=End.HANGS,
)
def each_has_another_root(comm):
    comm.broadcast(numbers(comm), root=1 - comm.rank)


@case(
    reported=Reported(MismatchedCollective, says=("sum", "max")),
    real=End.PASSES,
    differs="Gloo does not compare what ranks reduce with: each gets another result",
    native=End.PASSES,
)
def each_reduces_with_another_operation(comm):
    comm.all_reduce(numbers(comm), Reduction.MAX if comm.rank else Reduction.SUM)


@case(
    reported=Reported(MismatchedCollective, says=("float64", "int64")),
    real=End.PASSES,
    differs="Gloo does not compare types: the bits of one rank's floats are read as integers",
    native=End.PASSES,
)
def each_reduces_another_type(comm):
    comm.all_reduce(numbers(comm).astype(np.int64 if comm.rank else np.float64))


@case(
    reported=Reported(SizeMismatch, says=("32 bytes", "64 bytes")),
    real=End.CRASHES,
    native=End.CRASHES,
)
def each_reduces_another_size(comm):
    comm.all_reduce(numbers(comm, 8 if comm.rank else 4))


@case(
    reported=Reported(SizeMismatch, says=("64 bytes", "32 bytes", "rank 0", "rank 1")),
    real=End.CRASHES,
)
def too_little_room(comm):
    if comm.rank == 0:
        comm.send(numbers(comm, 8), 1)
    else:
        comm.recv(room(4), 0)


@case(
    reported=Reported(SizeMismatch, says=("32 bytes", "64 bytes")),
    real=End.PASSES,
    differs="Gloo fills the first part and does not say that the rest is old",
)
def too_much_room(comm):
    if comm.rank == 0:
        comm.send(numbers(comm, 4), 1)
    else:
        comm.recv(room(8), 0)


@case(
    reported=Reported(UnmatchedMessages, says=("isend", "rank 0", "rank 1", "32 bytes")),
    real=End.PASSES,
    differs="nobody waits for it there, and the process ends with it",
)
def an_isend_that_nobody_receives(comm):
    if comm.rank == 0:
        comm.isend(numbers(comm), 1)


@case(
    reported=Reported(UnmatchedMessages, says=("irecv", "rank 1", "rank 0", "32 bytes")),
    real=End.PASSES,
    differs="nobody waits for it there, and the process ends with it",
)
def an_irecv_that_nobody_sends_to(comm):
    if comm.rank == 1:
        comm.irecv(room(), 0)


@case(
    reported=Reported(BufferModified, says=("isend", "wait")),
    real=End.PASSES,
    differs="what arrives there depends on when the bytes were read",
)
def a_buffer_changes_before_the_wait(comm):
    if comm.rank == 0:
        payload = numbers(comm)
        sent = comm.isend(payload, 1)
        payload += 1
        comm.barrier()
        sent.wait()
    else:
        comm.barrier()
        comm.recv(room(), 0)


@case(reported=Reported(RankFailed, says=("rank 1", "ZeroDivisionError")), real=End.FAILS)
def a_rank_raises(comm):
    if comm.rank == 1:
        raise ZeroDivisionError("the program's own")


@case(reported=Reported(RankFailed, says=("rank 1", "ZeroDivisionError")), real=End.HANGS)
def a_rank_raises_while_another_waits(comm):
    if comm.rank == 1:
        raise ZeroDivisionError("the program's own")
    comm.recv(room(), 1)


@case(reported=Reported(ProgramError, says=("root 2", "0 to 1")), real=End.FAILS)
def a_root_that_is_no_rank(comm):
    comm.broadcast(numbers(comm), root=2)


@case(reported=Reported(ProgramError, says=("rank 7", "0 to 1")), real=End.FAILS)
def a_receiver_that_is_no_rank(comm):
    comm.send(numbers(comm), 7)


@case(reported=Reported(ProgramError, says=("tag = -1",)), real=End.FAILS)
def a_tag_below_0(comm):
    comm.isend(numbers(comm), 1 - comm.rank, tag=-1)


@case(reported=Reported(ProgramError, says=("parts holds 1 payloads",)), real=End.FAILS)
def a_part_too_few(comm):
    comm.all_to_all([numbers(comm)])


@case(reported=Reported(RankFailed, says=("rank 2",)), ranks=3, real=End.FAILS)
def an_outsider_uses_the_group(comm):
    group = comm.split(0 if comm.rank < 2 else None)
    if comm.rank == 2:
        group.rank  # noqa: B018 — there is none, and that is what fails


@case(
    reported=Reported(SizeMismatch, says=("all_gather",)),
    real=End.CRASHES,
    native=End.CRASHES,
)
def gathered_sizes_differ_and_nobody_said_so(comm):
    comm.all_gather(numbers(comm, 4 if comm.rank else 8))
