"""What decides between prefill in a pool of its own and prefill where a request decodes."""

from collections.abc import Sequence

from simcore.registry import Registry
from simcore.serving.views import Asked, ReplicaView


class Decider:
    """Base of all deciders; they are asked only where a cluster can do both.

    Attributes
    ----------
    reads_states : whether it looks at what engines tell
    """

    reads_states = False

    def apart(self, request: Asked, local: Sequence[ReplicaView]) -> bool:
        """Whether a prefill pool shall compute the prompt.

        Parameters
        ----------
        local : the replicas that could do all of it
        """
        raise NotImplementedError


DECIDERS: Registry[type[Decider]] = Registry("decider", "simcore.serving.deciding")
