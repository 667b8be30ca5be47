"""Only while queues are short."""

from dataclasses import dataclass

from simcore.serving.admission.base import ADMISSIONS, Admission
from simcore.serving.policies import refuse_outside
from simcore.serving.views import Asked, DoorView


@ADMISSIONS.register("queue-depth")
@dataclass
class QueueDepth(Admission):
    """Refuse while every replica that takes prompts has too many requests in flight.

    Attributes
    ----------
    most_in_flight : requests in flight at a replica, from which it counts as full
    """

    most_in_flight: int = 64

    def __post_init__(self):
        refuse_outside(self, "most_in_flight", 1, 10**6, whole=True)

    def refuse(self, request: Asked, door: DoorView) -> str | None:
        if any(replica.in_flight < self.most_in_flight for replica in door.replicas):
            return None
        return f"every replica has {self.most_in_flight} requests in flight, or more"
