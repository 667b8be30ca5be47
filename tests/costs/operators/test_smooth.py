"""Smooth maxima and minima lie where they should, and have the right limits."""

import numpy as np
import pytest

from simcore.costs.operators.smooth import smooth_max, smooth_min


@pytest.mark.parametrize("sharpness", [1.0, 2.0, 5.0])
def test_a_smooth_maximum_lies_between_the_maximum_and_the_sum(sharpness):
    a, b = np.array([1e-6, 2e-3, 5.0]), np.array([3e-6, 2e-3, 0.0])
    found = smooth_max(a, b, sharpness=sharpness)
    # Floating point: a rounding below the maximum is none.
    assert (found >= np.maximum(a, b) * (1 - 1e-12)).all()
    assert (found <= (a + b) * (1 + 1e-12)).all()


def test_sharpness_1_is_the_sum_and_a_large_one_the_maximum():
    assert smooth_max(2.0, 3.0, sharpness=1.0) == pytest.approx(5.0)
    assert smooth_max(2.0, 3.0, sharpness=200.0) == pytest.approx(3.0)
    assert smooth_max(2.0, 2.0, sharpness=2.0) == pytest.approx(2 * 2**0.5)


def test_nothing_to_do_takes_no_time():
    assert smooth_max(0.0, 0.0, sharpness=3.0) == 0.0


def test_a_smooth_minimum_never_exceeds_either():
    assert smooth_min(2.0, 3.0, sharpness=200.0) == pytest.approx(2.0)
    assert smooth_min(2.0, 2.0, sharpness=1.0) == pytest.approx(1.0)
    assert smooth_min(1e-9, 5.0, sharpness=2.0) == pytest.approx(1e-9)
