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
    text = repr(name)  # of a tuple of texts: no two have the same
    digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
    key = tuple(int.from_bytes(digest[i : i + 4], "little") for i in range(0, 16, 4))
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
