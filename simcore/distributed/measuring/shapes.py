"""How the time of an operation grows with the number of ranks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil, log2

from simcore.errors import PdscopeError


@dataclass(frozen=True)
class Shape:
    """Seconds of an operation of M bytes among N ranks: α·startups(N) + β·copies(N)·M.

    Attributes
    ----------
    startups : how many latencies follow one another, from N
    copies : how many times M crosses the busiest link, from N
    """

    startups: Callable[[int], float]
    copies: Callable[[int], float]


SEND = Shape(lambda n: 1.0, lambda n: 1.0)
DIRECT_BROADCAST = Shape(lambda n: 1.0, lambda n: n - 1.0)
# Down a binomial tree, each rank to its children at once: exact where N is a power of two.
TREE_BROADCAST = Shape(
    lambda n: float(ceil(log2(n))), lambda n: ceil(log2(n)) * (ceil(log2(n)) + 1) / 2
)
RING_BROADCAST = Shape(lambda n: n - 1.0, lambda n: 1.0)
RING_ALL_GATHER = Shape(lambda n: n - 1.0, lambda n: n - 1.0)
RING_ALL_REDUCE = Shape(lambda n: 2.0 * (n - 1), lambda n: 2.0 * (n - 1) / n)

_RINGS = {"send": SEND, "all_gather": RING_ALL_GATHER, "all_reduce": RING_ALL_REDUCE}
SHAPES: Mapping[str, Mapping[str, Shape]] = {
    "portable": _RINGS | {"broadcast": DIRECT_BROADCAST},
    "gloo": _RINGS | {"broadcast": TREE_BROADCAST},
    "nccl-ring": _RINGS | {"broadcast": RING_BROADCAST},
}
"""By profile of collectives and operation. M is what each rank gives, of a send and a broadcast the
whole (Thakur, Rabenseifner & Gropp, "Optimization of collective communication operations in MPICH",
IJHPCA 19(1), 2005)."""

OPERATIONS = ("send", "broadcast", "all_gather", "all_reduce")
"""What is measured, in the order in which it is told."""


def shape_of(profile: str, operation: str) -> Shape:
    """The shape of `operation` under a profile of collectives; PdscopeError for unknown ones."""
    if profile not in SHAPES:
        raise PdscopeError(
            f"collectives {profile!r} cannot be fitted; use one of {', '.join(SHAPES)}"
        )
    if operation not in SHAPES[profile]:
        raise PdscopeError(f"unknown operation {operation!r}; use one of {', '.join(OPERATIONS)}")
    return SHAPES[profile][operation]
