"""Programs in which some ranks wait for ever."""

from simcore.distributed import Deadlock
from tests.distributed.corpus.case import End, Reported, case, numbers, room

BIG = 2**20


def deadlock(waiting, cycle=(), says=()):
    return Reported(Deadlock, cycle, waiting, says)


@case(reported=deadlock({0: ("send", (1,)), 1: ("send", (0,))}, (0, 1), ("sendrecv",)))
def both_send_first(comm):
    comm.send(numbers(comm), 1 - comm.rank)
    comm.recv(room(), 1 - comm.rank)


@case(reported=deadlock({0: ("send", (1,)), 1: ("send", (0,))}, (0, 1)))
def both_send_much_first(comm):
    comm.send(numbers(comm, BIG), 1 - comm.rank)
    comm.recv(room(BIG), 1 - comm.rank)


@case(reported=deadlock({0: ("recv", (1,)), 1: ("recv", (0,))}, (0, 1), ("32 bytes",)))
def both_receive_first(comm):
    comm.recv(room(), 1 - comm.rank)
    comm.send(numbers(comm), 1 - comm.rank)


@case(
    ranks=3,
    reported=deadlock({r: ("send", ((r + 1) % 3,)) for r in range(3)}, (0, 1, 2)),
)
def a_ring_of_sends(comm):
    comm.send(numbers(comm), (comm.rank + 1) % comm.size)
    comm.recv(room(), (comm.rank - 1) % comm.size)


@case(
    ranks=4,
    reported=deadlock({r: ("recv", ((r - 1) % 4,)) for r in range(4)}, (0, 3, 2, 1)),
)
def a_ring_of_receives(comm):
    comm.recv(room(), (comm.rank - 1) % comm.size)
    comm.send(numbers(comm), (comm.rank + 1) % comm.size)


@case(reported=deadlock({0: ("send", (1,)), 1: ("recv", (0,))}, (0, 1), ("tag 1", "tag 2")))
def two_tags_cross(comm):
    if comm.rank == 0:
        comm.send(numbers(comm), 1, tag=1)
        comm.send(numbers(comm), 1, tag=2)
    else:
        comm.recv(room(), 0, tag=2)
        comm.recv(room(), 0, tag=1)


@case(reported=deadlock({0: ("send", (1,)), 1: ("recv", (0,))}, (0, 1), ("tag 3", "tag 4")))
def the_tag_is_another(comm):
    if comm.rank == 0:
        comm.send(numbers(comm), 1, tag=3)
    else:
        comm.recv(room(), 0, tag=4)


@case(reported=deadlock({0: ("send", (1,))}, says=("its program has ended: rank 1",)))
def nobody_receives(comm):
    if comm.rank == 0:
        comm.send(numbers(comm), 1)


@case(reported=deadlock({1: ("recv", (0,))}, says=("its program has ended: rank 0",)))
def nobody_sends(comm):
    if comm.rank == 1:
        comm.recv(room(), 0)


@case(reported=deadlock({1: ("recv", (0,))}, says=("its program has ended: rank 0",)))
def one_message_too_few(comm):
    if comm.rank == 0:
        comm.send(numbers(comm), 1)
    else:
        comm.recv(room(), 0)
        comm.recv(room(), 0)


@case(ranks=3, reported=deadlock({0: ("recv", (1,)), 1: ("recv", (2,)), 2: ("recv", (1,))}, (1, 2)))
def one_waits_for_two_that_wait_for_each_other(comm):
    if comm.rank == 0:
        comm.recv(room(), 1)
    else:
        comm.recv(room(), 3 - comm.rank)


@case(ranks=3, reported=deadlock({1: ("recv", (2,)), 2: ("recv", (1,))}, (1, 2)))
def the_others_have_long_ended(comm):
    if comm.rank:
        comm.recv(room(), 3 - comm.rank)


@case(
    reported=deadlock({0: ("irecv", (1,)), 1: ("irecv", (0,))}, (0, 1), ("posted at",)),
)
def both_wait_for_what_was_never_sent(comm):
    receiving = comm.irecv(room(), 1 - comm.rank, tag=comm.rank)
    receiving.wait()


@case(ranks=1, reported=deadlock({0: ("send", (0,))}, (0,), ("waits for itself",)))
def a_message_to_oneself_that_nobody_has_asked_for(comm):
    comm.send(numbers(comm), 0)
    comm.recv(room(), 0)


@case(
    ranks=3, reported=deadlock({0: ("all_reduce", (2,)), 1: ("all_reduce", (2,))}), native=End.HANGS
)
def one_rank_misses_an_all_reduce(comm):
    if comm.rank < 2:
        comm.all_reduce(numbers(comm))


@case(
    ranks=3,
    reported=deadlock({0: ("barrier", (1,)), 2: ("barrier", (1,))}),
    native=End.HANGS,
)
def one_rank_misses_a_barrier(comm):
    if comm.rank != 1:
        comm.barrier()


@case(
    reported=deadlock({0: ("send", (1,)), 1: ("barrier", (0,))}, (0, 1)),
    native=End.HANGS,
)
def a_barrier_before_the_receive(comm):
    if comm.rank == 0:
        comm.send(numbers(comm), 1)
        comm.barrier()
    else:
        comm.barrier()
        comm.recv(room(), 0)


@case(reported=deadlock({0: ("barrier", (1,)), 1: ("barrier", (0,))}, (0, 1)))
def barriers_of_two_groups_cross(comm):
    group = comm.split(0)
    first, second = (comm, group) if comm.rank == 0 else (group, comm)
    first.barrier()
    second.barrier()


@case(ranks=3, reported=deadlock({0: ("barrier", (1,))}))
def a_group_is_larger_than_thought(comm):
    group = comm.split(0 if comm.rank < 2 else None)
    if comm.rank == 0:
        group.barrier()


@case(
    reported=deadlock({0: ("broadcast", (1,))}),
    native=End.HANGS,
)
def only_the_root_broadcasts(comm):
    if comm.rank == 0:
        comm.broadcast(numbers(comm))
