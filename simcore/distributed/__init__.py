"""Distributed algorithms that a user writes, run simulated or, unchanged, on real processes.

A program is a function of a `Communicator`. `simulate` runs it on simulated ranks and `deploy` on
real processes; both give a `Run`, with what each rank returned and a trace. How to write one is in
docs/howto-distributed.md. What is where:

communicator, collective_calls : what a program calls
transport : what that needs of the machinery below
payloads, with_torch : what can be sent; torch is imported by `with_torch` alone
collectives : all-reduce and the like as programs over sends, and profiles that choose among them
simulated : ranks as threads of which one runs, messages as transfers of `simcore.engine`
network, timing : what joins simulated ranks, and how long they compute
deployed : ranks as processes, over torch.distributed
shim : unmodified scripts of torch.distributed, simulated
errors, waiting, failures : what can go wrong, and how it is told
trace : what a run recorded, as tables; critical path, exposed and hidden communication, files
models, algorithms : transformers as sizes or with values, and the algorithms that ship
measuring : real networks measured, fitted, and compared with their simulation
"""

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
