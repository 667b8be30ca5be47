"""Times between tokens, from runs of steps, against those of every single token."""

import numpy as np
import pytest

from simcore.serving.replica import LinearClock
from simcore.serving.results.recorder import Recorder
from simcore.serving.results.spread import PERCENTILES
from simcore.serving.results.token_times import TokenTimes, runs_of
from tests.serving.replica.driver import drive, random_requests, replica_of
from tests.serving.results.rows import CLIENT, courses_of

RESOLUTION = 6e-4  # half a bin, and a little


def each_time(runs):
    """(owner, time) of every token after the first."""
    place = np.arange(runs.count.sum()) - np.repeat(np.cumsum(runs.count) - runs.count, runs.count)
    times = np.repeat(runs.first_s, runs.count) + np.repeat(runs.growth_s, runs.count) * place
    return np.repeat(runs.owner, runs.count), times


@pytest.fixture(scope="module", params=[(1, 2000), (1, 150), (3, 150)], ids=str)
def jobs(request):
    """Of a replica with so many stages, and blocks: with few there are preemptions."""
    stages, blocks = request.param
    clock = LinearClock(
        step_s=0.02, token_s=1e-4, request_decode_s=1e-4, context_s=1e-6, stages=stages
    )
    return drive(replica_of(clock, blocks=blocks), random_requests(3, count=200))[0]


def test_they_add_up_to_the_time_after_the_first_token(jobs):
    first = np.array([job.first_token_s for job in jobs])
    runs = runs_of(jobs, first)
    total = np.bincount(runs.owner, runs.total_s, len(jobs))
    tokens = np.bincount(runs.owner, runs.count, len(jobs))
    assert total == pytest.approx(np.array([job.finished_s for job in jobs]) - first, abs=1e-9)
    assert tokens.tolist() == [job.request.output_tokens - 1 for job in jobs]


def test_a_first_token_that_comes_later_shortens_the_wait_for_the_second(jobs):
    first = np.array([job.first_token_s for job in jobs])
    later = first + 0.001 * (np.arange(len(jobs)) % 2)
    total = runs_of(jobs, first).total_s.sum() - runs_of(jobs, later).total_s.sum()
    # Where nothing was waited for there is nothing to shorten.
    assert 0 <= total <= (later - first).sum() + 1e-9


def test_percentiles_of_all_are_within_half_a_bin(jobs):
    runs = runs_of(jobs, np.array([job.first_token_s for job in jobs]))
    halves = TokenTimes(), TokenTimes()
    for half, part in enumerate(halves):
        part.add(runs.of(np.arange(len(jobs)) % 2 == half))
    halves[0].join(halves[1])
    found = halves[0].spread()
    times = each_time(runs)[1]
    exact = np.percentile(times, PERCENTILES, method="inverted_cdf")
    assert [found.p50, found.p90, found.p95, found.p99] == pytest.approx(exact, rel=RESOLUTION)
    assert found.mean == pytest.approx(times.mean(), rel=1e-12)


def test_percentiles_of_each_request_are_within_what_a_run_grows_by(jobs):
    recorder = Recorder([CLIENT])
    for course in courses_of(jobs):
        recorder(course)
    columns = recorder.columns()
    runs = runs_of(jobs, np.array([job.first_token_s for job in jobs]))
    owner, times = each_time(runs)
    growth = np.zeros(len(jobs))
    np.maximum.at(growth, runs.owner, np.abs(runs.last_s - runs.first_s))
    for place in range(len(jobs)):
        own = times[owner == place]
        if len(own):
            for share in (50, 99):
                exact = np.percentile(own, share, method="inverted_cdf")
                slack = growth[place] + 1e-12
                assert columns[f"itl_p{share}_s"][place] == pytest.approx(exact, abs=slack)
            assert columns["itl_max_s"][place] == pytest.approx(own.max())
            assert columns["itl_mean_s"][place] == pytest.approx(own.mean())
