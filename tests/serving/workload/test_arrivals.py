"""Arrivals are what their laws say, as far as a sample can tell."""

import math
from itertools import islice

import numpy as np
import pytest
from scipy import stats

from simcore.serving.workload import workload_of
from simcore.serving.workload.arrivals import ARRIVALS
from simcore.serving.workload.arrivals.closed_loop import ClosedLoop
from simcore.serving.workload.arrivals.constant import Constant
from simcore.serving.workload.arrivals.diurnal import Diurnal
from simcore.serving.workload.arrivals.gamma import Gamma
from simcore.serving.workload.arrivals.poisson import Poisson
from simcore.serving.workload.arrivals.ramp import Ramp
from simcore.serving.workload.arrivals.weibull import Weibull, shape_of
from simcore.serving.workload.streams import stream

COUNT = 100_000
# Of a fixed seed; a true law is refused with this probability.
UNLIKELY = 1e-4


def moments(law, count=COUNT, seed=7):
    """The first `count` arrivals [s]."""
    found, blocks = [], law.blocks(stream(seed, "test"))
    while sum(map(len, found)) < count:
        found.append(next(blocks))
    return np.concatenate(found)[:count]


def until(law, end_s, seed=7):
    """All arrivals before `end_s`."""
    found, blocks = [], law.blocks(stream(seed, "test"))
    while not found or not len(found[-1]) or found[-1][-1] < end_s:
        found.append(next(blocks))
    every = np.concatenate(found)
    return every[every < end_s]


@pytest.mark.parametrize("kind", [k for k in ARRIVALS.registered.values() if k is not ClosedLoop])
def test_moments_are_in_order_and_positive(kind):
    law = kind()
    found = moments(law, 20_000)
    assert found[0] >= 0 and np.all(np.diff(found) >= 0)
    assert found.tolist() == moments(law, 20_000).tolist()


@pytest.mark.parametrize(
    ("law", "cv"),
    [
        (Poisson(rate_per_s=3.0), 1.0),
        (Gamma(rate_per_s=3.0, cv=0.4), 0.4),
        (Gamma(rate_per_s=3.0, cv=3.0), 3.0),
        (Weibull(rate_per_s=3.0, cv=0.4), 0.4),
        (Weibull(rate_per_s=3.0, cv=3.0), 3.0),
    ],
)
def test_gaps_have_the_mean_and_the_variation_of_their_law(law, cv):
    gaps = np.diff(moments(law))
    standard_error = gaps.std() / math.sqrt(len(gaps))
    assert gaps.mean() == pytest.approx(1 / 3, abs=4 * standard_error)
    # Of the variance, by the fourth moment of the sample.
    squares = (gaps - gaps.mean()) ** 2
    spread = squares.std() / math.sqrt(len(gaps))
    assert squares.mean() == pytest.approx((cv / 3) ** 2, abs=4 * spread)


@pytest.mark.parametrize(
    ("law", "expected"),
    [
        (Poisson(rate_per_s=2.0), stats.expon(scale=1 / 2)),
        (Gamma(rate_per_s=2.0, cv=2.0), stats.gamma(1 / 4, scale=4 / 2)),
        # Shape 1/2 has Γ(5) / Γ(3)^2 - 1 = 5, and the mean Γ(3) b = 2 b.
        (Weibull(rate_per_s=2.0, cv=math.sqrt(5)), stats.weibull_min(1 / 2, scale=1 / 4)),
    ],
)
def test_gaps_follow_their_law(law, expected):
    gaps = np.diff(moments(law))
    assert stats.kstest(gaps, expected.cdf).pvalue > UNLIKELY
    # The test can tell: gaps that are a fifth longer are refused.
    assert stats.kstest(1.2 * gaps, expected.cdf).pvalue < UNLIKELY


@pytest.mark.parametrize("shape", [0.2, 0.5, 1.0, 2.0, 10.0])
def test_the_shape_of_a_weibull_law_is_found_again(shape):
    cv = math.sqrt(math.gamma(1 + 2 / shape) / math.gamma(1 + 1 / shape) ** 2 - 1)
    assert shape_of(cv) == pytest.approx(shape, rel=1e-6)


def test_constant_arrivals_do_not_drift():
    found = moments(Constant(rate_per_s=3.0), 1_000_000)
    assert found[999_999] == 1_000_000 / 3


