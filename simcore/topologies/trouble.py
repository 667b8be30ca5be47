"""What goes wrong on wires, as scenarios write it: others' traffic, and failures.

prefill NIC cables: 30 %; decode 0 IB cable in: 2 GB @ 0.1 s
prefill NIC 0; decode 1 IB cable @ 0.2 s
"""

import math
import re
from dataclasses import dataclass

_NUMBER = r"(\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)"
_SHARE = re.compile(rf"{_NUMBER} ?%")
_AMOUNT = re.compile(rf"{_NUMBER} ?GB(?: ?@ ?{_NUMBER} ?s)?")
_MOMENT = re.compile(rf"(.*?) ?@ ?{_NUMBER} ?s")
MOST = 16


@dataclass(frozen=True, slots=True)
class Background:
    """What others send over wires.

    Attributes
    ----------
    where : name of a channel, or of a kind of wire
    share : of the bandwidth of each, all the time; None for an amount
    bytes : sent once over each [byte]; None for a share
    start_s : when [s]
    """

    where: str
    share: float | None
    bytes: float | None
    start_s: float


@dataclass(frozen=True, slots=True)
class Failure:
    """A NIC or a wire that does not work from a moment on [s]."""

    what: str
    at_s: float


def background_of(text: str | None) -> tuple[Background, ...]:
    """What a scenario's text says; raises ValueError where it is wrong."""
    return tuple(map(_background, _parts(text)))


def failures_of(text: str | None) -> tuple[Failure, ...]:
    """What a scenario's text says; raises ValueError where it is wrong."""
    return tuple(map(_failure, _parts(text)))


def written_background(text: str) -> str:
    """Background traffic as scenarios write it; raises ValueError where it is none."""
    return "; ".join(
        f"{b.where}: {100 * b.share:.6g} %"
        if b.share is not None
        else f"{b.where}: {b.bytes / 1e9:.9g} GB @ {b.start_s:.9g} s"
        for b in background_of(text)
    )


def written_failures(text: str) -> str:
    """Failures as scenarios write them; raises ValueError where they are none."""
    return "; ".join(f"{f.what} @ {f.at_s:.9g} s" if f.at_s else f.what for f in failures_of(text))


def _parts(text):
    parts = [" ".join(part.split()) for part in (text or "").split(";")]
    parts = [part for part in parts if part]
    if len(parts) > MOST:
        raise ValueError(f"it lists more than {MOST} things")
    return parts


def _background(part):
    where, colon, rest = part.rpartition(":")
    where, rest = where.strip(), rest.strip()
    if not colon or not where:
        raise ValueError(f"{part!r} names no wire; write it before a colon")
    if found := _SHARE.fullmatch(rest):
        share = float(found[1]) / 100
        if not share < 1:
            raise ValueError(f"{rest} leaves nothing of {where}; give less than 100 %")
        return Background(where, share, None, 0.0)
    if found := _AMOUNT.fullmatch(rest):
        return Background(where, None, _finite(found[1]) * 1e9, _finite(found[2] or 0))
    raise ValueError(f"{rest!r} is neither a share like 30 % nor an amount like 2 GB @ 0.1 s")


def _failure(part):
    found = _MOMENT.fullmatch(part)
    return Failure(found[1], _finite(found[2])) if found else Failure(part, 0.0)


def _finite(text):
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is too large")
    return value
