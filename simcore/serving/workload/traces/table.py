"""Lines of comma-separated values, one by one."""

import csv
from collections.abc import Iterator

from simcore.serving.workload.traces.base import Lines, TraceError


def records(lines: Lines) -> Iterator[tuple[int, list[str]]]:
    """(line, values) of each line that is not empty, the header first.

    Raises TraceError for a line that is no CSV, and for one with more or fewer values than the
    header has names.
    """
    reader = csv.reader(lines)
    width = None
    while True:
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise TraceError(
                f"is no line of comma-separated values ({error}); correct or remove it",
                line=max(reader.line_num, 1),
            ) from None
        if not values or (len(values) == 1 and not values[0].strip()):
            continue
        width = width or len(values)
        if len(values) != width:
            raise TraceError(
                f"has {len(values)} values where the header has {width} names; complete or remove "
                "it",
                line=reader.line_num,
            )
        yield reader.line_num, values


def names_in(first: str) -> list[str]:
    """The names in a header."""
    return [name.strip() for name in next(csv.reader([first]), [])]
