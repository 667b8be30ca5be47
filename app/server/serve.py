"""Serve the app with gunicorn."""

import os
import socket
import sys

from gunicorn.app.base import BaseApplication

from app.server.security import LOCAL_NAMES, WILDCARDS, allowed_hosts
from app.shell import create_app
from app.sweeps.page import DASK_VARIABLE
from simcore import PdscopeError

THREADS = 4
# A browser's requests follow each other on one connection, so that they meet the worker that has
# kept the results of the last ones.
KEEP_ALIVE_S = 75
TIMEOUT_S, FAREWELL_S = 60, 5
MOST_PORT = 65_535
MOST_WORKERS = 64


def serve(
    host: str = "127.0.0.1", port: int = 8050, workers: int = 2, dask: str | None = None
) -> None:
    """Serve until interrupted; raises PdscopeError where it cannot listen on `host` and `port`.

    Parameters
    ----------
    workers : processes that answer
    dask : address of a scheduler whose workers are to compute sweeps; where it is None, that in
        the environment, if there is one
    """
    if not 1 <= port <= MOST_PORT:
        raise PdscopeError(f"--port {port} is out of range; use 1 to {MOST_PORT}")
    if not 1 <= workers <= MOST_WORKERS:
        raise PdscopeError(f"--workers {workers} is out of range; use 1 to {MOST_WORKERS}")
    _check_free(host, port)
    if host not in LOCAL_NAMES:
        print(
            f"warning: listening on {host}: whoever reaches this machine can use the page; there "
            "is no password",
            file=sys.stderr,
        )
    if dask is not None:
        os.environ[DASK_VARIABLE] = dask
    _Server(_settings(host, port, workers), hosts=[host]).run()


def _settings(host, port, workers):
    shown = "127.0.0.1" if host in WILDCARDS else host
    bracketed = f"[{host}]" if ":" in host else host
    address = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}/"
    return {
        "bind": f"{bracketed}:{port}",
        "workers": workers,
        "worker_class": "app.server.worker.Worker",
        "threads": THREADS,
        "keepalive": KEEP_ALIVE_S,
        "timeout": TIMEOUT_S,
        "graceful_timeout": FAREWELL_S,
        "preload_app": True,
        "control_socket_disable": True,
        "loglevel": "warning",
        "when_ready": lambda _: print(f"pdscope is at {address} (Ctrl+C ends it)", flush=True),
    }


def _check_free(host, port):
    """Try the address first: gunicorn would try it for five seconds and end with a traceback."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            # As gunicorn does: connections that a former server has just closed do not count.
            if os.name == "posix":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen()
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "that is no name of a host"
        raise PdscopeError(
            f"cannot listen on {host!a}, port {port}: {reason}; choose another with --port or "
            "--host"
        ) from None


class _Server(BaseApplication):
    """gunicorn with these settings alone: none from files or command lines.

    Parameters
    ----------
    hosts : names under which the app may be reached, besides those of the environment
    """

    def __init__(self, settings, hosts):
        self.settings = settings
        self.hosts = hosts
        super().__init__()

    def load_config(self):
        for name, value in self.settings.items():
            self.cfg.set(name, value)

    def load(self):
        return create_app([*self.hosts, *allowed_hosts()]).server
