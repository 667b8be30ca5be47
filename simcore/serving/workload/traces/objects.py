"""Lines of JSON objects, one by one."""

import json
from collections.abc import Iterator
from typing import Any

from simcore.serving.workload.traces.base import Lines, TraceError


def objects(lines: Lines) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line, object) of each line that is not empty; raises TraceError for one that is none."""
    for number, line in enumerate(lines, 1):
        if line.isspace():
            continue
        values = _object(line)
        if values is None:
            raise TraceError(
                "is no JSON object; write one like "
                '{"arrival_s": 0.5, "prompt_tokens": 100, "output_tokens": 20}',
                line=number,
            )
        yield number, values


def keys_in(first: str) -> set[str]:
    """The keys of the object that is the line `first`; none if it is no object."""
    return set(_object(first) or ())


def _object(line):
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return values if isinstance(values, dict) else None
