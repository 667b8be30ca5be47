"""The roofline bound on the time of a pass."""

import numpy as np


def roofline_seconds(*, flop, traffic, flops, bandwidth):
    """Time [s] of work of `flop` [FLOP] that moves `traffic` [byte] through memory.

    On a GPU of `flops` [FLOP/s] and `bandwidth` [byte/s]; numbers or arrays. A lower bound.
    Williams, Waterman & Patterson, "Roofline", CACM 52(4), 2009.
    """
    return np.maximum(flop / flops, traffic / bandwidth)
