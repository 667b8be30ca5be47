"""Only while some replica has room, as the engines say."""

from dataclasses import dataclass

from simcore.serving.admission.base import ADMISSIONS, Admission
from simcore.serving.policies import refuse_outside
from simcore.serving.views import Asked, DoorView


@ADMISSIONS.register("saturation")
@dataclass
class Saturation(Admission):
    """Refuse while every replica is saturated: its KV cache nearly full, or its queue long.

    Attributes
    ----------
    most_kv_usage : share of blocks in use, above which a replica is saturated
    most_waiting : requests that wait in the engine, above which it is, too
    """

    reads_states = True
    most_kv_usage: float = 0.9
    most_waiting: int = 5

    def __post_init__(self):
        refuse_outside(self, "most_kv_usage", 0.0, 1.0)
        refuse_outside(self, "most_waiting", 0, 10**6, whole=True)

    def refuse(self, request: Asked, door: DoorView) -> str | None:
        for replica in door.replicas:
            if replica.kv_usage <= self.most_kv_usage and replica.waiting <= self.most_waiting:
                return None
        return (
            f"every replica has more than {self.most_waiting} requests waiting, or more than "
            f"{100 * self.most_kv_usage:g} % of its KV cache in use"
        )
