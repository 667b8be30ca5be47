"""What an autoscaling policy answers."""

from simcore.registry import Registry
from simcore.serving.views import PoolMetrics


class Autoscaler:
    """Base of all autoscalers; each pool has one of its own."""

    def change(self, pool: PoolMetrics) -> int:
        """How many replicas to start, or, if negative, to drain."""
        raise NotImplementedError


AUTOSCALERS: Registry[type[Autoscaler]] = Registry(
    "autoscaling policy", "simcore.serving.autoscaling"
)
