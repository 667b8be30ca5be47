"""All-gather around a ring: what a rank has got last, it passes on to the next."""

from simcore.distributed.collectives.base import ALL_GATHERS


@ALL_GATHERS.register("ring")
def ring_all_gather(link, pieces):
    """N − 1 steps, in each of which every rank sends one piece and gets one."""
    before, after = (link.rank - 1) % link.size, (link.rank + 1) % link.size
    for step in range(link.size - 1):
        passed_on = pieces[(link.rank - step) % link.size]
        arriving = pieces[(link.rank - step - 1) % link.size]
        link.sendrecv(passed_on, after, arriving, before)
