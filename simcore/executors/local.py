"""Executors of this machine, which end what they have begun when they are left by an exception."""

import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context, parent_process

INTERRUPTED = 130


@contextmanager
def thread():
    """One thread, for work that is not worth a process."""
    pool = ThreadPoolExecutor(max_workers=1)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def processes(jobs: int):
    """As many processes as `jobs`."""
    # Spawned, not forked: the caller may have threads.
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_end_quietly)
    try:
        yield pool
    except BaseException:
        _terminate(pool)
        raise
    pool.shutdown()


def _terminate(pool):
    """End the pool's processes now, as `ProcessPoolExecutor.terminate_workers` of Python 3.14."""
    processes = list((pool._processes or {}).values())
    manager = pool._executor_manager_thread
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()
    if manager is not None:
        # It waits for them, too. Of two that wait for one process the second learns nothing, and
        # may go on before the first has noted that it is gone: so only after the manager.
        manager.join()
    for process in processes:
        process.join()


def _end_quietly():
    """Runs first in a process: it ends on Ctrl-C without a word, and with whoever started it."""
    signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent():
    parent_process().join()
    os._exit(INTERRUPTED)
