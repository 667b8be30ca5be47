"""All-to-all in one step: every rank sends every other its part at once.

So does Gloo (gloo/alltoall.cc), and so are NCCL's grouped sends and receives to be used for it
(NCCL user guide, "Point-to-point communication").
"""

from simcore.distributed.collectives.base import ALL_TO_ALLS
from simcore.distributed.payloads import kind_of


@ALL_TO_ALLS.register("direct")
def direct_all_to_all(link, out, into):
    """One latency; each rank starts with its next neighbour, so that no receiver comes first."""
    own = into[link.rank]
    kind_of(own).fill(own, out[link.rank])
    steps = range(1, link.size)
    arriving = ((link.rank - step) % link.size for step in steps)
    works = [link.post_recv(into[source], source) for source in arriving]
    leaving = ((link.rank + step) % link.size for step in steps)
    works += [link.post_send(out[to], to) for to in leaving]
    for work in works:
        work.wait()
