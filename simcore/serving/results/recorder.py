"""One row for each request that ends; what is behind it is let go."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from simcore.errors import PdscopeError
from simcore.serving.cluster import Course
from simcore.serving.request import Client
from simcore.serving.results.rows import KEPT, rows_of, table_of
from simcore.serving.results.token_times import TokenTimes

CHUNK = 4096
MOST_TOLD = 20
PROGRESS = 64
"""Requests between two words of progress."""


class Recorder:
    """Rows of requests, in the order in which they end.

    Parameters
    ----------
    clients : what they were promised says whether a request met it
    file : Parquet, to which rows go so that memory holds a few columns alone; None to keep all
    on_progress : told every `PROGRESS` requests how many have ended

    Attributes
    ----------
    ended : requests so far
    not_served : the first of those that were refused or failed, and why
    lost_on : by the channel that held transfers back, what they lost to contention [s]
    """

    def __init__(
        self,
        clients: Sequence[Client],
        file: Path | None = None,
        on_progress: Callable[[int], None] | None = None,
    ):
        self.clients = tuple(clients)
        self.token_times = [TokenTimes() for _ in clients]
        self.not_served: list[dict] = []
        self.lost_on: dict[str, float] = {}
        self.ended = 0
        self._on_progress = on_progress
        self._waiting: list[Course] = []
        self._chunks: list[dict[str, np.ndarray]] = []
        self._file, self._writer = file, None

    def __call__(self, course: Course) -> None:
        """A request has ended."""
        self._waiting.append(course)
        if course.reason and len(self.not_served) < MOST_TOLD:
            self.not_served.append(
                {
                    "number": course.request.number,
                    "status": course.status.value,
                    "reason": course.reason,
                }
            )
        moved = course.transfer
        if moved is not None and moved.bottleneck:
            lost = self.lost_on.get(moved.bottleneck, 0.0) + moved.contention_s
            self.lost_on[moved.bottleneck] = lost
        self.ended += 1
        if self._on_progress is not None and not self.ended % PROGRESS:
            self._on_progress(self.ended)
        if len(self._waiting) >= CHUNK:
            self._flush()

    def columns(self) -> dict[str, np.ndarray]:
        """All rows, by column: `KEPT` where there is a file, otherwise all."""
        self._flush()
        if not self._chunks:
            return rows_of([], self.clients, self.token_times)
        names = self._chunks[0]
        if len(self._chunks) > 1:
            joined = {name: np.concatenate([c[name] for c in self._chunks]) for name in names}
            self._chunks = [joined]
        return self._chunks[0]

    def close(self) -> None:
        """The file is complete."""
        self._flush()
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _flush(self):
        if not self._waiting:
            return
        rows = rows_of(self._waiting, self.clients, self.token_times)
        self._waiting = []
        if self._file is not None:
            self._write(rows)
            rows = {name: rows[name] for name in KEPT}
        self._chunks.append(rows)

    def _write(self, rows):
        # It takes a moment to import, which only files shall cost.
        import pyarrow
        from pyarrow import parquet

        table = pyarrow.Table.from_pandas(table_of(rows, self.clients), preserve_index=False)
        try:
            if self._writer is None:
                self._writer = parquet.ParquetWriter(self._file, table.schema, compression="zstd")
            self._writer.write_table(table)
        except OSError as error:
            raise PdscopeError(f"{self._file}: cannot be written: {error.strerror}") from None
