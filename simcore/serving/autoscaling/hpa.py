"""As many replicas as keep a metric at its target: the rule of Kubernetes."""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from simcore.errors import ScenarioError
from simcore.serving.autoscaling.base import AUTOSCALERS, Autoscaler
from simcore.serving.policies import refuse_outside
from simcore.serving.views import PoolMetrics

METRICS: dict[str, Callable[[PoolMetrics], float]] = {
    "in-flight": lambda pool: pool.in_flight,
    "waiting": lambda pool: pool.waiting,
    "kv-usage": lambda pool: pool.kv_usage,
    "unfinished-tokens": lambda pool: pool.unfinished_tokens,
}
"""Sums over the replicas of a pool."""


@AUTOSCALERS.register("hpa")
@dataclass
class HorizontalPodAutoscaler(Autoscaler):
    """Wants ceil(sum of the metric / target) replicas, after the HorizontalPodAutoscaler.

    Nothing changes while the mean of the metric is within the tolerance of the target. Of what it
    wanted within a window of time it does the least where that is more than there are, and the most
    where that is less, so that a spike or a dip that is shorter changes nothing.

    Attributes
    ----------
    metric : whose mean over the replicas is to be kept
    target : at which
    tolerance : share of the target by which the mean may be off
    up_window_s, down_window_s : stabilisation windows [s]
    count_pending : whether replicas that are being started count as there. Where they do not, every
        look adds those again that are on their way already
    """

    metric: str = "in-flight"
    target: float = 32.0
    tolerance: float = 0.1
    up_window_s: float = 0.0
    down_window_s: float = 300.0
    count_pending: bool = True

    def __post_init__(self):
        if self.metric not in METRICS:
            raise ScenarioError(
                f"metric = {str(self.metric)[:60]!r}; use one of {', '.join(METRICS)}",
                field="metric",
            )
        refuse_outside(self, "target", 1e-6, 1e12)
        refuse_outside(self, "tolerance", 0.0, 10.0)
        refuse_outside(self, "up_window_s", 0.0, 1e6)
        refuse_outside(self, "down_window_s", 0.0, 1e6)
        if not isinstance(self.count_pending, bool):
            raise ScenarioError(
                f"count_pending = {self.count_pending!r}; use true or false",
                field="count_pending",
            )
        self._wanted: deque[tuple[float, int]] = deque()

    def change(self, pool: PoolMetrics) -> int:
        there = pool.ready + (pool.pending if self.count_pending else 0)
        total = METRICS[self.metric](pool)
        wanted = math.ceil(total / self.target)
        if there and abs(total / (there * self.target) - 1.0) <= self.tolerance:
            wanted = there
        history = self._wanted
        history.append((pool.time_s, wanted))
        while history[0][0] < pool.time_s - max(self.up_window_s, self.down_window_s):
            history.popleft()
        least = min(n for at, n in history if at >= pool.time_s - self.up_window_s)
        most = max(n for at, n in history if at >= pool.time_s - self.down_window_s)
        return max(0, least - there) + min(0, most - there)
