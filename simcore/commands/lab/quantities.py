"""Sizes, bandwidths and times as people write them: 64MB, 100Mbit/s, 10ms."""

import math
import re

from simcore.errors import PdscopeError

_BYTES = {"B": 1.0} | {
    f"{prefix}B": factor
    for prefix, factor in {
        **{"K": 1e3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12},
        **{"Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40},
    }.items()
}
_BITS = {f"{prefix}bit": factor / 8 for prefix, factor in
         {"": 1.0, "K": 1e3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}.items()}  # fmt: skip
_RATES = {f"{unit}/s": factor for unit, factor in (_BYTES | _BITS).items()}
_TIMES = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9}
_NUMBER = re.compile(r"\s*([0-9]{1,30}(?:\.[0-9]{0,30})?(?:[eE][+-]?[0-9]{1,3})?)\s*(\S*)\s*")


def size_of(text: str, where: str) -> int:
    """A size [byte], such as "64MB" or "4KiB"; raises PdscopeError that opens with `where`."""
    return round(_quantity(text, _BYTES, where, "a size such as 64MB", low=1, high=1e15))


def rate_of(text: str, where: str) -> float:
    """A bandwidth [byte/s], such as "100Mbit/s" or "12.5MB/s"; bits are eighths of bytes."""
    return _quantity(text, _RATES, where, "a bandwidth such as 100Mbit/s or 12.5MB/s",
                     low=1, high=1e15)  # fmt: skip


def time_of(text: str, where: str) -> float:
    """A time [s], such as "10ms" or "10us"."""
    return _quantity(text, _TIMES, where, "a time such as 10ms", low=0, high=3600)


def _quantity(text, units, where, wanted, *, low, high):
    found = _NUMBER.fullmatch(text)
    if not found or found[2] not in units:
        raise PdscopeError(f"{where} {text[:60]!r} is not {wanted}; units: {', '.join(units)}")
    value = float(found[1]) * units[found[2]]
    if not (math.isfinite(value) and low <= value <= high):
        raise PdscopeError(
            f"{where} {text[:60]!r} is out of range; use {low:g} to {high:g} in base units"
        )
    return value
