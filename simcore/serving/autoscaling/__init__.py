"""How many replicas a pool has; each policy is a module here."""

from simcore.serving.autoscaling.base import AUTOSCALERS, Autoscaler

__all__ = ["AUTOSCALERS", "Autoscaler"]
