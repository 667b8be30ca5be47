"""What a law of arrivals is."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simcore.parameters import Number
from simcore.registry import Registry
from simcore.serving.workload.streams import BLOCK

ARRIVALS: Registry[type["Arrivals"]] = Registry(
    "law of arrivals", "simcore.serving.workload.arrivals"
)
"""By name: when requests, or sessions, arrive."""


@dataclass(frozen=True, kw_only=True)
class Arrivals:
    """When requests, or the first ones of sessions, arrive."""

    def blocks(self, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Moments [s] in order, from 0 on, without an end; in blocks, some of them empty."""
        raise NotImplementedError


class Renewal(Arrivals):
    """Gaps that are independent of one another and of one law; the first is before the first."""

    def gaps(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """`count` gaps [s], shape (count,)."""
        raise NotImplementedError

    def blocks(self, rng):
        now = 0.0
        while True:
            moments = now + np.cumsum(self.gaps(rng, BLOCK))
            now = float(moments[-1])
            yield moments


def rate(label="Arrival rate", help="Arrivals in a second, on average.", *, key="rate", least=1e-6):
    """The description of a field that is a rate of arrivals."""
    return Number(
        key=key,
        symbol="λ",
        label=label,
        unit="1/s",
        help=help,
        low=0.1,
        high=100,
        step=0.1,
        least=least,
        most=1e5,
        whole=False,
    )


def variation(least: float) -> Number:
    """The description of a field that is the coefficient of variation of gaps."""
    return Number(
        key="cv",
        symbol="cv",
        label="Burstiness",
        unit="",
        help="Coefficient of variation of the gaps: 1 as Poisson arrivals, more in bursts.",
        low=0.5,
        high=5,
        step=0.5,
        least=least,
        most=20.0,
        whole=False,
    )


def seconds(key, label, help, *, high, least=0.0, most=1e8):
    """The description of a field that is a time."""
    return Number(
        **{"key": key, "symbol": "", "label": label, "unit": "s", "help": help},
        **{"low": 0, "high": high, "step": high / 100, "least": least, "most": most},
        whole=False,
    )
