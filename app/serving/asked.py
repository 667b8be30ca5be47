"""What the page's browser asks for, read with suspicion."""

from dataclasses import dataclass

from app.figures.palette import SCHEMES
from app.gantt6d.asked import seq_of
from app.serving.settings import FULL_REQUESTS, Settings, settings_of
from simcore.errors import ScenarioError

MOST_SEEDS = 8
FACTORS = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0)
"""On the arrival rate, of the points of a sweep."""


@dataclass(frozen=True)
class Asked:
    """A picture that is asked for.

    Attributes
    ----------
    coarse : few requests, because the next one follows at once
    scheme : light or dark
    """

    seq: int
    settings: Settings
    coarse: bool
    scheme: str


def read(body) -> Asked:
    """The request in what was sent; raises ScenarioError naming what is wrong with it."""
    seq = seq_of(body)
    if seq is None:
        raise ScenarioError("a request is a mapping with a number `seq`")
    if not isinstance(body.get("scheme"), str) or body["scheme"] not in SCHEMES:
        raise ScenarioError(f"`scheme` is one of {', '.join(SCHEMES)}")
    settings = settings_of(body.get("values"))
    return Asked(seq, settings, body.get("coarse") is True, body["scheme"])


def whole_in(body, name: str, least: int, most: int) -> int:
    """A whole number of the request; raises ScenarioError where it is none, or out of range."""
    value = body.get(name) if isinstance(body, dict) else None
    if type(value) is not int or not least <= value <= most:
        raise ScenarioError(f"`{name}` is a whole number from {least} to {most:,}")
    return value


def full_requests(body) -> int:
    """How many requests a full run asks."""
    return whole_in(body, "requests", 1, FULL_REQUESTS)
