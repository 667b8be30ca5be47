"""All-reduce by recursive halving, then recursive doubling: as few bytes as a ring, fewer steps.

Thakur, Rabenseifner & Gropp, "Optimization of collective communication operations in MPICH"
(2005). Where the ranks are no power of two, some first hand their payload to a neighbour, sit
out, and get the result at the end.
"""

from simcore.distributed.collectives.base import ALL_REDUCES
from simcore.distributed.collectives.pieces import Room, boundaries, reduce_into


@ALL_REDUCES.register("halving-doubling")
def halving_doubling_all_reduce(link, flat, op):
    """2 · log2 N steps, and two of the whole payload where N is no power of two."""
    active = 1 << (link.size.bit_length() - 1)
    paired = 2 * (link.size - active)
    # Of the first `paired` ranks, the even ones sit out.
    if link.rank < paired and link.rank % 2 == 0:
        link.send(flat, link.rank + 1)
        link.recv(flat, link.rank + 1)
        return
    if link.rank < paired:
        arrived = Room([flat]).like(flat)
        link.recv(arrived, link.rank - 1)
        reduce_into(flat, arrived, op)

    ranks = [*range(1, paired, 2), *range(paired, link.size)]
    _halve_and_double(link, flat, op, ranks)
    if link.rank < paired:
        link.send(flat, link.rank - 1)


def _halve_and_double(link, flat, op, ranks):
    """All-reduce among `ranks`, a power of two of them."""
    place = ranks.index(link.rank)
    ends = boundaries(flat, len(ranks))
    start, end = 0, len(ranks)
    steps = []
    room = None
    while end - start > 1:
        half = (end - start) // 2
        middle = start + half
        lower = flat[ends[start] : ends[middle]]
        upper = flat[ends[middle] : ends[end]]
        peer = ranks[place ^ half]
        if place & half:
            kept, given, start = upper, lower, middle
        else:
            kept, given, end = lower, upper, middle
        # The first pieces are the longest there are.
        room = room or Room([lower, upper])
        arrived = room.like(kept)
        link.sendrecv(given, peer, arrived, peer)
        reduce_into(kept, arrived, op)
        steps.append((peer, kept, given))
    for peer, kept, given in reversed(steps):
        link.sendrecv(kept, peer, given, peer)
