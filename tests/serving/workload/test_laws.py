"""Amounts are what their laws say, as far as a sample can tell."""

import math

import numpy as np
import pytest
from scipy import stats

from simcore.errors import ScenarioError
from simcore.serving.workload.laws import LAWS
from simcore.serving.workload.laws.constant import Constant
from simcore.serving.workload.laws.empirical import Empirical
from simcore.serving.workload.laws.exponential import Exponential
from simcore.serving.workload.laws.lognormal import Lognormal
from simcore.serving.workload.laws.normal import Normal
from simcore.serving.workload.laws.uniform import Uniform
from simcore.serving.workload.laws.zipf import Zipf
from simcore.serving.workload.streams import stream

COUNT = 100_000
UNLIKELY = 1e-4


def sample(law, count=COUNT):
    return law.draw(stream(3, "test"), count)


def whole(law, count=COUNT):
    return law.draw_whole(stream(3, "test"), count)


@pytest.mark.parametrize("name", LAWS.names())
def test_amounts_are_not_negative_and_there_are_as_many_as_asked_for(name):
    law = LAWS[name]()
    assert sample(law).shape == (COUNT,) and sample(law).min() >= 0
    assert whole(law).shape == (COUNT,) and whole(law).dtype.kind == "i"
    assert law.draw(stream(0, "t"), 0).shape == (0,)


@pytest.mark.parametrize(
    ("law", "mean", "sd"),
    [
        (Constant(value=7.0), 7.0, 0.0),
        (Uniform(low=10.0, high=50.0), 30.0, 40 / math.sqrt(12)),
        (Normal(mean=1000.0, sd=100.0), 1000.0, 100.0),
        (Lognormal(mean=1000.0, cv=1.5), 1000.0, 1500.0),
        (Exponential(mean=12.0), 12.0, 12.0),
        (Empirical(values=(1.0, 2.0, 9.0), weights=(1.0, 2.0, 1.0)), 3.5, math.sqrt(10.25)),
        (Empirical(values=(1.0, 3.0)), 2.0, 1.0),
    ],
)
def test_mean_and_spread(law, mean, sd):
    found = sample(law)
    error = found.std() / math.sqrt(COUNT)
    assert found.mean() == pytest.approx(mean, abs=4 * error + 1e-12)
    squares = (found - found.mean()) ** 2
    spread = squares.std() / math.sqrt(COUNT)
    assert squares.mean() == pytest.approx(sd**2, abs=4 * spread + 1e-12)


def test_a_uniform_law_of_whole_amounts_reaches_both_bounds_as_often_as_the_rest():
    counts = np.bincount(whole(Uniform(low=3.0, high=8.0)))
    assert not counts[:3].any() and len(counts) == 9
    assert stats.chisquare(counts[3:]).pvalue > UNLIKELY
    assert set(whole(Uniform(low=3.2, high=3.4), 100).tolist()) == {3}


def test_a_wide_normal_law_stops_at_nothing():
    found = sample(Normal(mean=1.0, sd=1.0))
    assert found.min() == 0.0
    assert np.mean(found == 0) == pytest.approx(stats.norm.cdf(-1), abs=0.005)


@pytest.mark.parametrize("exponent", [0.0, 0.6, 1.0, 1.7])
def test_a_zipf_law_has_its_exponent(exponent):
    low, high = 4, 300
    found = whole(Zipf(exponent=exponent, low=low, high=high))
    numbers = np.arange(low, high + 1)
    weights = numbers**-exponent
    expected = COUNT * weights / weights.sum()
    counts = np.bincount(found, minlength=high + 1)[low:]
    assert counts.sum() == COUNT
    assert stats.chisquare(counts, expected).pvalue > UNLIKELY
    # The maximum-likelihood exponent solves E[ln k] = the sample's mean of ln k; its error is
    # 1 / (sd of ln k, times the root of the count).
    logs = np.log(numbers)
    p = weights / weights.sum()
    error = 1 / math.sqrt(COUNT * (p @ logs**2 - (p @ logs) ** 2))
    trial = np.linspace(exponent - 0.2, exponent + 0.2, 4001)
    q = numbers[None, :] ** -trial[:, None]
    means = (q @ logs) / q.sum(axis=1)
    fitted = trial[np.argmin(abs(means - np.log(found).mean()))]
    assert fitted == pytest.approx(exponent, abs=4 * error + 1e-4)


def test_a_steep_zipf_law_over_a_wide_range_is_all_at_the_first():
    assert set(whole(Zipf(exponent=20.0, low=1000, high=1_000_000), 1000) // 1000) == {1}


def test_an_empirical_law_draws_each_as_often_as_its_weight_says():
    weights = (5.0, 0.0, 3.0, 2.0)
    found = whole(Empirical(values=(10.0, 20.0, 30.0, 40.0), weights=weights))
    counts = np.array([(found == value).sum() for value in (10, 20, 30, 40)])
    assert counts[1] == 0
    kept = counts[[0, 2, 3]]
    assert stats.chisquare(kept, COUNT * np.array([0.5, 0.3, 0.2])).pvalue > UNLIKELY


def test_whole_amounts_one_by_one_stay_within_bounds():
    each = Exponential(mean=5.0).each_whole(stream(1, "test"), 2, 9)
    found = [next(each) for _ in range(5000)]
    assert min(found) == 2 and max(found) == 9
    assert all(isinstance(amount, int) for amount in found)


@pytest.mark.parametrize(
    ("kind", "fields", "says"),
    [
        (Uniform, {"low": 5.0, "high": 4.0}, "low = 5 is above high = 4; swap them"),
        (Zipf, {"low": 5, "high": 4}, "low = 5 is above high = 4; swap them"),
        (Empirical, {"values": (1.0,), "weights": (1.0, 2.0)}, "weights has 2 entries for 1"),
        (Empirical, {"values": (1.0,), "weights": (0.0,)}, "weights are all 0"),
    ],
)
def test_laws_that_cannot_be_are_refused(kind, fields, says):
    with pytest.raises(ScenarioError, match=says):
        kind(**fields)
