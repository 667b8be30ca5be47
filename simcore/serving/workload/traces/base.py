"""What a row of a trace is, what a format is, and what goes wrong with rows."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from simcore.errors import ScenarioError, one_line
from simcore.registry import Registry
from simcore.serving.workload.bounds import MOST_TOKENS
from simcore.serving.workload.building import shown

Lines = Iterator[str]
MOST_SECONDS = 1e9


@dataclass(frozen=True, slots=True)
class Row:
    """A recorded request.

    Attributes
    ----------
    line : of the file, from 1
    arrival_s : since the trace began [s]
    blocks : identities of the prompt's blocks, in order; () where the trace gives none
    priority : None where the trace gives none
    """

    line: int
    arrival_s: float
    prompt_tokens: int
    output_tokens: int
    blocks: tuple[int, ...] = ()
    priority: int | None = None


class TraceError(ScenarioError):
    """A trace that cannot be read on.

    Attributes
    ----------
    line : of the file, from 1
    column : of the row; None where the row as a whole is to blame
    """

    def __init__(self, problem: str, *, line: int, column: str | None = None, file: str = ""):
        where = f"{one_line(file)}, line {line}" if file else f"line {line}"
        super().__init__(f"{where}: {problem}", field="trace")
        self.problem = problem
        self.line = line
        self.column = column

    def of(self, file: str) -> "TraceError":
        """The same, naming the file."""
        return TraceError(self.problem, line=self.line, column=self.column, file=file)


class Format(Protocol):
    """How a format is told from others, and read."""

    @staticmethod
    def fits(first: str) -> bool:
        """Whether a file whose first line is `first` is of this format."""

    @staticmethod
    def rows(lines: Lines) -> Iterator[Row]:
        """The rows of the file; raises TraceError, without the file's name."""


FORMATS: Registry[type[Format]] = Registry("trace format", "simcore.serving.workload.traces")


def whole(value, line: int, column: str, *, most: int = MOST_TOKENS) -> int:
    """`value`, a number or its text, as a whole number from 0 to `most`; raises TraceError."""
    try:
        number = int(value) if isinstance(value, str) else value
    except ValueError:
        number = _number(value)
    # Nearly all are sound, and there are many.
    if type(number) is int and 0 <= number <= most:
        return number
    return _whole(number, value, line, column, most)


def _whole(number, value, line, column, most):
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    if not isinstance(number, int) or isinstance(number, bool):
        problem = f"{shown(value)} is not a whole number; write a count, or remove the row"
    elif number < 0:
        problem = f"{number} is negative; write 0 or more, or remove the row"
    elif number > most:
        problem = f"{shown(number)} is more than {most:,}; correct it, or remove the row"
    else:
        return number
    raise TraceError(f"{column} = {problem}", line=line, column=column)


def seconds(value, line: int, column: str, unit_s: float = 1.0) -> float:
    """`value`, a number of `unit_s` or its text, as a time [s]; raises TraceError."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if isinstance(value, bool) or not 0 <= number * unit_s <= MOST_SECONDS:
        problem = "is negative" if number < 0 else "is no time"
        raise TraceError(
            f"{column} = {shown(value)} {problem}; write the time since the trace began, from 0 to "
            f"{MOST_SECONDS / unit_s:g}, or remove the row",
            line=line,
            column=column,
        )
    return number * unit_s


def _number(text):
    try:
        return float(text)
    except ValueError:
        return None
