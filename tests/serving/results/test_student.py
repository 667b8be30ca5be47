"""Confidence intervals against the published table, and against what confidence means."""

import math

import numpy as np
import pytest

from simcore.serving.results import band
from simcore.serving.results.student import t_quantile

TABLE = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 9: 2.262, 10: 2.228, 29: 2.045, 120: 1.980}


@pytest.mark.parametrize("freedom", TABLE)
def test_quantiles_are_those_of_students_table(freedom):
    assert t_quantile(freedom) == pytest.approx(TABLE[freedom], abs=5e-4)


def test_an_interval_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(1)
    runs, hits = 4000, 0
    for _ in range(runs):
        found = band(rng.normal(3.0, 2.0, 5).tolist())
        hits += found.low <= 3.0 <= found.high
    assert hits / runs == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / runs))


def test_one_run_has_no_interval_and_what_is_missing_does_not_count():
    assert math.isnan(band([2.0]).half)
    assert band([2.0, math.nan, 4.0]).runs == 2
    assert math.isnan(band([]).mean)
    with pytest.raises(ValueError, match="two runs or more"):
        t_quantile(0)
