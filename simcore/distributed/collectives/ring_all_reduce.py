"""All-reduce around a ring: each rank's share goes around twice, first added up, then gathered.

Patarasuk & Yuan, "Bandwidth optimal all-reduce algorithms for clusters of workstations" (2009).
"""

from simcore.distributed.collectives.base import ALL_REDUCES
from simcore.distributed.collectives.pieces import cut
from simcore.distributed.collectives.ring_all_gather import ring_all_gather
from simcore.distributed.collectives.ring_reduce_scatter import ring_reduce_scatter


@ALL_REDUCES.register("ring")
def ring_all_reduce(link, flat, op):
    """2(N − 1) steps of 1/N of the payload each."""
    shares = cut(flat, link.size)
    ring_reduce_scatter(link, shares, op)
    ring_all_gather(link, shares)
