"""All-reduce around a ring: each rank's share goes around twice, first added up, then gathered.

Patarasuk & Yuan, "Bandwidth optimal all-reduce algorithms for clusters of workstations" (2009).
"""

from simcore.collectives.base import ALGORITHMS, Algorithm, Round, Send


def once_around(ranks: int) -> tuple[Round, ...]:
    """p - 1 rounds, in each of which every rank sends 1/p of the buffer to the next.

    That is half of an all-reduce: an all-gather, or a reduce-scatter.
    """
    around = tuple(Send(i, (i + 1) % ranks, 1 / ranks) for i in range(ranks))
    return (around,) * (ranks - 1)


def ring(ranks: int) -> tuple[Round, ...]:
    """Twice around."""
    return 2 * once_around(ranks)


ALGORITHMS.register("ring")(Algorithm(ring))
