"""What the metrics are called, mean and read like, on every page."""

from collections.abc import Callable
from dataclasses import dataclass

from app import numbers


@dataclass(frozen=True, kw_only=True)
class MetricTold:
    """A metric as screens have it; less of it is better.

    Attributes
    ----------
    field : of `simcore.Metrics`, which has the value [s], or as a share of 1
    symbol : what it is called
    meaning : the same in words
    text : a value as people read it, with its unit
    """

    field: str
    symbol: str
    meaning: str
    text: Callable[[float], str]


# By the short name that addresses and elements have.
DURATIONS = {
    "ttds": MetricTold(
        field="ttds_s",
        symbol="TTDS",
        meaning="time to decode start",
        text=numbers.duration_text,
    ),
    "tpot": MetricTold(
        field="tpot_s",
        symbol="TPOT",
        meaning="time per output token",
        text=numbers.duration_text,
    ),
    "ttft": MetricTold(
        field="ttft_s",
        symbol="TTFT",
        meaning="time to first token",
        text=numbers.duration_text,
    ),
}
METRICS = DURATIONS | {
    "bubble": MetricTold(
        field="bubble",
        symbol="Pipeline bubble",
        meaning="idle share of the prefill pool",
        text=numbers.percent,
    ),
}
