"""Broadcast along a chain, in segments, so that all links of the chain are busy at once.

NCCL's ring broadcast is such a chain, fed from buffers of 4 MiB in 8 steps (Hu et al.,
"Demystifying NCCL", 2025): hence segments of at most 512 KiB. Here two segments are under way on
a link at a time, and a payload is cut into two at least for each rank.
"""

from simcore.distributed.collectives.base import BROADCASTS
from simcore.distributed.collectives.pieces import cut, size_of

SEGMENT_BYTES = 512 * 1024
IN_FLIGHT = 2


@BROADCASTS.register("pipelined ring")
def pipelined_ring_broadcast(link, flat, root):
    """N − 2 segments of delay, whatever the size of the payload."""
    if link.size == 1:
        return
    segments = cut(flat, max(2 * link.size, -(-size_of(flat) // SEGMENT_BYTES)))
    before, after = (link.rank - 1) % link.size, (link.rank + 1) % link.size
    first, last = link.rank == root, after == root
    arriving = [] if first else [link.post_recv(piece, before) for piece in segments[:IN_FLIGHT]]
    leaving = []
    for index, piece in enumerate(segments):
        if not first:
            arriving[index].wait()
            if index + IN_FLIGHT < len(segments):
                arriving.append(link.post_recv(segments[index + IN_FLIGHT], before))
        if not last:
            if index >= IN_FLIGHT:
                leaving[index - IN_FLIGHT].wait()
            leaving.append(link.post_send(piece, after))
    for work in leaving[-IN_FLIGHT:]:
        work.wait()
