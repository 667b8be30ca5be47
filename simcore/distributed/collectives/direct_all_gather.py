"""All-gather in one step: every rank sends its piece to every other at once."""

from simcore.distributed.collectives.base import ALL_GATHERS


@ALL_GATHERS.register("direct")
def direct_all_gather(link, pieces):
    """One latency instead of a ring's N − 1, for as many bytes."""
    steps = range(1, link.size)
    arriving = ((link.rank - step) % link.size for step in steps)
    works = [link.post_recv(pieces[source], source) for source in arriving]
    own = pieces[link.rank]
    works += [link.post_send(own, (link.rank + step) % link.size) for step in steps]
    for work in works:
        work.wait()
