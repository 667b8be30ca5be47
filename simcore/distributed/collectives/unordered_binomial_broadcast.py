"""Broadcast down a binomial tree, in which a rank sends to all its children at once.

As Gloo does it (gloo/broadcast.cc): the sends are posted in order, but nothing keeps the later
ones from taking bandwidth of the first, which has most to pass on.
"""

from simcore.distributed.collectives.base import BROADCASTS
from simcore.distributed.collectives.binomial_broadcast import receive_from_parent


@BROADCASTS.register("binomial tree, children at once")
def unordered_binomial_broadcast(link, flat, root):
    """ceil(log2 N) latencies; a large payload takes longer than where the children take turns."""
    children = receive_from_parent(link, flat, root)
    for sent in [link.post_send(flat, child) for child in children]:
        sent.wait()
