"""Where cells are run: a thread, processes of this machine, or the workers of a dask cluster."""

import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from contextlib import contextmanager

from simcore.errors import PdscopeError
from simcore.executors.cluster import DaskCluster, DaskExecutor, connect
from simcore.executors.local import processes, thread

__all__ = ["DaskCluster", "executor_for", "result_of"]


@contextmanager
def executor_for(
    *,
    jobs: int | None = None,
    dask: str | None = None,
    on_waiting: Callable[[str], None] | None = None,
) -> Iterator[Executor]:
    """An executor of a dask cluster, or of processes of this machine.

    Parameters
    ----------
    jobs : number of processes; as many as there are cores if None, and with 1 a thread instead
    dask : address of a scheduler, e.g. "tcp://10.0.0.1:8786", if its workers are to compute
    on_waiting : told in words if the scheduler has no workers some seconds after the first task was
        submitted, which then waits for them

    Left by an exception, it drops what has not begun, and processes end what has. Raises
    PdscopeError where the scheduler cannot be reached.
    """
    if dask is not None:
        with _dask_executor(dask, on_waiting) as executor:
            yield executor
    elif jobs == 1:
        with thread() as executor:
            yield executor
    else:
        with processes(jobs or os.cpu_count() or 1) as executor:
            yield executor


def result_of(future: Future):
    """What the task of an executor has returned, waiting for it.

    Raises what the task has raised, and PdscopeError where it was lost with those that ran it.
    """
    try:
        return future.result()
    except BrokenExecutor as error:
        raise PdscopeError(
            "a process that computed a cell ended unasked, perhaps for want of memory; try fewer "
            "--jobs"
        ) from error
    except CancelledError as error:
        raise PdscopeError("the dask scheduler went away; start it and try again") from error
    except Exception as error:
        if not _is_killed_worker(error):
            raise
        raise PdscopeError(
            "dask gave a cell up, as one worker after the other ended while it ran it; look at "
            "their logs, for want of memory first"
        ) from error


@contextmanager
def _dask_executor(address, on_waiting):
    client = connect(address)
    executor = DaskExecutor(client, on_waiting=on_waiting)
    try:
        yield executor
    except BaseException:
        executor.shutdown(wait=False)
        raise
    finally:
        client.close()


def _is_killed_worker(error):
    distributed = sys.modules.get("distributed")  # it can come from nowhere else
    return distributed is not None and isinstance(error, distributed.KilledWorker)
