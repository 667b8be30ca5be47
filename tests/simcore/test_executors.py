"""Where cells are run: nothing is lost on the way, and nothing goes on when nobody waits."""

import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import pandas as pd
import psutil
import pytest

from simcore import PdscopeError, Scenario, sweep
from simcore.cell_cache import CellCache
from simcore.executors import DaskCluster, executor_for
from simcore.executors import cluster as module
from simcore.executors.cluster import connect
from simcore.sweep import cells, run_cell, run_cells
from tests.simcore.waiting import PATIENCE_S, note_and_wait, wait_until

BASE = Scenario(prompt_tokens=1024, chunk_tokens=256)
AXES = {"pp": (2, 4, 7, 8), "prompt_tokens": (1024, 1500)}
GRID = cells(BASE, AXES)
# Longer than any test waits, however soon its processes begin: 528 cells of some 100 ms.
LONG = ["--pp", "32", "--x", "32:64:1", "--y", "16384:16399:1"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_number_of_processes_does_not_show_in_the_table(jobs):
    expected = pd.DataFrame([run_cell(cell) for cell in GRID])
    with executor_for(jobs=jobs) as executor:
        found = sweep(BASE, AXES, executor=executor)
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


@pytest.fixture
def left():
    """Returns the processes that were started since and are still there."""
    before = set(multiprocessing.active_children())
    return lambda: set(multiprocessing.active_children()) - before


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_exception_ends_what_has_begun_and_drops_the_rest(tmp_path, left, jobs):
    class Stop(Exception):
        pass

    names = [str(n) for n in range(200)]
    with pytest.raises(Stop), executor_for(jobs=jobs) as executor:
        for name in names:
            executor.submit(note_and_wait, tmp_path, name)
        wait_until(lambda: any(tmp_path.iterdir()), "the first task")
        raise Stop
    assert left() == set()
    begun = len(list(tmp_path.iterdir()))
    assert 0 < begun < 50
    time.sleep(0.2)
    assert len(list(tmp_path.iterdir())) == begun


def test_no_process_is_left_however_late_its_end_is_noted(tmp_path, left, monkeypatch):
    """The pool's manager and whoever ends the pool both wait for its processes."""
    main, waitpid = threading.main_thread(), os.waitpid

    def waitpid_and_dawdle(pid, options):
        found = waitpid(pid, options)
        if found[0] and threading.current_thread() is not main:
            time.sleep(0.2)
        return found

    monkeypatch.setattr(os, "waitpid", waitpid_and_dawdle)
    with pytest.raises(KeyError), executor_for(jobs=2) as executor:
        for name in range(200):
            executor.submit(note_and_wait, tmp_path, str(name))
        wait_until(lambda: any(tmp_path.iterdir()), "the first task")
        raise KeyError
    assert left() == set()


def end_process():
    os.kill(os.getpid(), signal.SIGKILL)


class Deadly(int):
    """Ends the process that it is sent to."""

    def __reduce__(self):
        return end_process, ()


def test_a_process_that_is_killed_is_one_line(left):
    axes = {"pp": (4, Deadly(5), 6)}
    with pytest.raises(PdscopeError, match="fewer --jobs"), executor_for(jobs=2) as executor:
        sweep(BASE, axes, executor=executor)
    assert left() == set()


@pytest.fixture
def long_sweep(tmp_path):
    """A `pdscope sweep` with two processes that compute; killed in the end."""
    words = ["sweep", "mt", *LONG, "--jobs", "2", "--out", str(tmp_path / "x.csv")]
    words = [sys.executable, "-m", "simcore", *(w for w in words)]
    process = subprocess.Popen(
        words,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # Whoever runs the tests in the background has them ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        parent = psutil.Process(process.pid)

        def computing():
            return [
                child
                for child in parent.children()
                if "spawn_main" in " ".join(child.cmdline()) and child.cpu_times().user > 0.5
            ]

        wait_until(lambda: len(computing()) == 2, "two processes that compute")
        yield process, computing()
    finally:
        process.kill()
        process.wait()


def test_interrupting_a_sweep_ends_its_processes_without_a_word(long_sweep, tmp_path):
    process, workers = long_sweep
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, out, err) == (130, "", "")
    wait_until(lambda: not any(w.is_running() for w in workers), "the processes to end")
    assert not (tmp_path / "x.csv").exists()


def test_killing_a_sweep_frees_its_processes(long_sweep):
    process, workers = long_sweep
    process.kill()
    process.wait()
    wait_until(lambda: not any(w.is_running() for w in workers), "the processes to end")


class Held(Executor):
    """Runs what it is told to and leaves the rest waiting."""

    def __init__(self, run):
        self.run = run
        self.futures = []

    def submit(self, function, /, *arguments, **keywords):
        future = Future()
        if len(self.futures) in self.run:
            future.set_result(function(*arguments, **keywords))
        self.futures.append(future)
        return future


def test_a_slice_is_what_was_had_in_time_and_the_rest_is_cancelled(tmp_path):
    cache = CellCache(tmp_path)
    held = Held({0, 1, 3})
    rows = run_cells(GRID, held, seconds=0.01, cache=cache)
    assert rows == [run_cell(cell) for cell in GRID[:2]]
    assert [n for n, future in enumerate(held.futures) if future.cancelled()] == [2, 4, 5, 6, 7]
    # What came too early is not lost: it is found when it is asked for.
    again = Held({0, 1, 2, 3, 4})
    rows = run_cells(GRID[2:], again, seconds=0.01, cache=cache)
    assert rows == [run_cell(cell) for cell in GRID[2:]]
    assert len(again.futures) == 5


def test_a_slice_has_at_least_one_cell_however_long_that_takes():
    with ThreadPoolExecutor(1) as threads:
        assert len(run_cells(GRID, threads, seconds=0.0)) >= 1


def test_a_slice_that_nobody_computes_is_an_error():
    held = Held({1})
    with pytest.raises(PdscopeError, match=r"no cell was computed within 0\.05 s"):
        run_cells(GRID, held, seconds=0.01, most_seconds=0.05)
    assert sum(future.cancelled() for future in held.futures) == 7


BAD_ADDRESSES = [
    "",
    " ",
    "localhost",
    "127.0.0.1",
    "127.0.0.1:",
    "127.0.0.1:0",
    "127.0.0.1:65536",
    "127.0.0.1:x",
    ":8786",
    "inproc://x:1",
    "http://127.0.0.1:8786",
    "tcp://a b:1",
    "tcp://[::1:5",
    "tcp://\x1b[31m:5",
    "tcp://a\nb:5",
    "x" * 10_000,
    "x" * 10_000 + ":1",
]


@pytest.mark.parametrize("address", BAD_ADDRESSES, ids=lambda address: repr(address[:20]))
def test_what_is_no_address_is_one_line(address):
    with pytest.raises(PdscopeError, match="is no address of a dask scheduler") as caught:
        connect(address)
    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < 200


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_scheduler_that_is_not_there_is_one_line():
    address = f"tcp://127.0.0.1:{free_port()}"
    with (
        pytest.raises(PdscopeError, match=f"no dask scheduler answers at {address}.*refused"),
        executor_for(dask=address),
    ):
        pass


@pytest.mark.parametrize("greeting", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_something_else_that_listens_there_is_one_line(greeting):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            line, _ = server.accept()
            line.sendall(greeting)
            line.close()

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(PdscopeError, match="something else listens there"):
            connect(f"127.0.0.1:{server.getsockname()[1]}")
        thread.join()


def test_without_dask_one_is_told_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(PdscopeError, match=r"pip install 'pdscope\[dask\]'"):
        connect("127.0.0.1:8786")


def test_tls_without_certificates_is_one_line():
    with pytest.raises(PdscopeError, match="must name the certificates"):
        connect("tls://127.0.0.1:8786")


def test_a_server_does_not_ask_a_silent_scheduler_again_and_again(monkeypatch):
    asked = []

    def refuse(address):
        asked.append(address)
        raise PdscopeError("nobody there")

    now = [100.0]
    monkeypatch.setattr(module, "connect", refuse)
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    cluster = DaskCluster("tcp://127.0.0.1:8786")
    for _ in range(3):
        with pytest.raises(PdscopeError, match="nobody there"):
            cluster.executor()
    assert len(asked) == 1
    now[0] += module.PAUSE_S
    with pytest.raises(PdscopeError, match="nobody there"):
        cluster.executor()
    assert len(asked) == 2
