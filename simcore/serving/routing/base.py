"""What a routing policy answers."""

from collections.abc import Sequence

from numpy.random import Generator

from simcore.registry import Registry
from simcore.serving.views import Asked, ReplicaView


class Router:
    """Base of all routing policies; each router of a cluster has one of its own.

    Attributes
    ----------
    reads_states : whether it looks at what engines tell, which costs time to collect
    rng : random numbers of its own; those of no one else depend on how many it draws
    """

    reads_states = False
    rng: Generator

    def begin(self, rng: Generator) -> None:
        """Called once, before anything is routed."""
        self.rng = rng

    def choose(self, request: Asked, replicas: Sequence[ReplicaView]) -> int:
        """The index of the replica, one of `replicas`, of which there is at least one."""
        raise NotImplementedError

    def left(self, index: int) -> None:
        """A replica has failed or was taken away, with all that it had in its cache."""


ROUTERS: Registry[type[Router]] = Registry("routing policy", "simcore.serving.routing")
