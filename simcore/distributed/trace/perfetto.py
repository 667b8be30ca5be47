"""A run of a program for Perfetto, as trace events.

Each rank is a thread: what it computed, by region, and the calls in which it was. Arrows lead from
what the sender of a message did as it set out to what the receiver did as it arrived; a message at
one of whose ends nothing was recorded then has none. Counters show how fast each rank transmitted
and received. The critical path is a thread of its own.
"""

import json
from bisect import bisect_right
from collections.abc import Iterator
from itertools import count
from typing import BinaryIO

import numpy as np

from simcore.distributed.trace.about import about
from simcore.distributed.trace.recorder import SpanKind
from simcore.distributed.trace.table import LabTrace
from simcore.exports.events import (
    FIRST_THREAD,
    Track,
    arrow,
    complete,
    content,
    counter,
    naming,
    ns,
    write_events,
)
from simcore.exports.lanes import lanes_of


def write_perfetto(trace: LabTrace, file: BinaryIO) -> None:
    """Write the trace to `file`; equal runs give equal bytes."""
    write_events(_events(trace), about(trace), file)


def _events(trace) -> Iterator[str]:
    pids, tids = count(1), count(FIRST_THREAD)
    yield from _critical_path(trace, Track(next(pids), next(tids)))
    pid = next(pids)
    ranks = [_Rank(rows) for rows in _rows_of_ranks(trace)]
    for number, rank in enumerate(ranks):
        rank.place(pid, tids)
        if not number:
            yield from naming("process", pid, rank.threads[0], "ranks", pid)
        for lane, tid in enumerate(rank.threads):
            again = f" ({lane + 1})" if lane else ""
            yield from naming("thread", pid, tid, f"rank {number}{again}", tid)
        yield from rank.events()
    yield from _rates(trace.rates, next(pids), tids)
    yield from _arrows(trace.messages, ranks)


def _critical_path(trace, place):
    yield from naming("process", place.pid, place.tid, "pdscope", place.pid)
    yield from naming("thread", place.pid, place.tid, "critical path", place.tid)
    path = trace.critical_path()
    edges = ns([stretch.end_s for stretch in path.stretches]).tolist()
    start = 0
    for stretch, end in zip(path.stretches, edges, strict=True):
        facts = {"rank": stretch.rank, "operation": stretch.operation}
        if stretch.peer >= 0:
            facts["peer"] = stretch.peer
        yield complete(place, content(stretch.kind.value, start, end, json.dumps(facts)))
        start = end


def _rows_of_ranks(trace):
    """Of each rank, its spans in order of start, then as they were recorded."""
    spans = trace.spans
    columns = (
        ns(spans["start_s"]).tolist(), ns(spans["end_s"]).tolist(), spans["kind"].tolist(),
        spans["name"].tolist(), spans["region"].tolist(), spans["peer"].tolist(),
        spans["bytes"].tolist(), spans["tag"].tolist(),
    )  # fmt: skip
    rows = [[] for _ in range(trace.ranks)]
    for rank, *row in zip(spans["rank"].tolist(), *columns, strict=True):
        rows[rank].append(row)
    return rows


class _Rank:
    """The spans of a rank, and where they are drawn: rows of (start, end, kind, …), times in ns."""

    def __init__(self, rows):
        self.rows = rows
        self.starts = [row[0] for row in rows]
        self.places: list[Track] = []
        self.threads: list[int] = []

    def place(self, pid, tids):
        """Give it threads: one, unless spans overlap, as those of real processes might."""
        starts, ends = np.array([row[:2] for row in self.rows], dtype=np.int64).reshape(-1, 2).T
        lanes = lanes_of(starts, ends)
        self.threads = [next(tids) for _ in range(int(lanes.max(initial=0)) + 1)]
        self.places = [Track(pid, self.threads[lane]) for lane in lanes.tolist()]

    def events(self):
        for place, (start, end, kind, name, region, peer, size, tag) in zip(
            self.places, self.rows, strict=True
        ):
            facts = {"kind": kind, "region": region} if region else {"kind": kind}
            told = {"peer": peer, "tag": tag}
            facts |= {fact: value for fact, value in told.items() if value >= 0}
            facts |= {"bytes": size} if size else {}
            title = region if region and kind == SpanKind.COMPUTE.value else name
            yield complete(place, content(title, start, end, json.dumps(facts)))

    def first_in(self, start, end):
        """Where it does the first thing between two moments, and since when [ns]; None if it does
        nothing."""
        for place in range(max(bisect_right(self.starts, start) - 1, 0), len(self.rows)):
            begins, ends = self.rows[place][:2]
            if begins >= end:
                break
            if ends > max(begins, start):
                return self.places[place], max(begins, start)
        return None

    def last_in(self, start, end):
        """Where it does the last thing between two moments, and until when [ns]; None if it does
        nothing."""
        for place in range(bisect_right(self.starts, end - 1) - 1, -1, -1):
            begins, ends = self.rows[place][:2]
            if ends > begins:
                return (self.places[place], min(ends, end)) if ends > start else None
        return None


def _arrows(messages, ranks):
    starts, ends = ns(messages["start_s"]).tolist(), ns(messages["end_s"]).tolist()
    columns = [messages[name].tolist() for name in ("source", "target", "operation")]
    number = 0
    for start, end, source, target, operation in zip(starts, ends, *columns, strict=True):
        if source == target or start == end:
            continue
        sends, receives = ranks[source].first_in(start, end), ranks[target].last_in(start, end)
        if sends is not None and receives is not None and sends[1] < receives[1]:
            number += 1
            (place, left), (there, arrived) = sends, receives
            # An arrow belongs to what is open then: what ends at that nanosecond no longer is.
            yield arrow("s", operation, number, place, left)
            yield arrow("f", operation, number, there, arrived - 1)


def _rates(rates, pid, tids):
    unit = "byte/s" if rates.exact else "byte/s, mean over each message"
    named = False
    for rank in sorted({*rates.transmit, *rates.receive}):
        place = Track(pid, next(tids))
        if not named:
            yield from naming("process", pid, place.tid, "NICs", pid)
            named = True
        yield from naming("thread", pid, place.tid, f"NIC of rank {rank}", place.tid)
        for direction, steps in (("transmits", rates.transmit), ("receives", rates.receive)):
            if rank in steps:
                yield from counter(place, f"rank {rank} {direction}", unit, *steps[rank])
