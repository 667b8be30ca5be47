"""Sweeps on a real cluster: worker processes of their own, one of which does not survive."""

import multiprocessing
import os
import signal
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor

import pandas as pd
import pytest
from distributed import Client, KilledWorker, LocalCluster

from simcore import PdscopeError, Scenario, sweep
from simcore.__main__ import main
from simcore.executors import DaskCluster, executor_for, result_of
from simcore.executors import cluster as module
from simcore.sweep import cells, run_cell, run_cells
from tests.simcore.waiting import PATIENCE_S, note_and_wait, wait_until

BASE = Scenario(prompt_tokens=1024, chunk_tokens=256)
AXES = {"pp": (1, 2, 4, 7, 8, 300), "prompt_tokens": (1024, 1500)}


@pytest.fixture(scope="module")
def scheduler():
    """The address of a scheduler with two workers, each a process with one thread."""
    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address="127.0.0.1:0",
        silence_logs=50,
    ) as cluster:
        yield cluster.scheduler_address


@pytest.fixture
def observer(scheduler):
    """Sees what the cluster does."""
    with Client(scheduler, set_as_default=False, timeout=PATIENCE_S) as client:
        client.wait_for_workers(2, timeout=PATIENCE_S)
        yield client
        wait_until(lambda: not any(client.processing().values()), "workers to be free")


def test_the_table_is_that_of_this_machine(scheduler, observer):
    expected = pd.DataFrame([run_cell(cell) for cell in cells(BASE, AXES)])
    with executor_for(dask=scheduler) as executor:
        found = sweep(BASE, AXES, executor=executor)
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


def test_the_file_is_that_of_this_machine(scheduler, tmp_path):
    here, there = tmp_path / "here.csv", tmp_path / "there.csv"
    for path, where in ((here, ["--jobs", "1"]), (there, ["--dask", scheduler])):
        grid = ["--x", "2:8:2", "--y", "1024,2048", *where, "--out", str(path)]
        assert main(["sweep", "ppt", *grid]) == 0
    assert here.read_bytes() == there.read_bytes()


def loaded():
    return set(sys.modules)


def test_workers_need_no_page(scheduler, observer):
    with executor_for(dask=scheduler) as executor:
        sweep(BASE, AXES, executor=executor)
    for modules in observer.run(loaded).values():
        assert "simcore" in modules
        assert not {"app", "dash", "flask", "plotly"} & modules


def test_no_cell_is_lost_with_a_worker_that_is_killed_midway(scheduler, observer):
    base = Scenario(pp=16, prompt_tokens=4096)
    axes = {"chunk_tokens": tuple(range(32, 128, 4))}
    expected = pd.DataFrame([run_cell(cell) for cell in cells(base, axes)])
    pids = observer.run(os.getpid)
    killed = []

    def kill_one(done, total):
        if killed:
            return
        address, pid = min(pids.items())
        # Stopped, it keeps what it has begun to itself; once that is something it is killed.
        os.kill(pid, signal.SIGSTOP)
        try:
            wait_until(lambda: observer.processing().get(address), "work on that worker")
        finally:
            os.kill(pid, signal.SIGKILL)
        killed.append((done, total))

    with executor_for(dask=scheduler) as executor:
        found = sweep(base, axes, executor=executor, on_progress=kill_one)
    [(done, total)] = killed
    assert done < total == len(expected)
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    wait_until(lambda: len(observer.run(os.getpid)) == 2, "another worker in its place")
    assert set(observer.run(os.getpid).values()) != set(pids.values())


def test_an_exception_leaves_the_workers_free(scheduler, observer, tmp_path):
    class Stop(Exception):
        pass

    with pytest.raises(Stop), executor_for(dask=scheduler) as executor:
        for n in range(200):
            executor.submit(note_and_wait, tmp_path, str(n))
        wait_until(lambda: any(tmp_path.iterdir()), "the first task")
        raise Stop
    wait_until(lambda: not any(observer.processing().values()), "workers to be free")
    # Of each worker's one thread, what it had begun ends first.
    for worker in observer.run(os.getpid):
        observer.submit(int, "7", workers=[worker], pure=False).result(timeout=PATIENCE_S)
    begun = len(list(tmp_path.iterdir()))
    assert 0 < begun < 100
    time.sleep(0.2)
    assert len(list(tmp_path.iterdir())) == begun


