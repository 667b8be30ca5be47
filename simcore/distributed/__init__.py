"""Distributed algorithms that a user writes, run simulated or, unchanged, on real processes."""

from simcore.distributed.communicator import Communicator
from simcore.distributed.errors import (
    BufferModified,
    Deadlock,
    MismatchedCollective,
    ProgramError,
    RankFailed,
    SizeMismatch,
    TimedOut,
    TorchMissing,
    UnmatchedMessages,
)
from simcore.distributed.network import Network, on_topology, star
from simcore.distributed.payloads import Reduction, Virtual
from simcore.distributed.program_file import ProgramFile
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
    "ProgramFile",
    "RankFailed",
    "Recorded",
    "Reduction",
    "Run",
    "SizeMismatch",
    "TimedOut",
    "TorchMissing",
    "UnmatchedMessages",
    "Virtual",
    "on_topology",
    "simulate",
    "star",
]


def __getattr__(name):
    # Loads torch, which only real processes need: so it is not in __all__.
    if name == "deploy":
        from simcore.distributed.deployed import deploy

        return deploy
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
