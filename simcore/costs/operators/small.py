"""Kernels that only move activations: normalisation, rotary embedding, activation function."""

from dataclasses import dataclass

import numpy as np

from simcore.costs.operators.attention import CACHE_STEEPNESS
from simcore.costs.operators.chip import Chip


@dataclass(frozen=True, kw_only=True)
class SmallConstants:
    """What moving activations takes.

    Attributes
    ----------
    launch_s : of one kernel [s]
    memory : share of the peak bandwidth of memory
    cached : rate of activations that the last-level cache holds, over that peak
    """

    launch_s: float
    memory: float
    cached: float


def small_seconds(*, kernels, traffic, chip: Chip, constants: SmallConstants):
    """Time [s] of `kernels` kernels that move `traffic` byte between them."""
    c = constants
    traffic = np.asarray(traffic, dtype=float)
    hit = 1 / (1 + (traffic / kernels / chip.cache) ** CACHE_STEEPNESS)
    per_byte = (hit / c.cached + (1 - hit) / c.memory) / chip.bandwidth
    return kernels * c.launch_s + traffic * per_byte
