"""Two ways to gather what every rank has a piece of."""


def collective_gather(comm, piece, into, *, wait: bool):
    """The communicator's own all-gather; in the profile "portable" it is a ring.

    Parameters
    ----------
    comm : who takes part
    piece : what this rank brings
    into : room for each rank's piece
    wait : whether to return the pieces by rank, or Work whose `wait` does
    """
    return comm.all_gather(piece, into=into, wait=wait)


def direct_gather(comm, piece, into, *, wait: bool):
    """Everyone sends its piece to everyone at once: one latency, not one for each step of a ring.

    Parameters are those of `collective_gather`.
    """
    # Each rank begins with the one after it, so that no receiver is everybody's first.
    others = [(comm.rank + step) % comm.size for step in range(1, comm.size)]
    pieces = [*into[: comm.rank], piece, *into[comm.rank + 1 :]]
    works = [comm.irecv(into[rank], rank) for rank in others]
    works += [comm.isend(piece, rank) for rank in others]
    gathering = _Gathering(pieces, works)
    return gathering.wait() if wait else gathering


class _Gathering:
    """Messages under way, and the pieces that they bring."""

    def __init__(self, pieces, works):
        self._pieces = pieces
        self._works = works

    def wait(self) -> list:
        """The pieces by rank."""
        for work in self._works:
            work.wait()
        return self._pieces
