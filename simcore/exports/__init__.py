"""The trace of a run as a file: one table of formats, for every menu and every option."""

import gzip
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from simcore.errors import PdscopeError
from simcore.exports.perfetto import write_perfetto
from simcore.exports.tables import write_csv, write_parquet
from simcore.run import Result

__all__ = ["FORMATS", "TraceFormat", "format_of", "trace_bytes", "write_trace"]


@dataclass(frozen=True)
class TraceFormat:
    """A format of trace files.

    Attributes
    ----------
    label : for people
    endings : of its files; the first is the one to give a new file
    media_type : as HTTP has it
    write : writes a result to a binary file; equal scenarios give equal bytes
    """

    name: str
    label: str
    endings: tuple[str, ...]
    media_type: str
    write: Callable[[Result, BinaryIO], None]


def _write_compressed(result, file):
    # Neither the time nor a name in its header, and an even speed: what it is of repeats itself.
    with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0, compresslevel=4) as packed:
        write_perfetto(result, packed)


FORMATS = {
    entry.name: entry
    for entry in (
        TraceFormat("csv", "Trace, CSV", (".csv",), "text/csv", write_csv),
        TraceFormat(
            "parquet", "Trace, Parquet", (".parquet",), "application/vnd.apache.parquet",
            write_parquet,
        ),
        TraceFormat(
            "perfetto", "Trace, Perfetto", (".perfetto.json", ".json"), "application/json",
            write_perfetto,
        ),
        TraceFormat(
            "perfetto-gzip", "Trace, Perfetto compressed", (".perfetto.json.gz", ".json.gz"),
            "application/gzip", _write_compressed,
        ),
    )
}  # fmt: skip


def format_of(path) -> TraceFormat:
    """The format that the ending of `path` names; raises PdscopeError with those there are."""
    name = Path(path).name.lower()
    for entry in FORMATS.values():
        if name.endswith(entry.endings):
            return entry
    endings = [entry.endings[0] for entry in FORMATS.values()]
    raise PdscopeError(
        f"{str(path)!a}: no format of traces has this ending; use one of {', '.join(endings)}"
    )


def trace_bytes(result: Result, name: str) -> bytes:
    """The trace in the format called `name`, a key of FORMATS; raises PdscopeError for others."""
    if name not in FORMATS:
        raise PdscopeError(f"unknown format of traces {name!a}; use one of {', '.join(FORMATS)}")
    file = io.BytesIO()
    FORMATS[name].write(result, file)
    return file.getvalue()


def write_trace(result: Result, path) -> None:
    """Write the trace to `path` in the format that its ending names.

    Raises PdscopeError for another ending, and where the file cannot be written.
    """
    entry = format_of(path)
    try:
        with Path(path).open("wb") as file:
            entry.write(result, file)
    except OSError as error:
        raise PdscopeError(f"{path}: cannot be written: {error.strerror}") from None
