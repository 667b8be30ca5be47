"""Numbers as people read them: three significant digits, and a prefix that suits them.

assets/numbers.js has the same rules, to the last digit.
"""

import math
from decimal import ROUND_HALF_UP, Context, Decimal

DIGITS = 3
THIN_SPACE = "\u202f"
PREFIXES = (
    (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"),
    (1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"),
)  # fmt: skip
BINARY = ((2.0**30, "GiB"), (2.0**20, "MiB"), (2.0**10, "KiB"), (1.0, "B"))
# Below these nobody prefixes them.
WHOLE = ("B", "B/s", "FLOP", "FLOP/s")
# Halves go up, as in browsers; with room for any float.
HALF_UP = Context(prec=400, rounding=ROUND_HALF_UP)


def quantity(value: float, unit: str) -> str:
    """`value` in SI units, as "5.27 ms" or "3.35 TB/s"; an exact 0 as "0 s"."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g} {unit}".rstrip()
    # 999.7 GB is 1.00 TB.
    rounded = abs(as_shown(value))
    least = 1.0 if unit in WHOLE else 1e-9
    scale, prefix = next((s, p) for s, p in PREFIXES if rounded >= s or s == least)
    return f"{significant(value / scale)} {prefix}{unit}"


def significant(value: float, digits: int = DIGITS) -> str:
    """`value` with so many significant digits, trailing zeros kept so that widths are steady.

    It has more where it has more before the point, its thousands apart.
    """
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    magnitude = math.floor(math.log10(abs(as_shown(value, digits))))
    return _fixed(value, max(0, digits - 1 - magnitude))


def as_shown(value: float, digits: int = DIGITS) -> float:
    """`value` rounded as it is shown, by which a unit is chosen: 9.9996 is 10.0."""
    return float(f"{value:.{digits - 1}e}")


def count(number: float) -> str:
    """A whole number, its thousands apart."""
    return f"{number:,.0f}".replace(",", THIN_SPACE)


def percent(share: float) -> str:
    """`share` of 1, from 0, as "10.2 %"; less than a digit shows as "<0.1 %", none as "0 %"."""
    if share == 0:
        return "0 %"
    text = _fixed(100 * share, 1)
    return "<0.1 %" if text == "0.0" else f"{text} %"


def gib(size: float) -> str:
    """`size` [byte] of what fills a memory, as "17.9 GiB" or "320 MiB"."""
    scale, unit = next(((s, u) for s, u in BINARY if as_shown(size) >= s), BINARY[-1])
    return f"{significant(size / scale)} {unit}"


def _fixed(value, decimals):
    rounded = Decimal(value).quantize(Decimal(1).scaleb(-decimals), context=HALF_UP)
    return f"{rounded:,f}".replace(",", THIN_SPACE)
