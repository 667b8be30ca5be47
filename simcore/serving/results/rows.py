"""Rows of requests, as columns, from what became of them."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from simcore.serving.cluster import Course, Status
from simcore.serving.replica import NEVER
from simcore.serving.request import Client
from simcore.serving.results.token_times import TokenTimes, of_each, runs_of

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


def table_of(columns: Mapping[str, np.ndarray], clients: Sequence[Client]) -> pd.DataFrame:
    """Rows as a table, with names in place of numbers."""
    table = pd.DataFrame(dict(columns))
    names = [client.name for client in clients]
    table["client"] = pd.Categorical.from_codes(columns["client"], names)
    told = [status.value for status in STATUSES]
    table["status"] = pd.Categorical.from_codes(columns["status"], told)
    return table


def rows_of(
    courses: Sequence[Course], clients: Sequence[Client], token_times: Sequence[TokenTimes]
) -> dict[str, np.ndarray]:
    """All columns of some requests; the times between their tokens are added to `token_times`."""
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
    "preempted_s": float,
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
    # Layers of an answer of one token may have been sent before it was over; nobody waits for them.
    arrived = moved is not None and NEVER not in (moved.prefilled_s, moved.ended_s)
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
        job.first_preempted_s,
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
    queued, started, prefilled = rows["queued_s"], rows["started_s"], rows["prefilled_s"]
    rows["held_s"] = np.where(done, queued - rows["arrival_s"], 0.0)
    rows["queue_s"] = np.where(done, started - queued, 0.0)
    for name in ("preempted_s", "room_s", "contention_s"):
        rows[name] = np.where(done, rows[name], 0.0)
    rows["prefill_s"] = np.where(done, prefilled - started - rows["preempted_s"], 0.0)
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
