"""A maximum without a corner: limits that hold together cost a little more than the larger one."""

from functools import reduce

import numpy as np


def smooth_max(*terms, sharpness):
    """(sum of terms^p)^(1/p) with p = `sharpness`: the sum for p = 1, the maximum for p → ∞.

    Hockney's n_1/2 is p = 1, the roofline p = ∞; kernels overlap their memory and compute phases
    only in part and lie between. Terms are times [s], from 0 up.
    """
    largest = reduce(np.maximum, terms)
    scale = np.where(largest > 0, largest, 1.0)
    total = sum((term / scale) ** sharpness for term in terms)
    return scale * total ** (1 / sharpness)


def smooth_min(*terms, sharpness):
    """The mirror image: (sum of terms^-p)^(-1/p), for ways of which the faster is taken.

    Terms are times [s], above 0.
    """
    least = reduce(np.minimum, terms)
    return least * sum((term / least) ** -sharpness for term in terms) ** (-1 / sharpness)
