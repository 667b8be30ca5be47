"""Fits find planted constants, whatever outliers say, and held-out rows are not seen."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from simcore.calibration.accuracy import accuracy
from simcore.calibration.fit import fit_constants, held_out_error, held_out_predictions
from simcore.calibration.kernels import GEMM_BOUNDS, GEMM_START
from simcore.costs.operators.chip import BF16
from simcore.costs.operators.gemm import gemm_seconds
from simcore.costs.operators.small import SmallConstants, small_seconds
from tests.costs.operators.chips import CHIP

PLANTED = SmallConstants(launch_s=5e-6, memory=0.6, cached=0.6)
START = SmallConstants(launch_s=1e-6, memory=0.9, cached=0.6)
TRAFFIC = np.logspace(3, 9, 40)


def small(constants, traffic=TRAFFIC):
    return small_seconds(kernels=1, traffic=traffic, chip=CHIP, constants=constants)


def test_planted_constants_are_found_among_outliers():
    measured = small(PLANTED)
    measured[::10] *= 5
    found = fit_constants(START, small, measured, bounds={"cached": (0.5999, 0.6001)})
    assert found.launch_s == pytest.approx(PLANTED.launch_s, rel=0.05)
    assert found.memory == pytest.approx(PLANTED.memory, rel=0.05)


def test_a_product_s_constants_are_found_in_noise():
    rng = np.random.default_rng(7)
    m, n, k = (2.0 ** rng.integers(*ends, 300) for ends in ((0, 14), (10, 14), (10, 14)))
    planted = replace(GEMM_START, compute=0.66, memory=0.8, launch_s=6e-6)

    def predict(constants):
        return gemm_seconds(m=m, n=n, k=k, weights=BF16, chip=CHIP, constants=constants)

    measured = predict(planted) * np.exp(rng.normal(0, 0.02, len(m)))
    found = fit_constants(GEMM_START, predict, measured, bounds=GEMM_BOUNDS)
    assert found.memory == pytest.approx(0.8, rel=0.05)
    # Throughput alone: strain and waves take their share of it.
    assert accuracy(predict(found), predict(planted)).mape < 0.01


def test_bounds_hold():
    found = fit_constants(START, small, small(PLANTED) * 100, bounds={"launch_s": (1e-7, 6e-6)})
    assert found.launch_s <= 6e-6


def test_a_constant_of_zero_stays_zero():
    start = replace(GEMM_START, quantise=0.0)
    sizes = np.array([64.0, 1024.0, 8192.0])

    def predict(constants):
        return gemm_seconds(m=sizes, n=4096, k=4096, weights=BF16, chip=CHIP, constants=constants)

    assert fit_constants(start, predict, predict(start) * 1.1).quantise == 0.0


def test_held_out_rows_are_predicted_by_fits_that_have_not_seen_their_group():
    rows = pd.DataFrame({"group": list("aabbcc"), "time": [1.0, 1, 2, 2, 3, 3]})
    seen = []

    def fit(part):
        seen.append(set(part["group"]))
        return part["time"].mean()

    found = held_out_predictions(rows, ["group"], fit, lambda part, mean: np.full(len(part), mean))
    assert found.tolist() == [2.5, 2.5, 2.0, 2.0, 1.5, 1.5]
    assert all(len(groups) == 2 for groups in seen)
    error = held_out_error(
        rows, ["group"], fit, lambda part, mean: mean, lambda part: part["time"].to_numpy()
    )
    assert error == pytest.approx(np.mean([1.5, 1.5, 0, 0, 0.5, 0.5]))


def test_nothing_can_be_held_out_of_one_group():
    rows = pd.DataFrame({"group": ["a", "a"], "time": [1.0, 2.0]})
    found = held_out_predictions(rows, ["group"], lambda part: 1.0, lambda part, c: c)
    assert np.isnan(found).all()


def test_accuracy_by_hand():
    found = accuracy([1.1, 1.8, 3.0], [1.0, 2.0, 3.0])
    assert found.rows == 3
    assert found.mape == pytest.approx((0.1 + 0.1 + 0) / 3)
    assert found.median == pytest.approx(0.1)
    assert found.bias == pytest.approx(0.0)
    assert found.r2 == pytest.approx(1 - (0.01 + 0.04) / 2)
