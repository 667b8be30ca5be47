"""All-reduce around a ring in segments, one on its way while another is added up.

As Gloo does it (gloo/allreduce.cc): a rank's share is cut into two segments or more, of 1 MiB at
most; two of them are in flight at a time, towards the rank before; empty ones are left out.
"""

from functools import partial
from itertools import count

from simcore.distributed.collectives.base import ALL_REDUCES
from simcore.distributed.collectives.overlapping import IN_FLIGHT, overlapping_exchanges
from simcore.distributed.collectives.pieces import Room, cut, reduce_into, size_of

SEGMENT_BYTES = 1024 * 1024


@ALL_REDUCES.register("segmented ring")
def segmented_ring_all_reduce(link, flat, op):
    """As many bytes as the plain ring; the latencies of two segments overlap."""
    if link.size == 1:
        return
    shares = cut(flat, link.size)
    segments = max(2, -(-size_of(shares[0]) // SEGMENT_BYTES))
    shares = [cut(share, segments) for share in shares]
    before, after = (link.rank - 1) % link.size, (link.rank + 1) % link.size
    adding = _adding(_around(shares, link.rank + 1), shares[0][0], op)
    overlapping_exchanges(link, adding, to=before, source=after)
    gathering = ((leaving, target, None) for leaving, target in _around(shares, link.rank))
    overlapping_exchanges(link, gathering, to=before, source=after)


def _around(shares, first):
    """What leaves and what arrives: every share but one, segment by segment, from `first` on."""
    for step in range(len(shares) - 1):
        leaving = shares[(first + step) % len(shares)]
        arriving = shares[(first + step + 1) % len(shares)]
        yield from zip(leaving, arriving, strict=True)


def _adding(moves, longest, op):
    """The moves, into rooms of their own, from which what arrives is added to its target."""
    rooms = [Room([longest]) for _ in range(IN_FLIGHT)]
    for turn, (leaving, target) in zip(count(), moves, strict=False):
        arrived = rooms[turn % IN_FLIGHT].like(target)
        yield leaving, arrived, partial(reduce_into, target, arrived, op)
