"""What the first token waited for, from arrival on, by kind."""

import math
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from typing import Literal

import numpy as np


class PathKind(Enum):
    """What a stretch of the critical path was spent on."""

    PREFILL_COMPUTE = "prefill, compute-bound"
    PREFILL_MEMORY = "prefill, memory-bound"
    COLLECTIVE = "collectives"
    PIPELINE_FILL = "pipeline fill"
    KV_TRANSFER = "KV transfer"
    WAITING = "waiting for a busy NIC or GPU"
    DECODE_COMPUTE = "decode compute"
    DECODE_COLLECTIVE = "decode collectives"
    DECODE_TRANSFER = "decode transfers"


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the critical path.

    Attributes
    ----------
    row : of the trace; the pass or transfer that ran then. Of waiting, the transfer that was
        slowed, or the pass that held the GPU.
    start_s, end_s : within that row's time [s]
    """

    row: int
    kind: PathKind
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Stretch:
    """Segments of one kind that follow each other.

    Attributes
    ----------
    segments : how many
    """

    kind: PathKind
    start_s: float
    end_s: float
    segments: int


@dataclass(frozen=True)
class CriticalPath:
    """The chain of passes and transfers that leads from arrival to the first token.

    Attributes
    ----------
    segments : cover the time from 0 to `ttft_s` without gap or overlap, in order; one of their
        borders is `ttds_s`
    rows : rows of the trace on the path, in order of time, each once
    ttds_s, ttft_s : as the metrics have them [s]
    """

    segments: tuple[Segment, ...]
    rows: np.ndarray
    ttds_s: float
    ttft_s: float

    def seconds(self, until: Literal["ttds", "ttft"]) -> dict[PathKind, float]:
        """Time spent on each kind until decode starts, or until the first token [s].

        Every kind is there. The exact sum, rounded (`math.fsum`), is `ttds_s` or `ttft_s`, to the
        last digit; what rounding each kind leaves over is put to the largest.

        Raises ValueError if `until` is neither.
        """
        if until not in ("ttds", "ttft"):
            raise ValueError(f'until = {until!r}: use "ttds" or "ttft"')
        return dict(self._seconds[until])

    @property
    def stretches(self) -> list[Stretch]:
        """The path with neighbours of one kind merged, in order."""
        found = []
        for kind, alike in groupby(self.segments, key=attrgetter("kind")):
            run = list(alike)
            found.append(Stretch(kind, run[0].start_s, run[-1].end_s, len(run)))
        return found

    @cached_property
    def _seconds(self):
        return {
            "ttds": seconds_by_kind(self.segments, self.ttds_s),
            "ttft": seconds_by_kind(self.segments, self.ttft_s),
        }


def seconds_by_kind(segments, total: float) -> dict[PathKind, float]:
    """Lengths of the segments before the time `total`, summed by kind; together `total` [s]."""
    lengths: dict[PathKind, list[float]] = {kind: [] for kind in PathKind}
    for segment in segments:
        if segment.end_s <= total:
            lengths[segment.kind].append(segment.end_s - segment.start_s)
    sums = {kind: math.fsum(parts) for kind, parts in lengths.items()}
    for kind in sorted(sums, key=sums.get, reverse=True):
        left_over = math.fsum([total, *(-part for part in sums.values())])
        if math.fsum(sums.values()) == total:
            return sums
        sums[kind] += left_over
    if math.fsum(sums.values()) != total:
        raise ArithmeticError(f"the path's parts sum to {math.fsum(sums.values())}, not {total}")
    return sums
