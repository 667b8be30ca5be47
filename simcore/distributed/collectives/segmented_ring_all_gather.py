"""All-gather around a ring, each piece in two halves, so that the latencies of two overlap.

As Gloo does it (gloo/allgather.cc).
"""

from simcore.distributed.collectives.base import ALL_GATHERS
from simcore.distributed.collectives.overlapping import IN_FLIGHT, overlapping_exchanges
from simcore.distributed.collectives.pieces import cut


@ALL_GATHERS.register("segmented ring")
def segmented_ring_all_gather(link, pieces):
    """2(N − 1) exchanges of half a piece, two at a time."""
    halves = [cut(piece, IN_FLIGHT) for piece in pieces]
    moves = (
        (leaving, arriving, None)
        for step in range(link.size - 1)
        for leaving, arriving in zip(
            halves[(link.rank - step) % link.size],
            halves[(link.rank - step - 1) % link.size],
            strict=True,
        )
    )
    before, after = (link.rank - 1) % link.size, (link.rank + 1) % link.size
    overlapping_exchanges(link, moves, to=after, source=before)
