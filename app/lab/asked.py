"""What the page's browser asks for, read with suspicion."""

from dataclasses import dataclass

from app.figures.palette import SCHEMES
from app.gantt6d.asked import LEAST_PX, MOST_PX, read_window, seq_of
from app.lab.settings import Settings, settings_of
from simcore.errors import ScenarioError

PIXELS = 900.0
"""Width of the timeline where the browser does not say it."""


@dataclass(frozen=True)
class Asked:
    """A picture that is asked for.

    Attributes
    ----------
    coarse : of few bars and arrows, because the next one follows at once
    scheme : light or dark
    window : (from, to) [s] of the timeline; None for all of the run
    pixels : width of the timeline
    """

    seq: int
    settings: Settings
    coarse: bool
    scheme: str
    window: tuple[float, float] | None
    pixels: float


def read(body) -> Asked:
    """The request in what was sent; raises ScenarioError naming what is wrong with it."""
    seq = seq_of(body)
    if seq is None:
        raise ScenarioError("a request is a mapping with a number `seq`")
    if not isinstance(body.get("scheme"), str) or body["scheme"] not in SCHEMES:
        raise ScenarioError(f"`scheme` is one of {', '.join(SCHEMES)}")
    settings = settings_of(body.get("values"))
    window, pixels = body.get("window"), body.get("pixels", PIXELS)
    if window is not None:
        window = read_window(window)
    if type(pixels) not in (int, float) or not abs(pixels) < 1e9:
        raise ScenarioError("`pixels` is the width of the timeline")
    pixels = min(max(float(pixels), LEAST_PX), MOST_PX)
    return Asked(seq, settings, body.get("coarse") is True, body["scheme"], window, pixels)


def first_of(body, cells: int) -> int:
    """The cell of a sweep with which a slice begins; raises ScenarioError."""
    first = body.get("first") if isinstance(body, dict) else None
    if type(first) is not int or not 0 <= first < cells:
        raise ScenarioError(f"`first` is a whole number from 0 to {cells - 1}")
    return first
