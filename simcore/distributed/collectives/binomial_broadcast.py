"""Broadcast down a binomial tree: in each step, those who have the payload double.

Thakur, Rabenseifner & Gropp, "Optimization of collective communication operations in MPICH"
(2005), for short messages.
"""

from simcore.distributed.collectives.base import BROADCASTS


@BROADCASTS.register("binomial tree")
def binomial_broadcast(link, flat, root):
    """ceil(log2 N) steps of one latency and one payload; largest subtree first."""
    children = receive_from_parent(link, flat, root)
    for child in children:
        link.send(flat, child)


def receive_from_parent(link, flat, root) -> list[int]:
    """Receive `flat`, if this is not the root; returns whom to send it to, in order."""
    # Place 0 is the root's. Place p hears from the place that is p without its highest bit.
    place = (link.rank - root) % link.size
    reach = 1 << place.bit_length()
    if place:
        link.recv(flat, (link.rank - reach // 2) % link.size)
    children = []
    while place + reach < link.size:
        children.append((link.rank + reach) % link.size)
        reach *= 2
    return children
