"""What the load and the soak benchmark share: a random walk over scenarios, and memory."""

import random
from pathlib import Path

import numpy as np

from simcore import Scenario
from simcore.parameters import Choice, parameters_of

# As far as the page's sliders go, but for what takes long: that is measured elsewhere.
BOUNDS = {
    "pp": (2, 16),
    "batch_size": (1, 4),
    "prompt_tokens": (1024, 8192),
    "chunk_tokens": (128, 1024),
}
CHOICES = ("prefill_gpu", "decode_gpu")


class Walk:
    """One user at the sliders: one of them moves a few steps at a time.

    Parameters
    ----------
    seed : equal seeds walk alike
    """

    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self.infos = parameters_of(Scenario)
        self.values = {name: getattr(Scenario(), name) for name in (*BOUNDS, *CHOICES)}

    def step(self) -> dict:
        """The scenario's fields after the next move."""
        field = self.random.choice(list(self.values))
        info = self.infos[field]
        if isinstance(info, Choice):
            self.values[field] = self.random.choice(info.options())
        else:
            low, high = BOUNDS[field]
            moved = self.values[field] + info.step * self.random.choice((-3, -2, -1, 1, 2, 3))
            self.values[field] = int(min(high, max(low, moved)))
        return dict(self.values)


def request_of(values: dict, seq: int) -> dict:
    """What the page posts for these fields while one drags, and now and then at rest."""
    return {
        "seq": seq,
        "values": values,
        "window": None,
        "pixels": 1000,
        "coarse": seq % 8 != 0,
        "scheme": "light",
    }


def resident_mb(pid: int | str = "self") -> float:
    """Memory of a process that is in use [MB]; reads the process table of Linux."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise OSError(f"process {pid} has no resident memory")


def slope(x, y) -> float:
    """Of the straight line that is closest to the points."""
    return float(np.polyfit(x, y, 1)[0])