def test_counts_of_poisson_arrivals_vary_like_their_mean():
    counts = np.histogram(moments(Poisson(rate_per_s=10.0)), bins=np.arange(0.0, 9_000.0))[0]
    # Dispersion times (n - 1) is chi-squared.
    dispersion = (len(counts) - 1) * counts.var(ddof=1) / counts.mean()
    assert UNLIKELY < stats.chi2(len(counts) - 1).cdf(dispersion) < 1 - UNLIKELY


def expected_by(law, times):
    """The integral of the rate up to each of `times`."""
    match law:
        case Ramp(from_per_s=first, to_per_s=last, start_s=start, over_s=over):
            since = np.maximum(times - start, 0.0)
            on = np.minimum(since, over)
            slope = (last - first) / over if over else 0.0
            return first * (times - since + on) + slope * on**2 / 2 + last * (since - on)
        case Diurnal(rate_per_s=mean, swing=swing, period_s=period, start_s=start):
            w = 2 * math.pi / period
            sines = np.cos(-w * start) - np.cos(w * (times - start))
            return mean * (times + swing * sines / w)
    raise ValueError(law)


@pytest.mark.parametrize(
    "law",
    [
        Ramp(from_per_s=0.0, to_per_s=50.0, over_s=300.0),
        Ramp(from_per_s=50.0, to_per_s=5.0, over_s=300.0),
        Ramp(from_per_s=1.0, to_per_s=20.0, start_s=100.0, over_s=0.0),
        Ramp(from_per_s=0.0, to_per_s=20.0, start_s=100.0, over_s=0.0),
        Ramp(from_per_s=3.0, to_per_s=20.0, start_s=100.0, over_s=200.0),
        Diurnal(rate_per_s=20.0, swing=0.8, period_s=200.0, start_s=50.0),
        Diurnal(rate_per_s=20.0, swing=1.0, period_s=500.0),
        Diurnal(rate_per_s=20.0, swing=0.0),
    ],
)
def test_a_changing_rate_is_a_poisson_process_in_its_own_time(law):
    """By the change of time m(t) = ∫ rate, it becomes one of rate 1 (Çinlar, 1975, ch. 4)."""
    end_s = 500.0
    found = until(law, end_s)
    total = float(expected_by(law, np.array([end_s]))[0])
    assert len(found) == pytest.approx(total, abs=4 * math.sqrt(total))
    own_time = expected_by(law, found)
    # Given their number, the moments of a Poisson process are uniform.
    assert stats.kstest(own_time / total, "uniform").pvalue > UNLIKELY
    assert stats.kstest(np.diff(own_time), "expon").pvalue > UNLIKELY
    if getattr(law, "swing", 1.0):
        assert stats.kstest(found / end_s, "uniform").pvalue < UNLIKELY


def test_several_poisson_clients_together_are_poisson_at_the_sum_of_their_rates():
    rates = (1.0, 2.5, 4.0)
    clients = [
        {"name": str(i), "arrivals": {"law": "poisson", "rate_per_s": r}, "prompt": 1, "output": 1}
        for i, r in enumerate(rates)
    ]
    workload = workload_of({"clients": clients, "requests": 30_000})
    requests = list(workload.source(3))
    found = np.array([request.arrival_s for request in requests])
    assert stats.kstest(np.diff(found), stats.expon(scale=1 / sum(rates)).cdf).pvalue > UNLIKELY
    # Each arrival is a client's with the share of its rate, whatever came before.
    counts = np.bincount([request.client for request in requests], minlength=3)
    shares = np.array(rates) / sum(rates) * len(requests)
    assert stats.chisquare(counts, shares).pvalue > UNLIKELY
    assert [request.number for request in requests] == list(range(30_000))


def test_nothing_starts_after_the_duration():
    law = {"law": "poisson", "rate_per_s": 100.0}
    workload = workload_of({"arrivals": law, "prompt": 1, "output": 1, "duration_s": 20.0})
    found = [request.arrival_s for request in workload.source(1)]
    assert len(found) == pytest.approx(2000, abs=4 * math.sqrt(2000))
    assert max(found) <= 20.0
    longer = list(islice(workload_of({**workload.plain(), "duration_s": 40.0}).source(1), 500))
    assert [request.arrival_s for request in longer] == found[:500]
