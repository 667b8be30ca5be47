"""How long ranks compute: as they tell, as it was measured, or as was recorded once."""

import time
from collections.abc import Mapping
from typing import Protocol

import numpy as np
import pandas as pd

import gpu_catalog
from simcore.costs.roofline import roofline_seconds
from simcore.distributed.errors import ProgramError


class Clock(Protocol):
    """How long one rank computes.

    Attributes
    ----------
    runs : whether what lies between two communication calls takes time
    """

    runs: bool

    def told(self, seconds: float | None, flops: float, nbytes: float) -> float:
        """Time [s] of a call of `compute`."""

    def start(self) -> None:
        """The program goes on computing."""

    def stop(self, region: str) -> float:
        """It has computed in that region: for how long [s]."""

    def end(self) -> None:
        """The program has ended."""


class Timing(Protocol):
    """How long the ranks of a run compute."""

    def clock(self, rank: int) -> Clock:
        """The clock of one rank, new for each run."""


class Declared:
    """Computing takes what `compute` says, and what nobody told takes no time.

    Parameters
    ----------
    gpu : name of the catalog's GPU by which flops and bytes become seconds; each rank has one
    """

    runs = False

    def __init__(self, gpu: str | None = None):
        self._gpu = None if gpu is None else gpu_catalog.gpu(gpu)

    def clock(self, rank: int) -> "Declared":
        return self

    def told(self, seconds, flops, nbytes) -> float:
        if seconds is not None:
            return seconds
        if not flops and not nbytes:
            return 0.0
        if self._gpu is None:
            raise ProgramError(
                "compute(flops=…, bytes=…) needs to know on what: name a GPU of the catalog, as in "
                'timing=Declared(gpu="NVIDIA H100")'
            )
        gpu = self._gpu
        return float(
            roofline_seconds(flop=flops, traffic=nbytes, flops=gpu.flops, bandwidth=gpu.bandwidth)
        )

    def start(self) -> None:
        """Nothing is measured."""

    def stop(self, region) -> float:
        """Nothing is measured."""
        return 0.0

    def end(self) -> None:
        """Nothing is measured."""


class Measured:
    """Computing takes the processor time of the rank's own thread, times a slowdown.

    Only the thread that runs the program counts, not those that libraries start: let torch compute
    with one. `compute` costs nothing.

    Parameters
    ----------
    slowdown : of all ranks, or by rank (1 where it is not named)
    regions : further slowdowns, by the names of regions
    """

    def __init__(
        self,
        slowdown: float | Mapping[int, float] = 1.0,
        regions: Mapping[str, float] | None = None,
    ):
        self._slowdown = slowdown
        self._regions = dict(regions or {})
        by_rank = slowdown.values() if isinstance(slowdown, Mapping) else (slowdown,)
        for factor in (*by_rank, *self._regions.values()):
            if not 0 < factor < float("inf"):
                raise ProgramError(f"a slowdown of {factor!r} is not a finite number above 0")

    def clock(self, rank: int) -> Clock:
        slowdown = self._slowdown
        if isinstance(slowdown, Mapping):
            slowdown = slowdown.get(rank, 1.0)
        return _ThreadClock(slowdown, self._regions)


class _ThreadClock:
    runs = True

    def __init__(self, slowdown, regions):
        self._slowdown = slowdown
        self._regions = regions
        self._since = 0.0

    def told(self, seconds, flops, nbytes):
        return 0.0

    def start(self):
        self._since = time.thread_time()

    def stop(self, region):
        took = time.thread_time() - self._since
        return took * self._slowdown * self._regions.get(region, 1.0)

    def end(self):
        pass


class Recorded:
    """Computing takes what it took in an earlier run: the same bytes out each time.

    Parameters
    ----------
    table : of a run with `Measured`, its trace's `compute_table()`: columns rank and seconds, in
        the order in which each rank computed

    Raises
    ------
    ProgramError : where a column is missing, or has something else than finite numbers, 0 or more
    """

    def __init__(self, table: pd.DataFrame):
        numbers = {name: _from_0_up(table, name) for name in ("rank", "seconds")}
        self._seconds = {
            int(rank): rows["seconds"].tolist()
            for rank, rows in pd.DataFrame(numbers).groupby("rank")
        }

    def clock(self, rank: int) -> Clock:
        return _RecordedClock(rank, self._seconds.get(rank, []))


def _from_0_up(table, name):
    if name not in table:
        raise ProgramError(
            f"the recorded table has no column {name}; record a run with Measured, and take its "
            "trace's compute_table()"
        )
    values = pd.to_numeric(table[name], errors="coerce").to_numpy(float)
    if not (np.isfinite(values) & (values >= 0)).all():
        raise ProgramError(
            f"the recorded table has values of {name} that are no finite numbers, 0 or more"
        )
    return values


class _RecordedClock:
    runs = True

    def __init__(self, rank, seconds):
        self._rank = rank
        self._seconds = seconds
        self._next = 0

    def told(self, seconds, flops, nbytes):
        return 0.0

    def start(self):
        pass

    def stop(self, region):
        if self._next == len(self._seconds):
            raise self._unlike("more often than the")
        self._next += 1
        return self._seconds[self._next - 1]

    def end(self):
        if self._next < len(self._seconds):
            raise self._unlike(f"{self._next} times, and not the")

    def _unlike(self, told):
        return ProgramError(
            f"rank {self._rank} computes {told} {len(self._seconds)} times that were recorded; "
            "record this program, with these arguments, again"
        )
