"""The most urgent first."""

from dataclasses import dataclass

from simcore.serving.replica.order import by_priority
from simcore.serving.scheduling.base import SCHEDULERS, Scheduling


@SCHEDULERS.register("priority")
@dataclass
class Priority(Scheduling):
    """The lowest priority number first, of equals the earlier."""

    def order(self, clients):
        return by_priority
