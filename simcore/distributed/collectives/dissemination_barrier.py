"""Barrier by dissemination: in each step a rank tells twice as distant a one that it has come.

Hensgen, Finkel & Manber, "Two algorithms for barrier synchronization" (1988); Gloo's barrier.
"""

from simcore.distributed.collectives.base import BARRIERS
from simcore.distributed.payloads import Virtual


@BARRIERS.register("dissemination")
def dissemination_barrier(link):
    """ceil(log2 N) latencies; the messages carry nothing."""
    nothing = Virtual(0)
    distance = 1
    while distance < link.size:
        to, source = (link.rank + distance) % link.size, (link.rank - distance) % link.size
        link.sendrecv(nothing, to, nothing, source)
        distance *= 2
