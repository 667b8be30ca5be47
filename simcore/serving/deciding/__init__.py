"""Whether a prompt is prefilled apart from where it decodes; each policy is a module here."""

from simcore.serving.deciding.base import DECIDERS, Decider

__all__ = ["DECIDERS", "Decider"]
