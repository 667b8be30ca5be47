"""Runs in several threads share what fabrics remember, and nothing else."""

import itertools
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from simcore import CommChannel, Scenario, run
from simcore.engine.routes import RouteTable
from simcore.machine import _fabric


@pytest.fixture
def restless_threads():
    """Threads that take turns every few microseconds instead of every few milliseconds."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def test_runs_at_the_same_time_give_what_they_give_alone(restless_threads):
    scenarios = [
        Scenario(pp=5, decode_pp=3, prompt_tokens=2000, chunk_tokens=m, batch_size=n)
        for n in (1, 8)
        for m in (90, 100, 110)
    ]
    alone = [run(scenario).trace.to_csv() for scenario in scenarios]
    with ThreadPoolExecutor(max_workers=len(scenarios)) as threads:
        for _ in range(5):
            _fabric.cache_clear()
            together = threads.map(lambda scenario: run(scenario).trace.to_csv(), scenarios)
            assert list(together) == alone


def test_threads_agree_on_the_numbers_of_routes(restless_threads):
    channels = [CommChannel(str(i), 1.0) for i in range(30)]
    paths = list(itertools.product(channels, repeat=2))
    table = RouteTable()
    with ThreadPoolExecutor(max_workers=8) as threads:
        numbers = list(threads.map(lambda _: [table.number(path) for path in paths], range(8)))
    assert numbers == [list(range(len(paths)))] * 8
    assert table.paths == paths