@pytest.fixture
def scheduler_alone():
    """A scheduler without workers, as (address, a function that starts a worker)."""
    with LocalCluster(
        n_workers=0, processes=True, threads_per_worker=1, dashboard_address="127.0.0.1:0",
        silence_logs=50,
    ) as cluster:  # fmt: skip
        yield cluster.scheduler_address, lambda: cluster.scale(1)


def test_a_sweep_without_workers_says_so_and_goes_on_when_there_are_some(
    scheduler_alone, monkeypatch, tmp_path, capsys
):
    address, start_worker = scheduler_alone
    monkeypatch.setattr(module, "WORKERLESS_S", 0.2)
    out = tmp_path / "a.csv"
    words = ["sweep", "ppt", "--x", "2,4", "--y", "1024", "--dask", address, "--out", str(out)]
    said = []
    with ThreadPoolExecutor(1) as threads:
        status = threads.submit(main, words)
        try:
            wait_until(lambda: said.append(capsys.readouterr().err) or any(said), "a word of it")
            assert not status.done()
        finally:
            start_worker()
        assert status.result(timeout=PATIENCE_S) == 0
    told = "".join(said) + capsys.readouterr().err
    assert told.splitlines() == [
        f"pdscope sweep: waiting for workers, as the dask scheduler at {address} has none; start "
        f"one with `dask worker {address}`"
    ]
    assert len(pd.read_csv(out)) == 2


def test_nothing_is_said_of_workers_that_are_there(scheduler, observer):
    told = []
    with executor_for(dask=scheduler, on_waiting=told.append) as executor:
        sweep(BASE, AXES, executor=executor)
    assert not told


def test_what_dask_gives_up_is_one_line():
    given_up, cancelled = Future(), Future()
    given_up.set_exception(KilledWorker("a cell", None, 3))
    cancelled.cancel()
    for future, says in ((given_up, "dask gave a cell up"), (cancelled, "scheduler went away")):
        with pytest.raises(PdscopeError, match=says) as caught:
            result_of(future)
        assert len(str(caught.value).splitlines()) == 1


def test_a_worker_with_other_code_is_refused(scheduler, monkeypatch):
    monkeypatch.setattr(module, "results_digest", lambda: "of another version")
    with (
        pytest.raises(PdscopeError, match="another version of pdscope"),
        executor_for(dask=scheduler) as executor,
    ):
        sweep(BASE, AXES, executor=executor)


def test_threads_of_a_server_share_one_connection(scheduler, observer):
    cluster = DaskCluster(scheduler)
    grid = cells(BASE, AXES)
    expected = [run_cell(cell) for cell in grid]

    def slices(_):
        rows = []
        while len(rows) < len(grid):
            rows += run_cells(grid[len(rows) :], cluster.executor(), seconds=1.0)
        return rows

    try:
        with ThreadPoolExecutor(4) as threads:
            for rows in threads.map(slices, range(4)):
                pd.testing.assert_frame_equal(
                    pd.DataFrame(rows), pd.DataFrame(expected), check_exact=True
                )
        clients = [c for c in observer.run_on_scheduler(_clients) if "pdscope" in c]
        assert len(clients) == 1
    finally:
        cluster.close()


def _clients(dask_scheduler):
    return list(dask_scheduler.clients)


def _in_a_fork(cluster, pipe):
    rows = run_cells(cells(BASE, AXES), cluster.executor(), seconds=PATIENCE_S)
    pipe.send(len(rows))
    cluster.close()


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_server_s_processes_connect_each_for_themselves(scheduler):
    cluster = DaskCluster(scheduler)
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=_in_a_fork, args=(cluster, there))
    process.start()
    assert here.poll(PATIENCE_S)
    assert here.recv() == len(cells(BASE, AXES))
    process.join(PATIENCE_S)
    assert process.exitcode == 0


def test_a_connection_that_was_lost_is_made_anew(scheduler):
    cluster = DaskCluster(scheduler)
    try:
        first = cluster.executor()
        first.submit(int, "7").result(timeout=PATIENCE_S)
        cluster._client.close()
        assert cluster.executor().submit(int, "8").result(timeout=PATIENCE_S) == 8
    finally:
        cluster.close()
