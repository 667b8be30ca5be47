"""Formats of recorded workloads, one file each; read row by row."""

from simcore.serving.workload.traces.base import FORMATS, Format, Row, TraceError
from simcore.serving.workload.traces.read import opened, rows_of

__all__ = ["FORMATS", "Format", "Row", "TraceError", "opened", "rows_of"]
