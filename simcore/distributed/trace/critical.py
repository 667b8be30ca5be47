"""Why a run took as long as it did: the walk back from its last end through what was waited for."""

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from enum import Enum

import pandas as pd

from simcore.distributed.trace.recorder import NO_PEER, SpanKind


class PathKind(Enum):
    """What a stretch of the critical path was spent on.

    TRANSFER is a message under way; CALL the time inside a communication call in which none was
    that it waited for; IDLE the time in which a program told its rank to do nothing; OUTSIDE the
    time of which nothing is recorded.
    """

    COMPUTE = "compute"
    IDLE = "idle"
    TRANSFER = "transfer"
    CALL = "inside a call"
    OUTSIDE = "outside calls"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the critical path.

    Attributes
    ----------
    rank : who computed or called; of a transfer, who sent it
    peer : of a transfer, who received it; -1 otherwise
    kind : PathKind
    operation : the call; of computation, its region
    start_s, end_s : [s]
    """

    rank: int
    peer: int
    kind: PathKind
    operation: str
    start_s: float
    end_s: float

    @property
    def seconds(self) -> float:
        """How long it took [s]."""
        return self.end_s - self.start_s


@dataclass(frozen=True)
class CriticalPath:
    """What led to the last end of a run.

    Attributes
    ----------
    stretches : cover the time from 0 to `end_s` without gap or overlap, in order
    end_s : the last end [s]
    """

    stretches: tuple[Stretch, ...]
    end_s: float

    @property
    def seconds(self) -> dict[PathKind, float]:
        """Time spent on each kind [s]; every kind is there."""
        return {
            kind: math.fsum(s.seconds for s in self.stretches if s.kind is kind)
            for kind in PathKind
        }

    @property
    def by_operation(self) -> pd.DataFrame:
        """Columns kind, operation, count of stretches and seconds; the longest first."""
        parts: dict[tuple[str, str], list[float]] = {}
        for stretch in self.stretches:
            parts.setdefault((stretch.kind.value, stretch.operation), []).append(stretch.seconds)
        rows = [(*key, len(lengths), math.fsum(lengths)) for key, lengths in parts.items()]
        rows.sort(key=lambda row: (-row[3], row[:2]))
        return pd.DataFrame(rows, columns=["kind", "operation", "count", "seconds"])

    @property
    def table(self) -> pd.DataFrame:
        """The stretches, a row for each."""
        rows = [(s.rank, s.peer, s.kind.value, s.operation, s.start_s, s.end_s)
                for s in self.stretches]  # fmt: skip
        return pd.DataFrame(rows, columns=["rank", "peer", "kind", "operation", "start_s", "end_s"])


def critical_path(spans: pd.DataFrame, messages: pd.DataFrame) -> CriticalPath:
    """The chain of computations and messages that leads to the last end, from 0 on.

    It starts on the rank whose span ends last, the lowest of several. What a rank computed is
    followed back to its start. Of what it waited for in a call, the path goes on with the message
    that ended last; of several at that instant, with one of the call's own, then one that took any
    time, then the lowest of the table. Before that message had set out came its sender, if it set
    out as it was posted, and otherwise its receiver, which had not posted yet.

    Parameters
    ----------
    spans, messages : tables of a LabTrace
    """
    walk = _Walk(spans, messages)
    end_s = max([0.0, *walk.last_end.values(), *walk.ends])
    late = [rank for rank, last in walk.last_end.items() if last == end_s]
    late = late or [walk.targets[number] for number, end in enumerate(walk.ends) if end == end_s]
    found = walk.back(min(late), end_s) if late else []
    return CriticalPath(tuple(reversed(found)), end_s)


_KINDS = {
    SpanKind.COMPUTE.value: PathKind.COMPUTE,
    SpanKind.COMMUNICATION.value: PathKind.CALL,
    SpanKind.IDLE.value: PathKind.IDLE,
}
"""What a span is on the path, where it waited for no message."""


class _Walk:
    """The tables, by rank, and which messages have been met."""

    def __init__(self, spans, messages):
        self.ends = messages["end_s"].tolist()
        self.starts = messages["start_s"].tolist()
        self.posted = messages["posted_s"].tolist()
        self.sources = messages["source"].tolist()
        self.targets = messages["target"].tolist()
        self.operations = messages["operation"].tolist()
        self.met: set[int] = set()
        self.last_end: dict[int, float] = {}
        # Of each rank, its spans that take time: starts, and (start, end, kind, what).
        self.spans: dict[int, tuple[list, list]] = {}
        # Of each rank, its messages in order of arrival: ends, and numbers in the table.
        self.arrivals: dict[int, tuple[list, list]] = {}
        columns = ("rank", "start_s", "end_s", "kind", "name", "region")
        for rank, start, end, kind, name, region in zip(
            *(spans[column].tolist() for column in columns), strict=True
        ):
            self.last_end[rank] = max(end, self.last_end.get(rank, 0.0))
            if end > start:
                starts, rows = self.spans.setdefault(rank, ([], []))
                kind = _KINDS[kind]
                starts.append(start)
                rows.append((start, end, kind, name if kind is PathKind.CALL else region))
        for number, ends in enumerate(zip(self.sources, self.targets, strict=True)):
            for rank in dict.fromkeys(ends):
                moments, numbers = self.arrivals.setdefault(rank, ([], []))
                moments.append(self.ends[number])
                numbers.append(number)

    def back(self, rank, now):
        """Stretches from `now` on `rank` back to 0, the last first."""
        found = []

        def add(kind, since, operation, peer=NO_PEER):
            if since < now:
                found.append(Stretch(rank, peer, kind, operation, since, now))

        caused = None  # the message that was posted now
        while now > 0.0:
            span = self._span_before(rank, now)
            number = self._message(rank, now, span, caused)
            if number is not None:
                if self.ends[number] < now:
                    add(PathKind.CALL, self.ends[number], span[3])
                    now = self.ends[number]
                self.met.add(number)
                caused, rank = number, self.sources[number]
                add(PathKind.TRANSFER, self.starts[number], self.operations[number],
                    self.targets[number])  # fmt: skip
                now = min(now, self.starts[number])
                if self.posted[number] < self.starts[number]:
                    rank = self.targets[number]
                continue
            caused = None
            if span is None:
                since = self._last_before(rank, now)
                add(PathKind.OUTSIDE, since, "")
            else:
                since, _, kind, what = span
                add(kind, since, what)
            now = since
        return found

    def _span_before(self, rank, now):
        """What the rank did just before `now`, if it did anything."""
        starts, rows = self.spans.get(rank, ((), ()))
        place = bisect_left(starts, now) - 1
        return rows[place] if place >= 0 and rows[place][1] >= now else None

    def _message(self, rank, now, span, caused):
        """The message that `rank` waited for until `now`, if there is one."""
        moments, numbers = self.arrivals.get(rank, ((), ()))
        last = bisect_right(moments, now)
        since = now
        calls = span is not None and span[2] is PathKind.CALL
        if calls:
            # Whatever ended last inside the call, be it before now.
            unmet = (p for p in range(last - 1, -1, -1) if numbers[p] not in self.met)
            place = next(unmet, None)
            if place is None or moments[place] <= span[0]:
                return None
            since = moments[place]
        first, last = bisect_left(moments, since), bisect_right(moments, since)
        choice = [n for n in numbers[first:last] if n not in self.met]
        wanted = None if caused is None else self.operations[caused]
        if calls:
            wanted = span[3]
        elif span is not None and span[1] == now:
            # It had computed, or idled, until now. Only what goes on in the background waited for a
            # message.
            choice = [n for n in choice if self.operations[n] == wanted]
        order = [(self.operations[n] != wanted, self.starts[n] == self.ends[n], n) for n in choice]
        return min(order)[2] if order else None

    def _last_before(self, rank, now):
        """When the rank's last span or message before `now` ended; 0 if there is none [s]."""
        moments, _ = self.arrivals.get(rank, ((), ()))
        starts, rows = self.spans.get(rank, ((), ()))
        arrived = bisect_left(moments, now) - 1
        begun = bisect_left(starts, now) - 1
        return max(moments[arrived] if arrived >= 0 else 0.0, rows[begun][1] if begun >= 0 else 0.0)
