"""All-to-all: every rank sends each other its part, all at the same time."""

from simcore.collectives.base import Round, Send


def all_to_all(
    ranks: int, shares: tuple[float, ...] | None = None, *, back: bool = False
) -> tuple[Round, ...]:
    """One round of p (p - 1) sends.

    Parameters
    ----------
    shares : of every rank's buffer, what each rank receives; None for equal parts
    back : each rank sends every other what it would have received from it
    """
    parts = shares or (1 / ranks,) * ranks
    return (
        tuple(
            Send(j, i, parts[j]) if back else Send(i, j, parts[j])
            for i in range(ranks)
            for j in range(ranks)
            if i != j and parts[j] > 0
        ),
    )
