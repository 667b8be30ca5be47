"""Everybody is taken in."""

from dataclasses import dataclass

from simcore.serving.admission.base import ADMISSIONS, Admission
from simcore.serving.views import Asked, DoorView


@ADMISSIONS.register("always")
@dataclass
class Always(Admission):
    """Refuses nobody."""

    def refuse(self, request: Asked, door: DoorView) -> str | None:
        return None
