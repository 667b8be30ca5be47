"""Reduce-scatter around a ring: a part passes every rank, which adds its own, and ends at its own.

Patarasuk & Yuan, "Bandwidth optimal all-reduce algorithms for clusters of workstations" (2009).
"""

from simcore.distributed.collectives.base import REDUCE_SCATTERS
from simcore.distributed.collectives.pieces import Room, reduce_into


@REDUCE_SCATTERS.register("ring")
def ring_reduce_scatter(link, parts, op):
    """N − 1 steps. Part i sets out from rank i + 1; that is the order in which it is added up."""
    if link.size == 1:
        return
    before, after = (link.rank - 1) % link.size, (link.rank + 1) % link.size
    room = Room(parts)
    for step in range(1, link.size):
        leaving = parts[(link.rank - step) % link.size]
        growing = parts[(link.rank - step - 1) % link.size]
        arrived = room.like(growing)
        link.sendrecv(leaving, after, arrived, before)
        reduce_into(growing, arrived, op)
