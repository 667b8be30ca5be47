"""Who asks what and when: laws, sessions, shared prefixes and traces, drawn one by one."""

from simcore.serving.workload.load import Load
from simcore.serving.workload.prefixes import Prefix
from simcore.serving.workload.recorded import Trace
from simcore.serving.workload.sessions import Retrieval, Session, Tools
from simcore.serving.workload.source import WorkloadSource
from simcore.serving.workload.streams import stream
from simcore.serving.workload.traces import TraceError
from simcore.serving.workload.workload import Workload, workload_of

__all__ = [
    "Load",
    "Prefix",
    "Retrieval",
    "Session",
    "Tools",
    "Trace",
    "TraceError",
    "Workload",
    "WorkloadSource",
    "stream",
    "workload_of",
]
