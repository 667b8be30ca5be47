"""A shared link is a processor-sharing queue."""

import numpy as np
import pytest

from tests.theory.shared_link import HYPER, PoissonArrivals

# Squared coefficient of variation of each law.
LAWS = {"deterministic": 0.0, "exponential": 1.0, "hyperexponential": 3.0}
WARM_UP, COUNTED, COOL_DOWN = 200, 2000, 50


def standard_error(values):
    return np.std(values, ddof=1) / np.sqrt(len(values))


@pytest.mark.parametrize("law", LAWS)
def test_mean_time_on_a_shared_link_depends_on_the_load_alone(law):
    """M/G/1-PS: E[T] = E[S] / (1 - rho) for any law of S (Kleinrock, vol. II, 1976, ch. 4)."""
    load, service_s = 0.6, 1.0
    means = []
    for seed in range(32):
        arrivals = PoissonArrivals(law, load, seed, WARM_UP + COUNTED + COOL_DOWN).run()
        means.append(arrivals.sojourns[WARM_UP : WARM_UP + COUNTED].mean())
    tolerance = 4 * standard_error(means)
    sharing = service_s / (1 - load)
    assert np.mean(means) == pytest.approx(sharing, abs=tolerance)
    # The test can tell: first come, first served has another mean (Pollaczek-Khinchine), but for
    # the exponential law, where the two agree.
    in_turn = service_s + load * (1 + LAWS[law]) / (2 * (1 - load))
    assert law == "exponential" or abs(np.mean(means) - in_turn) > tolerance


def test_the_hyperexponential_is_what_it_says():
    assert sum(p * m for p, m in HYPER) == pytest.approx(1.0)
    # E[S^2] = 2 m^2 for each exponential; with mean 1 the variation is E[S^2] - 1.
    assert sum(p * 2 * m**2 for p, m in HYPER) - 1 == pytest.approx(LAWS["hyperexponential"])


@pytest.mark.parametrize("law", LAWS)
def test_little_s_law_holds_on_every_path(law):
    """L = lambda W, an identity of each run that begins and ends empty (Little, 1961)."""
    arrivals = PoissonArrivals(law, 0.7, 5, 500).run()
    span = max(batch.end_time for batch in arrivals.batches)
    mean_number, rate = arrivals.presence / span, len(arrivals.batches) / span
    assert mean_number == pytest.approx(rate * arrivals.sojourns.mean(), rel=1e-9)


def test_a_link_that_is_never_idle_has_moved_all_bytes_at_its_bandwidth():
    """Work conservation: overloaded from the start, it ends when the bytes do."""
    arrivals = PoissonArrivals("exponential", 50.0, 1, 400).run()
    first = min(batch.start_time for batch in arrivals.batches)
    total = sum(batch.total_size for batch in arrivals.batches)
    end = max(batch.end_time for batch in arrivals.batches)
    assert end == pytest.approx(first + total, rel=1e-9)
