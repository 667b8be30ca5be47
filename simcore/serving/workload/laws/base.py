"""What a law of amounts is."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simcore.parameters import Number
from simcore.registry import Registry
from simcore.serving.workload.building import Chosen
from simcore.serving.workload.streams import BLOCK

MOST = 1e9

LAWS: Registry[type["Law"]] = Registry("law of amounts", "simcore.serving.workload.laws")
"""By name: how many tokens a prompt has, how long somebody thinks, how often a tool is called."""


@dataclass(frozen=True, kw_only=True)
class Law:
    """A law of amounts that are 0 or more; the unit is that of what the amounts are of."""

    def draw(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """`count` independent amounts, shape (count,), float."""
        raise NotImplementedError

    def each(self, rng: np.random.Generator) -> Iterator[float]:
        """Independent amounts without an end."""
        while True:
            yield from self.draw(rng, BLOCK).tolist()

    def each_whole(self, rng: np.random.Generator, least: int, most: int) -> Iterator[int]:
        """Independent whole amounts without an end; those beyond `least` and `most` are these."""
        while True:
            yield from np.clip(self.draw_whole(rng, BLOCK), least, most).tolist()

    def draw_whole(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """`count` independent whole amounts, shape (count,), int: the nearest to those drawn."""
        return np.rint(np.minimum(self.draw(rng, count), MOST)).astype(np.int64)


def amounts(*, optional: bool = False) -> Chosen:
    """The description of a field that is a law of amounts; a plain number is always the same."""
    return Chosen(LAWS, number=("constant", "value"), optional=optional)


def amount(key, label, help, *, low=1, high=32_768, least=0.0, most=MOST):
    """The description of a field that is an amount, or says something about amounts."""
    return Number(
        key=key,
        symbol="",
        label=label,
        unit="",
        help=help,
        low=low,
        high=high,
        step=low,
        least=least,
        most=most,
        whole=False,
    )
