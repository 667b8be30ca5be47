"""Kernels that only move activations: normalisation, rotary embedding, activation function."""

from dataclasses import dataclass

import numpy as np

from simcore.costs.operators.chip import Chip


@dataclass(frozen=True, kw_only=True)
class SmallConstants:
    """What moving activations takes.

    Attributes
    ----------
    launch_s : of one kernel [s]
    memory : share of the peak bandwidth
    """

    launch_s: float
    memory: float


def small_seconds(*, kernels, traffic, chip: Chip, constants: SmallConstants):
    """Time [s] of `kernels` kernels that move `traffic` byte between them."""
    moving = np.asarray(traffic, dtype=float) / (chip.bandwidth * constants.memory)
    return kernels * constants.launch_s + moving
