"""Runs in several threads share what fabrics remember, and nothing else."""

import itertools
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import gpu_catalog
from simcore import CommChannel, Scenario, run
from simcore.engine.routes import RouteTable
from simcore.machine import _fabric
from simcore.topologies import TOPOLOGIES, Fleet, NicMapping, Place, Placement, PoolSize


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


def test_threads_find_the_ways_of_a_new_fabric_together(restless_threads):
    """None takes what another has only begun to find for all that there is."""
    places = [Place("prefill", rank) for rank in range(64)]
    start = threading.Barrier(8)

    def first_path(fabric, number):
        start.wait(timeout=60)
        # Of the last machines: their ways are found last.
        return fabric.path(places[-1 - number], places[number])

    with ThreadPoolExecutor(max_workers=8) as threads:
        for _ in range(20):
            fabric = new_fabric(len(places))
            list(threads.map(first_path, [fabric] * 8, range(8)))


def new_fabric(gpus):
    gpu, link = gpu_catalog.gpu("NVIDIA H100"), gpu_catalog.link
    return TOPOLOGIES["hgx-fat-tree"](
        Fleet(
            prefill=PoolSize(name="prefill", gpu=gpu, stages=gpus, ranks=1),
            decode=PoolSize(name="decode", gpu=gpu, stages=1, ranks=1),
            placement=Placement.ACROSS,
            nics=None,
            mapping=NicMapping.NEAREST,
            oversubscription=1.0,
            link=link,
            full_duplex=True,
        )
    )
