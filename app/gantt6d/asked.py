"""What the Gantt page's browser asks for, read with suspicion."""

import math
import re
from dataclasses import dataclass

from app.figures.palette import SCHEMES
from simcore import Scenario, ScenarioError
from simcore.parameters import Number, Text, parameters_of

LEAST_PX, MOST_PX = 40, 8000
MOST_SEQ = 2**53
LONGEST_NUMBER = 32
# As assets/controls.js has them: 8 192, 8,192, 8.192e3; but 0,5 is no number that is certain.
_GAPS = re.compile(r"[\s']")
_THOUSANDS = re.compile(r"[-+]?[1-9][0-9]{0,2}(,[0-9]{3})+(?![0-9,])")
_NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[-+]?[0-9]+)?", re.IGNORECASE)
MOST_LANE = 2**16
MOST_STAGES = 256
# Of the prefill and of the decode pool, stages whose ranks are shown, ascending.
Opened = tuple[tuple[int, ...], tuple[int, ...]]
NONE_OPEN: Opened = ((), ())


@dataclass(frozen=True)
class Asked:
    """A picture that is asked for.

    Attributes
    ----------
    seq : number of the request, which the answer carries
    values : scenario fields as the controls have them, not yet checked
    window : (from, to) [s] that is seen; None for all of the run
    pixels : width of the window
    coarse : few bars, because the next request follows at once
    scheme : light or dark
    opened : of the prefill and of the decode pool, the stages whose ranks are shown
    """

    seq: int
    values: dict
    window: tuple[float, float] | None
    pixels: float
    coarse: bool
    scheme: str
    opened: Opened

    def scenario(self) -> Scenario:
        """The scenario; raises ScenarioError naming the field to blame."""
        return scenario_of(self.values)


def scenario_of(values) -> Scenario:
    """The scenario of fields as the controls have them; raises ScenarioError naming the field."""
    return Scenario.from_dict(plain_values(values))


def plain_values(values) -> dict:
    """Fields as the controls have them, the numbers among them as numbers; not checked."""
    infos = parameters_of(Scenario)
    return {name: plain_of(infos.get(name), value) for name, value in values.items()}


def scenario_in(asked) -> Scenario:
    """The scenario under `values` of whatever was sent; raises ScenarioError if there is none."""
    return scenario_of(_values_in(asked))


def _values_in(asked):
    values = asked.get("values") if isinstance(asked, dict) else None
    if not isinstance(values, dict):
        raise ScenarioError("`values` maps scenario fields to values")
    return values


def seq_of(asked) -> int | None:
    """The number of a request, if it has one, however wrong the rest is."""
    seq = asked.get("seq") if isinstance(asked, dict) else None
    return seq if type(seq) is int and 0 <= seq <= MOST_SEQ else None


def read(asked) -> Asked:
    """The request in what the browser sent; raises ScenarioError where it is none."""
    if seq_of(asked) is None:
        raise ScenarioError("a request is a mapping with a number `seq`")
    values, window, pixels = _values_in(asked), asked.get("window"), asked.get("pixels")
    if window is not None:
        window = read_window(window)
    if not _finite(pixels):
        raise ScenarioError("`pixels` is the width of the picture")
    if asked.get("scheme") not in SCHEMES:
        raise ScenarioError(f"`scheme` is one of {', '.join(SCHEMES)}")
    return Asked(
        seq=asked["seq"],
        values=values,
        window=window,
        pixels=min(max(pixels, LEAST_PX), MOST_PX),
        coarse=asked.get("coarse") is True,
        scheme=asked["scheme"],
        opened=read_opened(asked.get("opened")),
    )


def read_opened(opened) -> Opened:
    """The stages of each pool that are open; raises ScenarioError where that is not what it says.

    `opened` is a list of two lists of stages' numbers, or nothing.
    """
    if opened is None:
        return NONE_OPEN
    lists = isinstance(opened, list) and len(opened) == 2 and all(map(_are_stages, opened))
    if not lists:
        raise ScenarioError("`opened` is two lists of stages, of the prefill and the decode pool")
    return tuple(tuple(sorted(set(stages))) for stages in opened)


def _are_stages(stages):
    return (
        isinstance(stages, list)
        and len(stages) <= MOST_STAGES
        and all(type(stage) is int and 0 <= stage < MOST_STAGES for stage in stages)
    )


def read_window(window) -> tuple[float, float]:
    """The pair (from, to) [s]; raises ScenarioError where it is none."""
    if not (isinstance(window, list) and len(window) == 2 and all(map(_finite, window))):
        raise ScenarioError("`window` is a pair of times in seconds")
    low, high = map(float, window)
    # Closer together than this, the two ends are one in double precision.
    if not 1e-12 * max(1.0, abs(low), abs(high)) < high - low < math.inf:
        raise ScenarioError("`window` starts before it ends")
    return low, high


def _finite(value):
    return type(value) in (int, float) and abs(value) < 1e15


def plain_of(info, value):
    """The value of a field as its control holds it: boxes hold texts, as people write numbers."""
    if isinstance(info, Text) and value == "":
        return None
    if not isinstance(info, Number):
        return value
    if isinstance(value, str) and len(value) <= LONGEST_NUMBER:
        text = _GAPS.sub("", value)
        if text == "" and info.optional:
            return None
        text = text.replace(",", "") if _THOUSANDS.match(text) else text
        value = float(text) if _NUMBER.fullmatch(text) else value
    # 1e12 is 1,000,000,000,000 in messages, not 1000000000000.0.
    return int(value) if isinstance(value, float) and value.is_integer() else value
