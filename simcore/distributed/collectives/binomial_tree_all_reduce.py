"""All-reduce up a binomial tree to rank 0 and down again: few latencies, the whole payload each."""

from simcore.distributed.collectives.base import ALL_REDUCES
from simcore.distributed.collectives.binomial_broadcast import binomial_broadcast
from simcore.distributed.collectives.pieces import Room, reduce_into


@ALL_REDUCES.register("binomial tree")
def binomial_tree_all_reduce(link, flat, op):
    """2 · ceil(log2 N) steps; a rank adds its children's payloads, nearest first."""
    reduce_to_first(link, flat, op)
    binomial_broadcast(link, flat, root=0)


def reduce_to_first(link, flat, op):
    """`flat` of rank 0 becomes the reduction of all; those of the others, of their subtrees."""
    room = None
    reach = 1
    while reach < link.size:
        if link.rank & reach:
            link.send(flat, link.rank - reach)
            return
        child = link.rank + reach
        if child < link.size:
            room = room or Room([flat])
            arrived = room.like(flat)
            link.recv(arrived, child)
            reduce_into(flat, arrived, op)
        reach *= 2
