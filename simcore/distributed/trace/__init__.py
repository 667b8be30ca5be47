"""What a run of a program recorded, simulated or deployed: tables of spans and of messages."""

from simcore.distributed.trace.critical import CriticalPath, PathKind, Stretch
from simcore.distributed.trace.recorder import Recorder, SpanKind, merged
from simcore.distributed.trace.table import LabTrace

__all__ = ["CriticalPath", "LabTrace", "PathKind", "Recorder", "SpanKind", "Stretch", "merged"]
