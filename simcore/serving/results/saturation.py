"""Whether a cluster keeps up with what is asked of it, by what its requests waited."""

from collections.abc import Mapping

import numpy as np

from simcore.serving.cluster import Status, Verdict
from simcore.serving.results.rows import STATUSES, TERMS

WAITS = ("held_s", "queue_s", "preempted_s", "room_s")
GROWTH = 0.05
"""Seconds by which waits grow in a second of arrivals, from which on a cluster is overloaded. At a
load of rho above 1 they grow by 1 - 1/rho, so that this is a load of 1.05."""

FEWEST = 30
"""Requests below which nothing is said of growth."""


def verdict_by_waits(columns: Mapping[str, np.ndarray], engine_s: float = 0.0) -> Verdict:
    """The verdict on the rows of completed and other requests.

    Overloaded: from one third of the requests to the next the mean wait is longer, and it grows
    with the time of arrival by `GROWTH` or more. Backlogged: it does not, but most of the time to
    first token is waiting.

    Parameters
    ----------
    engine_s : of `queue_s`, what is work: what engines take to have a request in their queue [s]
    """
    done = columns["status"] == STATUSES.index(Status.COMPLETED)
    waits = np.sum([columns[name][done] for name in WAITS], axis=0)
    if _grows(columns["arrival_s"][done], waits):
        return Verdict.OVERLOADED
    total = sum(columns[name][done].sum() for name in TERMS)
    waited = waits.sum() - engine_s * len(waits)
    return Verdict.BACKLOGGED if waited > total / 2 else Verdict.STABLE


def worse(*verdicts: Verdict) -> Verdict:
    """The worst of some verdicts."""
    return max(verdicts, key=list(Verdict).index)


def _grows(arrival_s, wait_s):
    if len(arrival_s) < FEWEST:
        return False
    order = np.argsort(arrival_s, kind="stable")
    at, wait = arrival_s[order], wait_s[order]
    third = len(at) // 3
    means = [part.mean() for part in (wait[:third], wait[third:-third], wait[-third:])]
    if not means[0] < means[1] < means[2]:
        return False
    around = at - at.mean()
    squares = float(np.sum(around**2))
    return squares > 0 and float(np.sum(around * wait)) / squares > GROWTH
