"""Who is next among requests that wait in an engine; each policy is a module here."""

from simcore.serving.scheduling.base import SCHEDULERS, Scheduling

__all__ = ["SCHEDULERS", "Scheduling"]
