"""Broadcast in one step: the root sends to every other rank at once."""

from simcore.distributed.collectives.base import BROADCASTS


@BROADCASTS.register("direct")
def direct_broadcast(link, flat, root):
    """One latency; the root transmits the payload once for each other rank."""
    if link.rank != root:
        link.recv(flat, root)
        return
    others = ((root + step) % link.size for step in range(1, link.size))
    for sent in [link.post_send(flat, other) for other in others]:
        sent.wait()
