"""Random numbers by name: what one name draws depends on the seed and the name alone."""

import hashlib

import numpy as np

BLOCK = 2048
"""Values drawn at once. Part of what a seed means: the generators consume their bits by block."""


def stream(seed: int, *name: str) -> np.random.Generator:
    """The generator called `name` of the run with `seed`.

    Two names give independent streams, so drawing more or fewer numbers from one leaves the others
    as they are. The name is hashed into the spawn key of a numpy SeedSequence.
    """
    text = "\x00".join(name).encode()
    digest = hashlib.blake2b(text, digest_size=16).digest()
    key = tuple(int.from_bytes(digest[i : i + 4], "little") for i in range(0, 16, 4))
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


class Draws:
    """The numbers that `draw(generator, count)` gives, one by one, drawn in blocks."""

    __slots__ = ("_block", "_draw", "_next", "_rng")

    def __init__(self, draw, rng: np.random.Generator):
        self._draw = draw
        self._rng = rng
        self._block: list = []
        self._next = 0

    def take(self):
        """The next one."""
        if self._next == len(self._block):
            self._block = self._draw(self._rng, BLOCK).tolist()
            self._next = 0
        value = self._block[self._next]
        self._next += 1
        return value
