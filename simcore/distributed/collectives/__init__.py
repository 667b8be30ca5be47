"""Collective operations as programs over sends and receives: one algorithm a file.

A program is what each rank of a group runs; all its messages go through a
`simcore.distributed.transport.Link`. The same programs run simulated and, over real sends,
deployed; the order in which they add is fixed, so both give the same bits.
"""

from simcore.distributed.collectives.base import (
    ALL_GATHERS,
    ALL_REDUCES,
    ALL_TO_ALLS,
    BARRIERS,
    BROADCASTS,
    REDUCE_SCATTERS,
)
from simcore.distributed.collectives.profiles import PROFILES, Profile, chosen_profile

__all__ = [
    "ALL_GATHERS",
    "ALL_REDUCES",
    "ALL_TO_ALLS",
    "BARRIERS",
    "BROADCASTS",
    "PROFILES",
    "REDUCE_SCATTERS",
    "Profile",
    "chosen_profile",
]
