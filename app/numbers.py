"""Numbers as screens show them: three significant digits and a unit."""

import math
import re

from simcore.explain.numbers import THIN_SPACE, as_shown, count, percent, significant
from simcore.units import GIB

__all__ = [
    "THIN_SPACE", "change", "count", "duration", "duration_text", "gib", "percent", "rate_text",
    "significant", "spaced",
]  # fmt: skip

UNITS = ((1e-3, "µs", 1e6), (1.0, "ms", 1e3), (math.inf, "s", 1.0))
# A share of change below it is shown as nearly none.
LEAST_CHANGE = 5e-5


def duration(seconds: float) -> tuple[str, str]:
    """(number, unit) of a duration [s]."""
    rounded = abs(as_shown(seconds))
    unit, per_s = next((unit, per_s) for below, unit, per_s in UNITS if rounded < below)
    return significant(seconds * per_s), unit


def duration_text(seconds: float) -> str:
    """A duration [s] with its unit."""
    return " ".join(duration(seconds))


def rate_text(tokens_per_s: float) -> str:
    """Tokens per second with the unit."""
    return f"{significant(tokens_per_s)} tokens/s"


def gib(size: float) -> str:
    """`size` [byte] in GiB."""
    return significant(size / GIB)


def change(share: float) -> str:
    """A change by `share` of 1: signed, three digits, no more than two behind the point."""
    if abs(share) < LEAST_CHANGE:
        return "≈ 0"
    size = 100 * abs(share)
    text = f"{size:.2f}" if size < 1 else significant(size)
    return f"{'−' if share < 0 else '+'}{text} %"


def spaced(message: str) -> str:
    """A message for people, the thousands in it apart as everywhere on screens."""
    return re.sub(r"(?<=\d),(?=\d{3})", THIN_SPACE, message)
