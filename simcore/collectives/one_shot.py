"""All-reduce in one shot: every rank sends all it has to every other; for small messages.

The all-to-all form in Thakur, Rabenseifner & Gropp, "Optimization of Collective Communication
Operations in MPICH" (2005): one startup, but p - 1 times the bytes.
"""

from simcore.collectives.base import ALGORITHMS, Algorithm, Round, Send


def one_shot(ranks: int) -> tuple[Round, ...]:
    """One round of p (p - 1) sends of the whole buffer."""
    return (tuple(Send(i, j, 1.0) for i in range(ranks) for j in range(ranks) if i != j),)


ALGORITHMS.register("one-shot")(Algorithm(one_shot, each_to_each=True))
