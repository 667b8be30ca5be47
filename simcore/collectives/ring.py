"""All-reduce around a ring: each rank's share goes around twice, first added up, then gathered.

Patarasuk & Yuan, "Bandwidth optimal all-reduce algorithms for clusters of workstations" (2009).
"""

from simcore.collectives.base import ALGORITHMS, Send


@ALGORITHMS.register("ring")
def ring(ranks: int):
    """2 (p - 1) rounds, in each of which every rank sends 1/p of the buffer to the next."""
    around = tuple(Send(i, (i + 1) % ranks, 1 / ranks) for i in range(ranks))
    return (around,) * (2 * (ranks - 1))
