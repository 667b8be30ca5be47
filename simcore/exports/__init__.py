"""The trace of a run as a file: one table of formats, for every menu and every option."""

import gzip
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from simcore.errors import PdscopeError
from simcore.exports.perfetto import write_perfetto
from simcore.exports.tables import write_csv, write_parquet

__all__ = [
    "FORMATS",
    "TraceFormat",
    "format_of",
    "trace_bytes",
    "trace_formats",
    "write_trace",
]

Writer = Callable[[Any, BinaryIO], None]


@dataclass(frozen=True)
class TraceFormat:
    """A format of trace files.

    Attributes
    ----------
    label : for people
    endings : of its files; the first is the one to give a new file
    media_type : as HTTP has it
    write : writes what a run gave to a binary file; equal runs give equal bytes
    """

    name: str
    label: str
    endings: tuple[str, ...]
    media_type: str
    write: Writer


def trace_formats(*, csv: Writer, parquet: Writer, perfetto: Writer) -> dict[str, TraceFormat]:
    """The formats of traces of one kind of run, by name, from what writes each.

    Parameters
    ----------
    csv, parquet, perfetto : write what a run gave to a binary file
    """

    def compressed(result, file):
        # Neither the time nor a name in its header, and an even speed: it is repetitive.
        with gzip.GzipFile(
            filename="", mode="wb", fileobj=file, mtime=0, compresslevel=4
        ) as packed:
            perfetto(result, packed)

    entries = (
        TraceFormat("csv", "Trace, CSV", (".csv",), "text/csv", csv),
        TraceFormat(
            "parquet", "Trace, Parquet", (".parquet",), "application/vnd.apache.parquet", parquet
        ),
        TraceFormat(
            "perfetto", "Trace, Perfetto", (".perfetto.json", ".json"), "application/json", perfetto
        ),
        TraceFormat(
            "perfetto-gzip", "Trace, Perfetto compressed", (".perfetto.json.gz", ".json.gz"),
            "application/gzip", compressed,
        ),
    )  # fmt: skip
    return {entry.name: entry for entry in entries}


FORMATS = trace_formats(csv=write_csv, parquet=write_parquet, perfetto=write_perfetto)
"""Those of a `Result`."""


def format_of(path, formats=FORMATS) -> TraceFormat:
    """The format that the ending of `path` names; raises PdscopeError with those there are."""
    name = Path(path).name.lower()
    for entry in formats.values():
        if name.endswith(entry.endings):
            return entry
    endings = [entry.endings[0] for entry in formats.values()]
    raise PdscopeError(
        f"{str(path)!a}: no format of traces has this ending; use one of {', '.join(endings)}"
    )


def trace_bytes(result, name: str, formats=FORMATS) -> bytes:
    """The trace in the format called `name`, a key of `formats`; raises PdscopeError for others."""
    if name not in formats:
        raise PdscopeError(f"unknown format of traces {name!a}; use one of {', '.join(formats)}")
    file = io.BytesIO()
    formats[name].write(result, file)
    return file.getvalue()


def write_trace(result, path, formats=FORMATS) -> None:
    """Write the trace to `path` in the format that its ending names.

    Raises PdscopeError for another ending, and where the file cannot be written.
    """
    entry = format_of(path, formats)
    try:
        with Path(path).open("wb") as file:
            entry.write(result, file)
    except OSError as error:
        raise PdscopeError(f"{path}: cannot be written: {error.strerror}") from None
