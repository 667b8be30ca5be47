"""What an admission policy answers."""

from collections.abc import Sequence

from simcore.registry import Registry
from simcore.serving.request import Client
from simcore.serving.views import Asked, DoorView


class Admission:
    """Base of all admission policies.

    Attributes
    ----------
    reads_states : whether it looks at what engines tell
    """

    reads_states = False

    def begin(self, clients: Sequence[Client]) -> None:
        """Called once, with who may ask."""

    def refuse(self, request: Asked, door: DoorView) -> str | None:
        """Why a request is not taken in, as a sentence's end; None where it is."""
        raise NotImplementedError


ADMISSIONS: Registry[type[Admission]] = Registry("admission policy", "simcore.serving.admission")
