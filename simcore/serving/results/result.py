"""The result of a run of a cluster."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from simcore.serving.cluster import Served, Status, Verdict
from simcore.serving.request import Client
from simcore.serving.results.figures import Figures, fairness_of_clients, figures, some_rows
from simcore.serving.results.money import PoolUse, Prices, prices
from simcore.serving.results.rows import STATUSES, table_of
from simcore.serving.results.saturation import verdict_by_waits
from simcore.serving.results.token_times import TokenTimes
from simcore.serving.scenario import ClusterScenario

FATES = ("arrived", "completed", "refused", "failed", "in_flight")


@dataclass(frozen=True, kw_only=True)
class ServingResult:
    """What became of the requests of a scenario.

    Attributes
    ----------
    seed : that was drawn with; the scenario's own, or another
    columns : rows of requests that have ended, in that order: all columns, or those that figures
        need where the rest went to a file
    token_times : between output tokens, by client
    served : what the cluster says: its ledger, what replicas did, and timelines
    pools : what each has had and done
    wall_s, cpu_s : how long it took to simulate, and its processor time [s]
    partial : why there is not all of it; "" where there is
    not_served : the first requests that were refused or failed, and why
    lost_on : by the channel that held transfers back, what they lost to contention [s]
    """

    scenario: ClusterScenario
    seed: int
    columns: Mapping[str, np.ndarray]
    token_times: Sequence[TokenTimes]
    served: Served
    pools: tuple[PoolUse, ...]
    wall_s: float
    cpu_s: float
    partial: str
    not_served: tuple[Mapping[str, Any], ...] = ()
    lost_on: Mapping[str, float] = field(default_factory=dict)

    @property
    def clients(self) -> tuple[Client, ...]:
        """Who asked."""
        return self.served.clients

    @property
    def ledger(self) -> dict[str, int]:
        """Requests by their fates."""
        return {name: getattr(self.served.ledger.requests, name) for name in FATES}

    @cached_property
    def verdict(self) -> Verdict:
        """Whether the cluster keeps up: by what requests waited, unless the run was stopped for the
        number that were under way.
        """
        served = self.served
        if served.partial and served.verdict is Verdict.OVERLOADED:
            return Verdict.OVERLOADED
        return verdict_by_waits(self.columns, self.engine_s(self.completed))

    def engine_s(self, chosen: np.ndarray) -> float:
        """What the engine takes to have a request in its queue, on average over some rows [s]; it
        is in `queue_s`.
        """
        took = {pool.name: pool.request_s for pool in self.pools}
        counts = np.bincount(np.maximum(self.columns["prefill_replica"][chosen], 0))
        replicas = self.served.replicas
        total = sum(int(n) * took[replicas[at].pool] for at, n in enumerate(counts) if n)
        return total / max(1, int(counts.sum()))

    @cached_property
    def requests(self) -> pd.DataFrame:
        """A row for each request that has ended, by number."""
        rows = self.columns
        if "number" in rows:
            order = np.argsort(rows["number"], kind="stable")
            rows = {name: values[order] for name, values in rows.items()}
        return table_of(rows, self.clients)

    @property
    def completed(self) -> np.ndarray:
        """Which rows are of completed requests."""
        return self.columns["status"] == STATUSES.index(Status.COMPLETED)

    @property
    def duration_s(self) -> float:
        """From the first arrival to the last end, or the end of a run that was stopped [s]."""
        columns = self.columns
        if not len(columns["arrival_s"]):
            return self.served.end_s
        stopped = self.served.unfinished
        last = self.served.end_s if stopped else columns["ended_s"].max()
        return float(last - columns["arrival_s"].min())

    @property
    def arrival_rate(self) -> float:
        """Requests that came in a second, from the first to the last one [1/s]."""
        arrivals = self.columns["arrival_s"]
        span = float(np.ptp(arrivals)) if len(arrivals) else 0.0
        return (len(arrivals) - 1) / span if span else float("nan")

    @cached_property
    def figures(self) -> Figures:
        """Of all requests."""
        return figures(
            self.columns,
            self.token_times,
            duration_s=self.duration_s,
            in_flight=self.ledger["in_flight"],
        )

    @cached_property
    def classes(self) -> dict[str, Figures]:
        """Of each client's requests, by its name."""
        client = self.columns["client"]
        under_way = np.bincount(
            [course.request.client for course in self.served.unfinished] or [0],
            minlength=len(self.clients),
        )
        if not self.served.unfinished:
            under_way[:] = 0
        return {
            each.name: figures(
                some_rows(self.columns, client == number),
                self.token_times[number : number + 1],
                duration_s=self.duration_s,
                in_flight=int(under_way[number]),
            )
            for number, each in enumerate(self.clients)
        }

    @property
    def fairness_of_clients(self) -> float:
        """Jain's index over clients."""
        return fairness_of_clients(self.columns, self.clients)

    @cached_property
    def prices(self) -> Prices:
        """What tokens cost."""
        done = self.completed
        return prices(
            self.pools,
            input_tokens=int(self.columns["prompt_tokens"][done].sum()),
            output_tokens=int(self.columns["output_tokens"][done].sum()),
        )
