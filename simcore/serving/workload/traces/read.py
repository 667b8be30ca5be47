"""From a file to rows: which format it is, whether it is in order, and no more of it than asked."""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from simcore.errors import ScenarioError, one_line
from simcore.serving.workload.traces.base import FORMATS, Row, TraceError

MOST_LINE = 16_000_000  # characters


def rows_of(lines: Iterable[str], file: str, kind: str = "auto") -> Iterator[Row]:
    """The rows of a trace, each read when it is asked for.

    Parameters
    ----------
    lines : of the file, as they are asked for
    file : its name, for messages
    kind : name of a format; "auto" tells it by the first line

    Raises TraceError, a ScenarioError, with the line and what to do about it: for malformed rows,
    and for one that arrives before the row above it.
    """
    lines = iter(lines)
    before = []
    for line in lines:
        before.append(line)
        if not line.isspace():
            break
    else:
        raise TraceError("there is no row; give a trace with one or more", line=1, file=file)
    reader = FORMATS[kind] if kind != "auto" else _told_by(before[-1], len(before), file)
    last = 0.0
    try:
        for row in reader.rows(chain(before, lines)):
            if row.arrival_s < last:
                raise TraceError(
                    f"it arrives at {row.arrival_s:.9g} s, before the row above it at {last:.9g} "
                    "s; sort the rows by time",
                    line=row.line,
                )
            last = row.arrival_s
            yield row
    except TraceError as error:
        raise error.of(file) from None


@contextmanager
def opened(path: Path):
    """The lines of the file at `path`, of which one at a time is in memory.

    Raises ScenarioError where it cannot be read.
    """
    name = one_line(path.name)
    try:
        # Without waiting: a pipe that nobody writes to is to be refused, not waited for.
        file = open(path, encoding="utf-8-sig", newline="", opener=_at_once)  # noqa: SIM115
    except OSError as error:
        raise ScenarioError(f"{name} cannot be read: {error.strerror}", field="trace") from None
    except ValueError:
        raise ScenarioError("no file has the name of the trace", field="trace") from None
    with file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ScenarioError(f"{name} is no regular file; save the trace as one", field="trace")
        yield _lines(file, name)


def _lines(file, name):
    number = 0
    while True:
        number += 1
        try:
            line = file.readline(MOST_LINE)
        except UnicodeDecodeError:
            raise TraceError(
                "is not UTF-8 text, or a line soon after it; save the trace as UTF-8",
                line=number,
                file=name,
            ) from None
        if not line:
            return
        if len(line) == MOST_LINE and not line.endswith("\n"):
            raise TraceError(
                f"is longer than {MOST_LINE:,} characters; one row goes on one line",
                line=number,
                file=name,
            )
        yield line


def _told_by(first, line, file):
    for reader in FORMATS.registered.values():
        if reader.fits(first):
            return reader
    raise TraceError(
        "neither a header nor a row of a known format; name the columns arrival_s, prompt_tokens "
        f"and output_tokens, or say which format it is: {', '.join(FORMATS.names())}",
        line=line,
        file=file,
    )


def _at_once(path, flags):
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
