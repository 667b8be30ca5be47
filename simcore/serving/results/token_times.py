"""Times between output tokens: of each request, and of all, from runs of steps of equal growth.

Nothing is kept for each token. Of all tokens together there is a histogram whose bins are 0.1 %
apart, so that its percentiles are within 0.05 % however many tokens there are.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simcore.serving.replica import Job
from simcore.serving.results.spread import PERCENTILES, Spread

LEAST_S = 1e-6
RATIO = 1.001
BINS = 24_000  # up to some hours

QUANTILES = (0.5, 0.99)


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs of times, each longer than the one before by as much.

    Attributes
    ----------
    owner : place of the request that each belongs to, in ascending order
    count, first_s, growth_s : how many times, the first of them [s], and what each adds [s]
    """

    owner: np.ndarray
    count: np.ndarray
    first_s: np.ndarray
    growth_s: np.ndarray

    @property
    def last_s(self) -> np.ndarray:
        """The last time of each run [s]."""
        return self.first_s + self.growth_s * (self.count - 1)

    @property
    def total_s(self) -> np.ndarray:
        """The sum of each run [s]."""
        return self.count * (self.first_s + self.last_s) / 2

    def of(self, chosen: np.ndarray) -> "Runs":
        """Those of some requests; `chosen` says which, by their places."""
        keep = chosen[self.owner]
        return Runs(self.owner[keep], self.count[keep], self.first_s[keep], self.growth_s[keep])


def runs_of(jobs: Sequence[Job], first_tokens_s: np.ndarray) -> Runs:
    """The times between tokens of jobs that are finished.

    From the first token, which the client has at `first_tokens_s`, to the next is what remains of
    the time until the last one; so it includes waiting to decode.
    """
    counts, firsts, growths = array("q"), array("d"), array("d")
    lengths = np.zeros(len(jobs), dtype=np.int64)
    for place, job in enumerate(jobs):
        before = len(counts)
        for stretch in job.stretches:
            log, part = stretch.log, slice(stretch.start, stretch.stop)
            counts += log.steps[part]
            firsts += log.first_s[part]
            growths += log.growth_s[part]
        for wait in job.waits_s:
            counts.append(1)
            firsts.append(wait)
            growths.append(0.0)
        lengths[place] = len(counts) - before
    owner = np.repeat(np.arange(len(jobs)), lengths)
    count, first, growth = (np.array(values) for values in (counts, firsts, growths))
    known = Runs(owner, count, first, growth)
    finished = np.array([job.finished_s for job in jobs])
    total = np.bincount(owner, known.total_s, len(jobs))
    rest = np.maximum(0.0, finished - first_tokens_s - total)
    return _with_waits(known, rest, lengths)


def _with_waits(runs, rest, lengths):
    """The first time of each request longer by what it waited before."""
    some = np.flatnonzero((lengths > 0) & (rest > 0))
    if not len(some):
        return runs
    at = (np.cumsum(lengths) - lengths)[some]
    first, count = runs.first_s.copy(), runs.count.copy()
    waited = first[at] + rest[some]
    first[at] += runs.growth_s[at]
    count[at] -= 1
    keep = count > 0
    parts = [
        np.concatenate([some, runs.owner[keep]]),
        np.concatenate([np.ones(len(some), dtype=count.dtype), count[keep]]),
        np.concatenate([waited, first[keep]]),
        np.concatenate([np.zeros(len(some)), runs.growth_s[keep]]),
    ]
    order = np.argsort(parts[0], kind="stable")
    return Runs(*(part[order] for part in parts))


def of_each(runs: Runs, jobs: int) -> dict[str, np.ndarray]:
    """Mean, percentiles and the longest time of each request [s]; NaN where it has none.

    A run counts as its middle for the percentiles: they are right within what a run grows by.
    """
    number = np.bincount(runs.owner, runs.count, jobs)
    none = number == 0
    with np.errstate(invalid="ignore"):
        found = {"itl_mean_s": np.bincount(runs.owner, runs.total_s, jobs) / number}
    middle = (runs.first_s + runs.last_s) / 2
    order = np.lexsort((middle, runs.owner))
    above = np.cumsum(runs.count[order])
    start = np.cumsum(number) - number
    for share in QUANTILES:
        # The rank, from 1, of a whole number of times; the slack is for what floats make of it.
        rank = np.maximum(1, np.ceil(share * number - 1e-9))
        at = np.searchsorted(above, start + rank, side="left")
        at = np.minimum(at, max(0, len(above) - 1))
        values = middle[order][at] if len(above) else np.zeros(jobs)
        found[f"itl_p{round(100 * share)}_s"] = np.where(none, np.nan, values)
    longest = np.full(jobs, -np.inf)
    np.maximum.at(longest, runs.owner, np.maximum(runs.first_s, runs.last_s))
    found["itl_max_s"] = np.where(none, np.nan, longest)
    return found


class TokenTimes:
    """Times between tokens of many requests, in bounded memory."""

    def __init__(self):
        self._bins = np.zeros(BINS)
        self.count = 0
        self.total_s = 0.0

    def add(self, runs: Runs) -> None:
        """More of them."""
        if not len(runs.owner):
            return
        self.count += int(runs.count.sum())
        self.total_s += float(runs.total_s.sum())
        # In ascending order, whichever way they go.
        first, last = np.minimum(runs.first_s, runs.last_s), np.maximum(runs.first_s, runs.last_s)
        low, high = _bin(first), _bin(last)
        whole = low == high
        self._bins += np.bincount(low[whole], runs.count[whole], BINS)
        self._add_across(runs.count[~whole], first[~whole], last[~whole], low[~whole], high[~whole])

    def _add_across(self, count, first, last, low, high):
        """Runs that go from one bin to another: by how many of their times are below each edge."""
        if not len(count):
            return
        bins = high - low + 1
        run = np.repeat(np.arange(len(count)), bins)
        at = low[run] + np.arange(bins.sum()) - np.repeat(np.cumsum(bins) - bins, bins)
        growth = (last - first) / (count - 1)
        edge = LEAST_S * RATIO ** (at + 1.0)
        below = np.clip(np.ceil((edge - first[run]) / growth[run]), 0, count[run])
        below[np.cumsum(bins) - 1] = count
        before = np.concatenate([[0.0], below[:-1]])
        before[np.cumsum(bins) - bins] = 0.0
        self._bins += np.bincount(at, below - before, BINS)

    def join(self, other: "TokenTimes") -> None:
        """Those of others, too."""
        self._bins += other._bins
        self.count += other.count
        self.total_s += other.total_s

    def spread(self) -> Spread:
        """Mean, exactly, and percentiles within 0.05 % [s]."""
        if not self.count:
            return Spread(*[float("nan")] * 5)
        above = np.cumsum(self._bins)
        targets = np.array(PERCENTILES) / 100 * self.count
        at = np.minimum(np.searchsorted(above, targets, side="left"), BINS - 1)
        return Spread(self.total_s / self.count, *(LEAST_S * RATIO ** (at + 0.5)).tolist())


def joined(parts: Sequence[TokenTimes]) -> TokenTimes:
    """Those of several clients together."""
    total = TokenTimes()
    for part in parts:
        total.join(part)
    return total


def _bin(times_s):
    places = np.log(np.maximum(times_s, LEAST_S) / LEAST_S) / np.log(RATIO)
    return np.minimum(places.astype(np.int64), BINS - 1)
