"""Flat payloads cut into pieces, and room for what arrives."""

from functools import lru_cache
from itertools import pairwise

from simcore.costs.plan import split_evenly
from simcore.distributed.payloads import kind_of


def boundaries(flat, parts: int) -> tuple[int, ...]:
    """Where `flat` is cut into so many parts, both ends included [element].

    Parameters
    ----------
    parts : 1 or more. Where their number does not divide that of the elements, the first parts
        are longer by one; where there are fewer elements than parts, the last are empty
    """
    return _boundaries(kind_of(flat).count(flat), parts)


@lru_cache(maxsize=256)
def _boundaries(count, parts):
    # Each rank of a collective asks for the same.
    return (0, *(part.stop for part in split_evenly(count, parts)))


def cut(flat, parts: int) -> list:
    """The parts of `flat` between its `boundaries`, in the same memory."""
    return [flat[start:end] for start, end in pairwise(boundaries(flat, parts))]


def size_of(flat) -> int:
    """Its size [byte]."""
    return kind_of(flat).size(flat)


class Room:
    """Memory that is used again and again for one arriving piece.

    Parameters
    ----------
    pieces : what it must have room for, one at a time
    """

    def __init__(self, pieces):
        longest = max(pieces, key=lambda piece: kind_of(piece).count(piece))
        self._kind = kind_of(longest)
        self._flat = self._kind.flat_empty_like(longest)

    def like(self, piece):
        """As much of the memory as `piece` takes."""
        return self._flat[: self._kind.count(piece)]


def reduce_into(target, source, op) -> None:
    """Reduce the flat `source` into the flat `target`, in place."""
    kind_of(target).reduce_into(target, source, op)
