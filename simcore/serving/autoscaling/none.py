"""As many replicas as at the start."""

from dataclasses import dataclass

from simcore.serving.autoscaling.base import AUTOSCALERS, Autoscaler
from simcore.serving.views import PoolMetrics


@AUTOSCALERS.register("none")
@dataclass
class NoScaling(Autoscaler):
    """Changes nothing."""

    def change(self, pool: PoolMetrics) -> int:
        return 0
