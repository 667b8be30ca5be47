"""Distributed algorithms that ship with pdscope: one file each, found by name.

They are ordinary programs over a communicator and a model. None of them asks which back end runs
it, nor whether the model computes values or sizes only.
"""

from simcore.distributed.algorithms.base import (
    ALGORITHMS,
    Algorithm,
    Formula,
    program_for,
    register,
)
from simcore.distributed.algorithms.settings import Settings

__all__ = [
    "ALGORITHMS",
    "Algorithm",
    "Formula",
    "Settings",
    "program_for",
    "register",
]
