"""A few small ones make up most: the k-th is as frequent as a power of k."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from simcore.errors import ScenarioError
from simcore.parameters import Number, parameter
from simcore.serving.workload.laws.base import LAWS, Law

MOST_RANKS = 1_000_000


def exponent_of_zipf(least: float = 0.0) -> Number:
    """The description of a Zipf exponent."""
    return Number(
        key="s",
        symbol="s",
        label="Zipf exponent",
        unit="",
        help="The k-th is as likely as k to the power of -s; 0: all alike.",
        low=0,
        high=3,
        step=0.1,
        least=least,
        most=20.0,
        whole=False,
    )


def _bound(key, label, help):
    return Number(
        **{"key": key, "symbol": "", "label": label, "unit": "", "help": help},
        **{"low": 1, "high": 32_768, "step": 1, "least": 1, "most": MOST_RANKS},
    )


@LAWS.register("zipf")
@dataclass(frozen=True, kw_only=True)
class Zipf(Law):
    """Zipf's law between two bounds: P(k) proportional to k^-s for k from `low` to `high`."""

    exponent: float = parameter(exponent_of_zipf(), 1.0)
    low: int = parameter(_bound("lo", "Lowest", "The least amount."), 1)
    high: int = parameter(_bound("hi", "Highest", "The greatest amount."), 4096)

    def __post_init__(self):
        if self.low > self.high:
            raise ScenarioError(
                f"low = {self.low} is above high = {self.high}; swap them", field="low"
            )

    def draw(self, rng, count):
        return self.draw_whole(rng, count).astype(float)

    def draw_whole(self, rng, count):
        return self.low + ranks(rng, count, self.exponent, self.low, self.high)


def ranks(rng, count, exponent, low, high) -> np.ndarray:
    """`count` whole numbers from 0 to `high` - `low`; that of k - `low` is as likely as k^-s."""
    return np.searchsorted(_cumulative(exponent, low, high), rng.random(count), side="right")


@lru_cache(maxsize=16)
def _cumulative(exponent, low, high):
    # Relative to the first, lest a steep law runs out of floating-point numbers.
    weights = (np.arange(low, high + 1) / low) ** -float(exponent)
    cumulative = np.cumsum(weights)
    cumulative /= cumulative[-1]
    cumulative.flags.writeable = False
    return cumulative
