"""What a run of a program recorded, simulated or deployed: tables of spans and of messages."""

from simcore.distributed.trace.critical import CriticalPath, PathKind, Stretch
from simcore.distributed.trace.merging import merged, paired_ends
from simcore.distributed.trace.recorder import Recorder, SpanKind
from simcore.distributed.trace.table import LabTrace

__all__ = [
    "CriticalPath",
    "LabTrace",
    "PathKind",
    "Recorder",
    "SpanKind",
    "Stretch",
    "merged",
    "paired_ends",
]
