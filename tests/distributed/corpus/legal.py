"""Programs that look odd, and are legal."""

import time

import numpy as np

from simcore.distributed import Reduction
from tests.distributed.corpus.case import End, case, numbers, room


@case()
def the_second_rank_receives_first(comm):
    if comm.rank == 0:
        comm.send(numbers(comm), 1)
        return comm.recv(room(), 1)
    got = comm.recv(room(), 0)
    comm.send(numbers(comm), 0)
    return got


@case(ranks=3)
def a_ring_of_which_one_receives_first(comm):
    after, before = (comm.rank + 1) % comm.size, (comm.rank - 1) % comm.size
    if comm.rank == 0:
        got = comm.recv(room(), before)
        comm.send(numbers(comm), after)
        return got
    comm.send(numbers(comm), after)
    return comm.recv(room(), before)


@case(ranks=3)
def a_ring_of_sendrecv(comm):
    after, before = (comm.rank + 1) % comm.size, (comm.rank - 1) % comm.size
    return comm.sendrecv(numbers(comm), after, room(), before)


@case()
def both_isend_and_then_receive(comm):
    sent = comm.isend(numbers(comm), 1 - comm.rank)
    got = comm.recv(room(), 1 - comm.rank)
    sent.wait()
    return got


@case()
def both_irecv_and_then_send(comm):
    receiving = comm.irecv(room(), 1 - comm.rank)
    comm.send(numbers(comm), 1 - comm.rank)
    return receiving.wait()


@case()
def two_tags_are_received_in_the_other_order(comm):
    if comm.rank == 0:
        for work in [comm.isend(numbers(comm) + tag, 1, tag) for tag in (1, 2)]:
            work.wait()
        return None
    second = comm.recv(room(), 0, tag=2)
    first = comm.recv(room(), 0, tag=1)
    return [first, second]


@case()
def messages_of_one_tag_keep_their_order(comm):
    if comm.rank == 0:
        for work in [comm.isend(numbers(comm) + i, 1) for i in range(5)]:
            work.wait()
        return None
    return [comm.recv(room(), 0) for _ in range(5)]


@case()
def works_are_waited_for_in_the_other_order(comm):
    if comm.rank == 0:
        sent = [comm.isend(numbers(comm) + i, 1, tag=i) for i in range(3)]
        for work in reversed(sent):
            work.wait()
        return None
    rooms = [room() for _ in range(3)]
    works = [comm.irecv(rooms[i], 0, tag=i) for i in range(3)]
    for work in reversed(works):
        work.wait()
    return rooms


@case()
def an_isend_is_received_late_and_never_waited_for(comm):
    if comm.rank == 0:
        comm.isend(numbers(comm), 1)
        return None
    # Long after the other rank's program has ended.
    comm.compute(seconds=0.5)
    time.sleep(0.5)
    return comm.recv(room(), 0)


@case()
def messages_of_no_bytes(comm):
    if comm.rank == 0:
        comm.send(numbers(comm, 0), 1)
        return comm.recv(room(0), 1)
    got = comm.recv(room(0), 0)
    comm.send(numbers(comm, 0), 0)
    return got


@case(native=End.PASSES)
def an_isend_spans_a_collective(comm):
    if comm.rank == 0:
        sent = comm.isend(numbers(comm), 1)
        total = comm.all_reduce(numbers(comm))
        sent.wait()
        return total
    total = comm.all_reduce(numbers(comm))
    return [total, comm.recv(room(), 0)]


@case(ranks=3, native=End.PASSES)
def one_rank_comes_late_to_a_collective(comm):
    if comm.rank < 2:
        comm.sendrecv(numbers(comm), 1 - comm.rank, room(), 1 - comm.rank)
    return comm.all_reduce(numbers(comm))


@case(ranks=3, native=End.PASSES)
def fewer_values_than_ranks_are_reduced(comm):
    return comm.all_reduce(numbers(comm, 1), Reduction.MAX)


@case(native=End.PASSES)
def a_collective_beside_messages(comm):
    total = comm.all_reduce(numbers(comm), wait=False)
    got = comm.sendrecv(numbers(comm), 1 - comm.rank, room(), 1 - comm.rank)
    return [total.wait(), got]


@case(native=End.PASSES)
def collectives_are_waited_for_in_the_other_order(comm):
    first = comm.all_reduce(numbers(comm), wait=False)
    second = comm.all_gather(numbers(comm), wait=False)
    if comm.rank == 0:
        return [first.wait(), second.wait()]
    gathered = second.wait()
    return [first.wait(), gathered]


@case(ranks=3, native=End.PASSES)
def pieces_of_all_sizes_are_gathered(comm):
    into = [room(rank) for rank in range(comm.size)]
    return comm.all_gather(numbers(comm, comm.rank), into=into)


@case(ranks=3, native=End.PASSES)
def parts_of_all_sizes_are_exchanged(comm):
    parts = [numbers(comm, rank) for rank in range(comm.size)]
    return comm.all_to_all(parts, into=[room(comm.rank) for _ in range(comm.size)])


@case(ranks=3, native=End.PASSES)
def the_last_rank_is_in_no_group(comm):
    pair = comm.split(0 if comm.rank < 2 else None)
    return None if pair is None else pair.all_reduce(numbers(comm))


@case(ranks=4, native=End.PASSES)
def two_groups_at_once(comm):
    group = comm.split(comm.rank % 2)
    got = group.sendrecv(numbers(comm), 1 - group.rank, room(), 1 - group.rank)
    return [group.all_reduce(numbers(comm)), got]


@case(ranks=3, native=End.PASSES)
def a_group_in_the_other_order(comm):
    group = comm.split(0, key=-comm.rank)
    return [group.rank, *group.all_gather(numbers(comm))]


@case()
def one_tag_in_two_groups(comm):
    group = comm.split(0)
    if comm.rank == 0:
        works = [comm.isend(numbers(comm), 1, 5), group.isend(numbers(comm) + 10, 1, 5)]
        for work in works:
            work.wait()
        return None
    of_the_group = group.recv(room(), 0, 5)
    return [comm.recv(room(), 0, 5), of_the_group]


@case(ranks=1, native=End.PASSES)
def alone(comm):
    comm.barrier()
    comm.broadcast(numbers(comm))
    return [comm.all_reduce(numbers(comm)), *comm.all_gather(numbers(comm))]


@case(ranks=1)
def a_message_to_oneself_that_is_asked_for_first(comm):
    receiving = comm.irecv(room(), 0)
    comm.send(numbers(comm), 0)
    return receiving.wait()


@case(ranks=3)
def a_rank_that_has_nothing_to_do_returns_early(comm):
    if comm.rank == 2:
        return None
    return comm.sendrecv(numbers(comm), 1 - comm.rank, room(), 1 - comm.rank)


@case()
def a_part_of_an_array_arrives(comm):
    whole = np.zeros((4, 3))
    if comm.rank == 0:
        comm.send(np.arange(12.0).reshape(4, 3)[:, 1], 1)
        return None
    comm.recv(whole[:, 1], 0)
    return whole
