"""What a scheduling policy answers."""

from collections.abc import Sequence

from simcore.registry import Registry
from simcore.serving.replica.order import Order
from simcore.serving.request import Client


class Scheduling:
    """Base of all scheduling policies."""

    def order(self, clients: Sequence[Client]) -> Order:
        """The key by which an engine sorts requests that wait, for clients with such limits."""
        raise NotImplementedError


SCHEDULERS: Registry[type[Scheduling]] = Registry("scheduling policy", "simcore.serving.scheduling")
