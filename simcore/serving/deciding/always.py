"""Every prompt goes to the prefill pool."""

from collections.abc import Sequence
from dataclasses import dataclass

from simcore.serving.deciding.base import DECIDERS, Decider
from simcore.serving.views import Asked, ReplicaView


@DECIDERS.register("always")
@dataclass
class Always(Decider):
    """Prefill and decode are always apart."""

    def apart(self, request: Asked, local: Sequence[ReplicaView]) -> bool:
        return True
