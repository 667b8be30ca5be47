"""One row for each request that ends; what is behind it is let go."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from simcore.errors import PdscopeError
from simcore.serving.cluster import Course, Status
from simcore.serving.replica import NEVER
from simcore.serving.request import Client
from simcore.serving.results.token_times import TokenTimes, of_each, runs_of

CHUNK = 4096
MOST_TOLD = 20
STATUSES = tuple(Status)

TERMS = (
    "held_s",
    "queue_s",
    "prefill_s",
    "preempted_s",
    "room_s",
    "transfer_s",
    "contention_s",
)
"""Of a time to first token: before the start that succeeded (at the door, and lost to failures);
waiting for the first step; prefill; lost to preemption; waiting for room where it decodes; the
transfer of its KV cache as it would be alone; and what others on the same links add to that."""

KEPT = (
    *("client", "status", "arrival_s", "ended_s", "prompt_tokens", "output_tokens"),
    *("ttft_s", "tpot_s", "e2e_s", "met", "prefill_replica", "preemptions", "cached_tokens"),
    *("started_s", *TERMS),
)
"""Columns that results are reckoned from; the others are in the file where there is one."""


class Recorder:
    """Rows of requests, in the order in which they end.

    Parameters
    ----------
    clients : what they were promised says whether a request met it
    file : Parquet, to which rows go so that memory holds a few columns alone; None to keep all

    Attributes
    ----------
    not_served : the first of those that were refused or failed, and why
    lost_on : by the channel that held transfers back, what they lost to contention [s]
    """

    def __init__(self, clients: Sequence[Client], file: Path | None = None):
        self.clients = tuple(clients)
        self.token_times = [TokenTimes() for _ in clients]
        self.not_served: list[dict] = []
        self.lost_on: dict[str, float] = {}
        self.rows = 0
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
        if len(self._waiting) >= CHUNK:
            self._flush()

    def columns(self) -> dict[str, np.ndarray]:
        """All rows, by column: `KEPT` where there is a file, otherwise all."""
        self._flush()
        if not self._chunks:
            return _rows([], self.clients, self.token_times)
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
        rows = _rows(self._waiting, self.clients, self.token_times)
        self.rows += len(self._waiting)
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


def table_of(columns: Mapping[str, np.ndarray], clients: Sequence[Client]) -> pd.DataFrame:
    """Rows as a table, with names in place of numbers."""
    table = pd.DataFrame(dict(columns))
    names = [client.name for client in clients]
    table["client"] = pd.Categorical.from_codes(columns["client"], names)
    told = [status.value for status in STATUSES]
    table["status"] = pd.Categorical.from_codes(columns["status"], told)
    return table


def _rows(courses, clients, token_times) -> dict[str, np.ndarray]:
    rows = _facts(courses)
    done = rows["status"] == STATUSES.index(Status.COMPLETED)
    arrival, first = rows["arrival_s"], rows["first_token_s"]
    rows["ttft_s"] = np.where(done, first - arrival, np.nan)
    rows["e2e_s"] = np.where(done, rows["ended_s"] - arrival, np.nan)
    more = np.maximum(rows["output_tokens"] - 1, 1)
    alone = rows["output_tokens"] == 1
    rows["tpot_s"] = np.where(done & ~alone, (rows["ended_s"] - first) / more, np.nan)
    _split(rows, done)
    _token_times(rows, courses, done, token_times)
    rows["met"] = _met(rows, done, clients)
    return rows


def _facts(courses):
    """What can be read off."""
    facts = {name: [] for name in FACTS}
    columns = list(facts.values())
    for course in courses:
        for column, value in zip(columns, _fact(course), strict=True):
            column.append(value)
    return {name: np.array(facts[name], dtype=kind) for name, kind in FACTS.items()}


FACTS = {
    "number": np.int64,
    "client": np.int32,
    "session": np.int64,
    "turn": np.int32,
    "priority": np.int32,
    "status": np.int8,
    "arrival_s": float,
    "ended_s": float,
    "prompt_tokens": np.int64,
    "output_tokens": np.int64,
    "apart": bool,
    "attempts": np.int32,
    "prefill_replica": np.int32,
    "decode_replica": np.int32,
    "cached_tokens": np.int64,
    "preemptions": np.int32,
    "recomputed_tokens": np.int64,
    "queued_s": float,
    "started_s": float,
    "prefilled_s": float,
    "first_token_s": float,
    "waits_s": float,
    "all_preempted_s": float,
    "sent_tokens": np.int64,
    "sent_bytes": float,
    "room_s": float,
    "contention_s": float,
    "latency_s": float,
    "serialisation_s": float,
    "bottleneck": object,
    "reason": object,
}


def _fact(course):
    request, job, moved = course.request, course.job, course.transfer
    first = job.first_token_s
    arrived = moved is not None and moved.ended_s != NEVER
    if arrived and moved.ended_s > first:
        # Who decodes answers the client, once it has the KV cache.
        first = moved.ended_s
    return (
        request.number,
        request.client,
        request.session,
        request.turn,
        request.priority,
        STATUSES.index(course.status),
        request.arrival_s,
        course.ended_s,
        request.prompt_tokens,
        request.output_tokens,
        course.apart,
        course.attempts,
        job.prefill_replica,
        job.decode_replica,
        job.cached_tokens,
        job.preemptions,
        job.recomputed_tokens,
        job.queued_s,
        job.started_s,
        job.prefilled_s,
        first,
        sum(job.waits_s),
        job.preempted_s,
        moved.tokens if moved else 0,
        moved.bytes if moved else 0.0,
        moved.queue_s if arrived else 0.0,
        moved.contention_s if arrived else 0.0,
        moved.latency_s if arrived else 0.0,
        moved.serialisation_s if arrived else 0.0,
        moved.bottleneck if arrived else "",
        course.reason,
    )


def _split(rows, done):
    """The terms of the time to first token, which add up to it."""
    before_first = np.maximum(0.0, rows.pop("all_preempted_s") - rows.pop("waits_s"))
    rows["preempted_s"] = np.where(done, before_first, 0.0)
    queued, started, prefilled = rows["queued_s"], rows["started_s"], rows["prefilled_s"]
    rows["held_s"] = np.where(done, queued - rows["arrival_s"], 0.0)
    rows["queue_s"] = np.where(done, started - queued, 0.0)
    rows["prefill_s"] = np.where(done, prefilled - started - rows["preempted_s"], 0.0)
    for name in ("room_s", "contention_s"):
        rows[name] = np.where(done, rows[name], 0.0)
    moved = rows["first_token_s"] - prefilled
    rows["transfer_s"] = np.where(done, moved - rows["room_s"] - rows["contention_s"], 0.0)


def _token_times(rows, courses, done, token_times):
    places = np.flatnonzero(done)
    jobs = [courses[place].job for place in places]
    runs = runs_of(jobs, rows["first_token_s"][places])
    for name, values in of_each(runs, len(jobs)).items():
        rows[name] = np.full(len(courses), np.nan)
        rows[name][places] = values
    client = rows["client"][places]
    for number, times in enumerate(token_times):
        times.add(runs.of(client == number) if len(token_times) > 1 else runs)


def _met(rows, done, clients):
    """Whether a request was answered as was promised; of one token there is no time per token."""
    ttft, tpot = (
        np.array([np.inf if limit is None else limit for limit in limits])
        for limits in ([c.ttft_s for c in clients], [c.tpot_s for c in clients])
    )
    client = rows["client"]
    in_time = rows["ttft_s"] <= ttft[client]
    steady = np.isnan(rows["tpot_s"]) | (rows["tpot_s"] <= tpot[client])
    return done & in_time & steady


def joined(parts: Sequence[TokenTimes]) -> TokenTimes:
    """Several clients' together."""
    total = TokenTimes()
    for part in parts:
        total.join(part)
    return total
