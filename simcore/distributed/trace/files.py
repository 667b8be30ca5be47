"""The trace of a program's run as a file."""

from simcore.distributed.trace.about import about
from simcore.distributed.trace.perfetto import write_perfetto
from simcore.distributed.trace.table import LabTrace
from simcore.exports import format_of, trace_bytes, trace_formats, write_trace
from simcore.exports.tables import csv_of, parquet_of

LAB_FORMATS = trace_formats(
    csv=lambda trace, file: csv_of(trace.table, file),
    parquet=lambda trace, file: parquet_of(trace.table, about(trace), file),
    perfetto=write_perfetto,
)
"""Formats by name: csv, parquet, perfetto and perfetto-gzip."""


def lab_format_of(path):
    """The format that the ending of `path` names; raises PdscopeError with those there are."""
    return format_of(path, LAB_FORMATS)


def lab_trace_bytes(trace: LabTrace, name: str) -> bytes:
    """The trace in the format called `name`; raises PdscopeError for one that there is not."""
    return trace_bytes(trace, name, LAB_FORMATS)


def write_lab_trace(trace: LabTrace, path) -> None:
    """Write the trace to `path` in the format that its ending names.

    Raises PdscopeError for another ending, and where the file cannot be written.
    """
    write_trace(trace, path, LAB_FORMATS)
