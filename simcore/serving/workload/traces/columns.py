"""Rows of named values: what the plain formats, CSV and JSONL, have in common.

arrival_s, prompt_tokens (or input_tokens), output_tokens; and, where there are any, priority and
the prompt's blocks as hash_ids, or as hash_id_ranges like "0 14-27". Other names are passed over.
"""

from collections.abc import Callable, Mapping
from typing import Any

from simcore.serving.workload.bounds import MOST_TOKENS
from simcore.serving.workload.traces.base import Row, TraceError, seconds, whole

ARRIVAL, OUTPUT, PRIORITY = "arrival_s", "output_tokens", "priority"
PROMPT = ("prompt_tokens", "input_tokens")
BLOCKS, RANGES = "hash_ids", "hash_id_ranges"
MOST_IDENTITY = 2**63
MOST_BLOCKS = 1_000_000


def reader(where: Mapping[str, Any], line: int) -> Callable[[Any, int], Row]:
    """How rows with these names are read; raises TraceError if one is missing.

    Parameters
    ----------
    where : for each name, what a row of values is indexed with to get at its value
    line : where the names stand
    """
    prompt = next((name for name in PROMPT if name in where), PROMPT[0])
    for name in (ARRIVAL, prompt, OUTPUT):
        if name not in where:
            raise TraceError(
                f"{name} is missing; name the columns {ARRIVAL}, {PROMPT[0]} and {OUTPUT}",
                line=line,
                column=name,
            )
    arrival_at, prompt_at, output_at = where[ARRIVAL], where[prompt], where[OUTPUT]
    more = {name: where[name] for name in (BLOCKS, RANGES, PRIORITY) if name in where}

    def read(values, line):
        found = {name: values[at] for name, at in more.items()} if more else {}
        return Row(
            line,
            seconds(values[arrival_at], line, ARRIVAL),
            whole(values[prompt_at], line, prompt),
            whole(values[output_at], line, OUTPUT),
            _blocks(found, line) if found else (),
            _priority(found, line) if found else None,
        )

    return read


def listed_blocks(value, line: int, column: str) -> tuple[int, ...]:
    """Identities of blocks from a list of numbers; raises TraceError."""
    if not isinstance(value, list):
        raise TraceError(
            f"{column} must be a list of whole numbers; write [] where there is no block",
            line=line,
            column=column,
        )
    # Nearly all are sound, and there are many.
    for each in value:
        if type(each) is not int or not 0 <= each < MOST_IDENTITY:
            whole(each, line, column, most=MOST_IDENTITY - 1)
    return tuple(map(int, value))


def _blocks(values, line):
    if ranges := values.get(RANGES):
        return _from_ranges(ranges, line)
    blocks = values.get(BLOCKS)
    if not blocks:
        return ()
    if isinstance(blocks, str):
        return tuple(whole(each, line, BLOCKS, most=MOST_IDENTITY - 1) for each in blocks.split())
    return listed_blocks(blocks, line, BLOCKS)


def _from_ranges(text, line):
    blocks: list[int] = []
    for part in str(text).split():
        first, dash, last = part.partition("-")
        start = whole(first, line, RANGES, most=MOST_IDENTITY - 1)
        stop = whole(last, line, RANGES, most=MOST_IDENTITY - 1) if dash else start
        if not 0 <= stop - start <= MOST_BLOCKS - len(blocks):
            raise TraceError(
                f"{RANGES} has {part[:40]!r}, which is no run of up to {MOST_BLOCKS:,} blocks; "
                "write the lower number first",
                line=line,
                column=RANGES,
            )
        blocks.extend(range(start, stop + 1))
    return tuple(blocks)


def _priority(values, line):
    value = values.get(PRIORITY)
    return None if value in (None, "") else whole(value, line, PRIORITY, most=MOST_TOKENS)
