"""Quantities as sentences have them: three significant digits and an SI prefix."""

import math

DIGITS = 3
THIN_SPACE = "\u202f"
PREFIXES = (
    (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"),
    (1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"),
)  # fmt: skip
BINARY = ((2.0**30, "GiB"), (2.0**20, "MiB"), (2.0**10, "KiB"), (1.0, "B"))
# Below these nobody prefixes them.
WHOLE = ("B", "B/s", "FLOP", "FLOP/s")


def quantity(value: float, unit: str) -> str:
    """`value` in SI units, as "5.27 ms" or "3.35 TB/s"; an exact 0 as "0 s"."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g} {unit}".rstrip()
    # Of the rounded value: 999.7 GB is 1.00 TB.
    rounded = abs(float(f"{value:.{DIGITS - 1}e}"))
    least = 1.0 if unit in WHOLE else 1e-9
    scale, prefix = next((s, p) for s, p in PREFIXES if rounded >= s or s == least)
    return f"{significant(value / scale)} {prefix}{unit}"


def significant(value: float) -> str:
    """`value` with three significant digits; more before the point where it has more."""
    if value == 0:
        return "0"
    magnitude = math.floor(math.log10(abs(float(f"{value:.{DIGITS - 1}e}"))))
    return f"{value:.{max(0, DIGITS - 1 - magnitude)}f}"


def count(number: float) -> str:
    """A whole number, its thousands apart."""
    return f"{number:,.0f}".replace(",", THIN_SPACE)


def percent(share: float) -> str:
    """`share` of 1, from 0, as "10.2 %"; less than a digit shows as "<0.1 %", none as "0 %"."""
    if share == 0:
        return "0 %"
    text = f"{share * 100:.1f} %"
    return "<0.1 %" if text == "0.0 %" else text


def gib(size: float) -> str:
    """`size` [byte] of what fills a memory, as "17.9 GiB" or "320 MiB"."""
    scale, unit = next(
        ((s, u) for s, u in BINARY if float(f"{size:.{DIGITS - 1}e}") >= s), BINARY[-1]
    )
    return f"{significant(size / scale)} {unit}"
