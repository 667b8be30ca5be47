"""gunicorn's threaded worker, but for how long a slow client may keep a thread."""

import contextlib
import socket
import threading
import time

from gunicorn.workers import gthread

# A browser sends what it sends at once, 64 KiB at most; a byte now and then is an attack.
READ_S = 5.0
# Of a request in all: who is still reading the answer then does not read it.
REQUEST_S = 120.0
# Browsers open connections ahead of use: those are to wait where no thread waits with them.
FIRST_BYTES_S = 0.05
LOOK_EVERY_S = 0.5


class Reaper:
    """Ends what is read, and later what is written, of connections that take too long.

    A thread that waits for such a connection finds it closed and is free again. The answer to
    what has been read in time can still be written.
    """

    def __init__(self, clock=time.monotonic):
        self.clock = clock
        self._begun: dict[socket.socket, float] = {}
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def watch(self, connection: socket.socket):
        """While a thread is busy with the connection."""
        with self._lock:
            self._begun[connection] = self.clock()
        try:
            yield
        finally:
            with self._lock:
                del self._begun[connection]

    def reap(self) -> None:
        """End what is overdue now."""
        now = self.clock()
        # Under the lock, so that no connection is closed, and its number used anew, meanwhile.
        with self._lock:
            for connection, begun in self._begun.items():
                if now - begun > READ_S:
                    every = now - begun > REQUEST_S
                    # It may be gone already.
                    with contextlib.suppress(OSError):
                        connection.shutdown(socket.SHUT_RDWR if every else socket.SHUT_RD)

    def run(self) -> None:
        """Look for what is overdue, for ever."""
        while True:
            time.sleep(LOOK_EVERY_S)
            self.reap()


class Worker(gthread.ThreadWorker):
    """What `pdscope serve` runs."""

    def init_process(self):
        self.reaper = Reaper()
        threading.Thread(target=self.reaper.run, name="reaper", daemon=True).start()
        super().init_process()

    def handle(self, conn):
        new = not conn.initialized and not conn.data_ready
        if new and not conn.wait_for_data(FIRST_BYTES_S):
            return gthread._DEFER
        with self.reaper.watch(conn.sock):
            return super().handle(conn)
