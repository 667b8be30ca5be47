"""All-reduce by recursive halving and doubling: few rounds, and no more bytes than a ring.

Rabenseifner, "Optimization of Collective Reduction Operations" (ICCS 2004). Of ranks that are no
power of two, those beyond it first give all they have to a neighbour, and get the result from it at
the end.
"""

from simcore.collectives.base import ALGORITHMS, Algorithm, Round, Send


def halving_doubling(ranks: int) -> tuple[Round, ...]:
    """2 log2 p rounds among the largest power of two p; two more where there are more ranks."""
    paired = 1 << (ranks.bit_length() - 1)
    extra = ranks - paired
    # Of the first 2 * extra ranks the odd ones take part for their even neighbours, too.
    active = [*range(1, 2 * extra, 2), *range(2 * extra, ranks)]
    halving: list[Round] = []
    share, distance = 0.5, paired // 2
    while distance:
        halving.append(tuple(Send(active[i], active[i ^ distance], share) for i in range(paired)))
        share, distance = share / 2, distance // 2
    rounds = (*halving, *reversed(halving))
    if not extra:
        return rounds
    before = tuple(Send(i, i + 1, 1.0) for i in range(0, 2 * extra, 2))
    after = tuple(Send(i + 1, i, 1.0) for i in range(0, 2 * extra, 2))
    return (before, *rounds, after)


ALGORITHMS.register("halving-doubling")(Algorithm(halving_doubling))
