"""The shortest prompt first."""

from dataclasses import dataclass

from simcore.serving.policies import refuse_outside
from simcore.serving.scheduling.base import SCHEDULERS, Scheduling


@SCHEDULERS.register("sjf")
@dataclass
class ShortestJobFirst(Scheduling):
    """The shortest prompt first: what is known of a job. How long its answer will be is not.

    Attributes
    ----------
    tokens_per_s : by which a request that came earlier is ahead of as much shorter ones, so that
        long prompts do not wait for ever; 0 for none
    """

    tokens_per_s: float = 0.0

    def __post_init__(self):
        refuse_outside(self, "tokens_per_s", 0.0, 1e12)

    def order(self, clients):
        return lambda waiting: waiting.prompt_tokens + self.tokens_per_s * waiting.queued_s
