"""The workers of a dask cluster, reached by the address of its scheduler."""

import logging
import os
import re
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor

from simcore.errors import PdscopeError
from simcore.provenance import results_digest

SCHEMES = ("tcp", "tls")
MOST_PORT = 65_535
MOST_GREETING_BYTES = 2**20
CONNECT_S = 5.0
# How long a server leaves a scheduler alone that did not answer.
PAUSE_S = 10.0
# How long a cluster may be without a worker before one is told that it has none.
WORKERLESS_S = 3.0
# How often a cell that has failed is tried again; one whose worker was lost is, by dask itself.
RETRIES = 2


class DaskCluster:
    """A cluster that the processes and threads of a server share.

    Nothing is connected before the first use, and then by each process for itself: a process that
    was forked has its own connection. A lost connection is made anew.

    Parameters
    ----------
    address : of the scheduler
    """

    def __init__(self, address: str):
        self.address = address
        self._lock = threading.Lock()
        self._process = None
        self._client = None
        self._failure = None  # (until when it counts, what was said)

    def executor(self) -> Executor:
        """An executor of the cluster, not to be shut down; raises PdscopeError as `connect` does.

        Where the scheduler does not answer, it is asked again after `PAUSE_S` seconds at the
        earliest, and until then the same is said at once.
        """
        with self._lock:
            if self._process != os.getpid():
                self._process, self._client, self._failure = os.getpid(), None, None
            if self._failure and time.monotonic() < self._failure[0]:
                raise PdscopeError(self._failure[1])
            if self._client is None or self._client.status != "running":
                self.close()
                try:
                    self._client = connect(self.address)
                except PdscopeError as error:
                    self._failure = (time.monotonic() + PAUSE_S, str(error))
                    raise
            return DaskExecutor(self._client)

    def close(self) -> None:
        """Leave the cluster; using it again connects again."""
        if self._client is not None and self._process == os.getpid():
            self._client.close()
        self._client = None


class DaskExecutor(Executor):
    """A dask client's executor, of which each worker must have the code and data that we have.

    Otherwise its results would be others than those of this machine.

    Parameters
    ----------
    on_waiting : told in words if there is no worker within `WORKERLESS_S` of the first submission,
        which waits as long for one
    """

    def __init__(self, client, *, on_waiting: Callable[[str], None] | None = None):
        self._inner = client.get_executor(pure=False, retries=RETRIES)
        self._client, self._on_waiting = client, on_waiting

    def submit(self, function, /, *arguments, **keywords):
        if self._on_waiting is not None:
            on_waiting, self._on_waiting = self._on_waiting, None
            _tell_if_without_workers(self._client, on_waiting)
        return self._inner.submit(_as_here, results_digest(), function, arguments, keywords)

    def shutdown(self, wait=True, *, cancel_futures=False):
        self._inner.shutdown(wait=wait and not cancel_futures)


def connect(address: str):
    """A `distributed.Client` of the scheduler at `address`.

    Raises PdscopeError where distributed is not installed, or none answers within `CONNECT_S`.
    """
    try:
        from distributed import Client, Security
    except ImportError:
        raise PdscopeError(
            "sweeps on a cluster need dask; install it with: pip install 'pdscope[dask]'"
        ) from None
    # What goes wrong is said in one line, by whoever asked for it.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    logging.getLogger("tornado.application").addFilter(_unheard)
    scheme, host, port = _parts_of(address)
    try:
        if scheme == "tls" and Security().get_connection_args("client").get("ssl_context") is None:
            raise ValueError("for TLS, dask's configuration must name the certificates")
        # A client waits without end where something else listens, whatever its own time limit.
        _greet(scheme, host, port)
        return Client(address, timeout=CONNECT_S, set_as_default=False, name="pdscope")
    except (OSError, ValueError, TypeError) as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise PdscopeError(
            f"no dask scheduler answers at {address} ({reason}); start one with `dask scheduler` "
            "and give the address that it prints"
        ) from None


def _tell_if_without_workers(client, on_waiting):
    try:
        client.wait_for_workers(1, timeout=WORKERLESS_S)
    except TimeoutError:
        address = client.scheduler.address
        on_waiting(
            f"waiting for workers, as the dask scheduler at {address} has none; start one with "
            f"`dask worker {address}`"
        )


def _parts_of(address):
    scheme, separator, place = address.rpartition("://")
    host, _, port = place.rpartition(":")
    known = scheme in SCHEMES if separator else True
    if not (known and re.fullmatch(r"[\w.-]{1,253}|\[[\da-fA-F:.]{2,45}\]", host, re.ASCII)
            and re.fullmatch(r"[0-9]{1,5}", port) and 1 <= int(port) <= MOST_PORT):  # fmt: skip
        raise PdscopeError(
            f"{address[:60]!a} is no address of a dask scheduler; write tcp://HOST:PORT"
        )
    return scheme or "tcp", host.strip("[]"), int(port)


def _greet(scheme, host, port):
    """Raises OSError where nobody listens, or where what listens does not speak as dask does."""
    with socket.create_connection((host, port), timeout=CONNECT_S) as line:
        if scheme == "tcp":  # by TLS, it is for the client to speak first
            # Dask speaks first: the length of a short greeting, as eight bytes.
            length = line.recv(8)
            if len(length) < 8 or int.from_bytes(length, "little") > MOST_GREETING_BYTES:
                raise OSError(0, "something else listens there")


class _Unheard(logging.Filter):
    """Drops what is said of tasks that nobody waits for: that they were cancelled, or cut off."""

    def filter(self, record):
        kind = record.exc_info[0] if record.exc_info else None
        return getattr(kind, "__name__", "") not in {"FutureCancelledError", "CommClosedError"}


_unheard = _Unheard()


def _as_here(digest, function, arguments, keywords):
    """Runs on a worker."""
    if results_digest() != digest:
        raise PdscopeError(
            "a dask worker has another version of pdscope, Python or numpy than this machine; "
            "install the same on all of them and start the workers again"
        )
    return function(*arguments, **keywords)
