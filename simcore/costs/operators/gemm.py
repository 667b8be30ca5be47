"""Products of activations with weights."""

from dataclasses import dataclass

import numpy as np

from simcore.costs.operators.chip import ACTIVATION_BYTES, Chip, Format
from simcore.costs.operators.smooth import smooth_max

OUTPUT_BYTES = 2

STRAINED_S = 1e-3
"""Busy time at which half the strain is felt [s]."""


@dataclass(frozen=True, kw_only=True)
class GemmConstants:
    """How one GPU's library multiplies in one number format.

    Attributes
    ----------
    launch_s : of a kernel that does nothing [s]
    per_k_s : of walking one element along the inner dimension, which a tile does alone [s]
    compute : share of the peak throughput that large products reach
    memory : share of the peak bandwidth that weights are read with
    sharpness : of the maximum of computing and reading (see `smooth_max`)
    epilogue : of the time of writing the results at peak bandwidth, the part not hidden
    quantise : passes over the activations, of a byte per element at peak bandwidth, that bring
        them into the format of the weights; 0 for BF16
    strain : share by which products that keep the GPU busy for long are slower: power limits
    waves : from 0 to 1, how much a last wave that does not fill the GPU costs
    tile : rows and columns of the results that a multiprocessor computes at a time
    """

    launch_s: float
    per_k_s: float
    compute: float
    memory: float
    sharpness: float
    epilogue: float
    quantise: float
    strain: float
    waves: float
    tile: tuple[float, float]


def gemm_seconds(*, m, n, k, weights: Format, chip: Chip, constants: GemmConstants):
    """Time [s] of an m×k by k×n product whose k×n factor are such weights.

    A roofline (Williams, Waterman & Patterson, CACM 52(4), 2009) with its corner rounded, a launch,
    the latency of a tile's walk along k, tiles that come in whole waves (NVIDIA, "Matrix
    Multiplication Background User's Guide", section on wave quantization), and passes that
    quantise the activations.
    """
    c = constants
    m, n, k = (np.asarray(x, dtype=float) for x in (m, n, k))
    operands = n * k * weights.weight_bytes + m * k * ACTIVATION_BYTES[chip.runs(weights.gemm)]
    reading = (operands + m * n * OUTPUT_BYTES) / (chip.bandwidth * c.memory)
    computing = 2 * m * n * k / (chip.peak(weights.gemm) * c.compute)
    computing = computing * (1 + c.waves * (_wave_excess(m, n, chip, c.tile) - 1))
    computing = computing * (1 + c.strain * computing / (computing + STRAINED_S))
    computing = computing + c.epilogue * m * n * OUTPUT_BYTES / chip.bandwidth
    alone = c.launch_s + c.per_k_s * k + c.quantise * m * k / chip.bandwidth
    return alone + smooth_max(computing, reading, sharpness=c.sharpness)


def _wave_excess(m, n, chip, tile):
    """Waves of tiles, over what they would be if a fraction of a wave took a fraction of the time.

    From 1 to 2: what is less than one wave is spread over more multiprocessors by splitting k.
    """
    tiles = np.ceil(m / tile[0]) * np.ceil(n / tile[1])
    waves = tiles / chip.multiprocessors
    return np.minimum(np.ceil(waves) / np.maximum(waves, 1e-300), 2.0)
