"""Distributed algorithms that a user writes, run simulated or, unchanged, on real processes."""

from simcore.distributed.communicator import Communicator
from simcore.distributed.errors import (
    BufferModified,
    Deadlock,
    MismatchedCollective,
    ProgramError,
    RankFailed,
    SizeMismatch,
    TorchMissing,
    UnmatchedMessages,
)
from simcore.distributed.network import Network, on_topology, star
from simcore.distributed.payloads import Reduction, Virtual
from simcore.distributed.run import Run
from simcore.distributed.simulated.simulate import simulate
from simcore.distributed.timing import Declared, Measured, Recorded

__all__ = [
    "BufferModified",
    "Communicator",
    "Deadlock",
    "Declared",
    "Measured",
    "MismatchedCollective",
    "Network",
    "ProgramError",
    "RankFailed",
    "Recorded",
    "Reduction",
    "Run",
    "SizeMismatch",
    "TorchMissing",
    "UnmatchedMessages",
    "Virtual",
    "on_topology",
    "simulate",
    "star",
]
