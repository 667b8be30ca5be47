"""Broadcast down a binomial tree: in each step, those who have the payload double.

The tree of Gloo's broadcast (gloo/broadcast.cc), and of MPICH for short messages (Thakur,
Rabenseifner & Gropp, "Optimization of collective communication operations in MPICH", 2005).
"""

from simcore.distributed.collectives.base import BROADCASTS


@BROADCASTS.register("binomial tree")
def binomial_broadcast(link, flat, root):
    """ceil(log2 N) steps; a rank does not wait for one child before it sends to the next."""
    place = (link.rank - root) % link.size
    # Place 0 is the root. Place p hears from the place that is p without its highest bit.
    reach = 1
    while reach <= place:
        reach *= 2
    if place:
        link.recv(flat, (link.rank - reach // 2) % link.size)
    sent = []
    while place + reach < link.size:
        sent.append(link.post_send(flat, (link.rank + reach) % link.size))
        reach *= 2
    for work in sent:
        work.wait()
