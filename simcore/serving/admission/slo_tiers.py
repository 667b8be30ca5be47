"""The less urgent, the earlier refused."""

from dataclasses import dataclass

from simcore.serving.admission.base import ADMISSIONS, Admission
from simcore.serving.policies import refuse_outside
from simcore.serving.views import Asked, DoorView


@ADMISSIONS.register("slo-tiers")
@dataclass
class SLOTiers(Admission):
    """Each priority may fill the cluster only so far: a tier below has less of it.

    Requests of the lowest number, the most urgent of all clients, are refused from `most_in_flight`
    requests in flight for each replica that takes prompts; of each further number that clients
    have, from `share` of what the one before it may have.

    Attributes
    ----------
    most_in_flight : for each replica
    share : from one tier to the next
    """

    most_in_flight: int = 64
    share: float = 0.5

    def __post_init__(self):
        refuse_outside(self, "most_in_flight", 1, 10**6, whole=True)
        refuse_outside(self, "share", 0.0, 1.0)
        self._priorities: list[int] = []

    def begin(self, clients):
        self._priorities = sorted({client.priority for client in clients})

    def refuse(self, request: Asked, door: DoorView) -> str | None:
        tier = sum(priority < request.priority for priority in self._priorities)
        limit = self.most_in_flight * self.share**tier * len(door.replicas)
        if door.in_flight < limit:
            return None
        return (
            f"{door.in_flight:,} requests are in flight, and priority {request.priority} is taken "
            f"in below {limit:,.0f}"
        )
