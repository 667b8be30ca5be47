"""The earliest deadline first."""

from dataclasses import dataclass

from simcore.serving.policies import refuse_outside
from simcore.serving.scheduling.base import SCHEDULERS, Scheduling


@SCHEDULERS.register("slo-aware")
@dataclass
class SLOAware(Scheduling):
    """The request first whose first token is due first: its arrival, plus its client's limit.

    Liu & Layland, "Scheduling Algorithms for Multiprogramming in a Hard-Real-Time Environment",
    Journal of the ACM 20(1), 1973: earliest deadline first.

    Attributes
    ----------
    without_s : in place of the limit of a client that has none [s]
    """

    without_s: float = 60.0

    def __post_init__(self):
        refuse_outside(self, "without_s", 0.0, 1e9)

    def order(self, clients):
        limits = [self.without_s if c.ttft_s is None else c.ttft_s for c in clients]
        return lambda waiting: waiting.arrival_s + limits[waiting.client]
