"""`pdscope serve` as a process of its own, which a test may treat as badly as it likes."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

PATIENCE_S = 30


def free_port() -> int:
    """A port on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Served:
    """The server on one port, started and killed any number of times.

    Attributes
    ----------
    port : on 127.0.0.1
    log : path of the file with all that it has said
    """

    def __init__(self, repository, log, port=None, workers=2):
        self.repository, self.log, self.workers = repository, log, workers
        self.port = port or free_port()
        self.process = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app", "serve",
                 "--port", str(self.port), "--workers", str(self.workers)],
                cwd=self.repository,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + PATIENCE_S
        while True:
            assert self.process.poll() is None, self.said()
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                assert time.monotonic() < deadline, self.said()
                time.sleep(0.1)

    def kill(self) -> None:
        """End it and its workers at once, as if the power had failed."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def said(self) -> str:
        """What it has written to its standard output and error so far."""
        return self.log.read_text(errors="replace")
