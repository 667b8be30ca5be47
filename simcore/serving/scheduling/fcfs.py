"""First come, first served."""

from dataclasses import dataclass

from simcore.serving.replica.order import in_turn
from simcore.serving.scheduling.base import SCHEDULERS, Scheduling


@SCHEDULERS.register("fcfs")
@dataclass
class FirstComeFirstServed(Scheduling):
    """In the order in which they reached the replica."""

    def order(self, clients):
        return in_turn
