"""What the metrics are called, mean and read like, on every page."""

from collections.abc import Callable
from dataclasses import dataclass

from app import numbers


@dataclass(frozen=True, kw_only=True)
class MetricTold:
    """A metric as screens have it.

    Attributes
    ----------
    field : of `simcore.Metrics`, which has the value [s], or as a share of 1
    symbol : what it is called
    meaning : the same in words
    text : a value as people read it, with its unit
    rate : whether it is a rate, of which more is better; of others less is
    """

    field: str
    symbol: str
    meaning: str
    text: Callable[[float], str]
    rate: bool = False


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
# Of each pool, by its name.
RATES = {
    pool: MetricTold(
        field=f"{pool}_tokens_per_s_per_gpu",
        symbol="tokens/s per GPU",
        meaning=f"tokens per second of the {pool} pool, for each of its GPUs",
        text=numbers.rate_text,
        rate=True,
    )
    for pool in ("prefill", "decode")
}
