"""Numbers as screens show them: three significant digits and a unit."""

import math
import re

from simcore.units import GIB

SIGNIFICANT = 3
UNITS = ((1e-3, "µs", 1e6), (1.0, "ms", 1e3), (math.inf, "s", 1.0))
THIN_SPACE = "\u202f"


def significant(value: float, digits: int = SIGNIFICANT) -> str:
    """`value` with so many significant digits, trailing zeros kept so that widths are steady."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    # Of the rounded value: 9.9996 has one digit before the point until it is 10.0.
    magnitude = math.floor(math.log10(abs(float(f"{value:.{digits - 1}e}"))))
    return _thin(f"{value:,.{max(0, digits - 1 - magnitude)}f}")


def count(number: int) -> str:
    """A whole number, its thousands apart."""
    return _thin(f"{number:,}")


def duration(seconds: float) -> tuple[str, str]:
    """(number, unit) of a duration [s]."""
    unit, per_s = next((unit, per_s) for below, unit, per_s in UNITS if abs(seconds) < below)
    return significant(seconds * per_s), unit


def duration_text(seconds: float) -> str:
    """A duration [s] with its unit."""
    return " ".join(duration(seconds))


def gib(size: float) -> str:
    """`size` [byte] in GiB."""
    return significant(size / GIB)


def spaced(message: str) -> str:
    """A message for people, the thousands in it apart as everywhere on screens."""
    return re.sub(r"(?<=\d),(?=\d{3})", THIN_SPACE, message)


def _thin(text):
    return text.replace(",", THIN_SPACE)
