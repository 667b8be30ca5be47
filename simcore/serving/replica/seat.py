"""The place of one job on one replica."""

from simcore.serving.replica.blocks import Holding
from simcore.serving.replica.job import Job


class Seat:
    """What a replica keeps of a job.

    Attributes
    ----------
    order : decides who is next among those that wait; the lowest is
    turn : number of its admission; the highest is the newest
    holding : its blocks
    tokens : to be computed before it can decode: its prompt and, after a preemption, its answer
    computed : of them, those in the cache or in the step under way
    batch : in which it decodes; None where it does not
    joined, joined_x, joined_run : of the batch when it joined: steps, progress, length of its log
    base : tokens in the cache when it joined
    generated : output tokens when it joined
    lost_s : when it was preempted, since its last token [s]; below 0 if it was not
    lost_tokens : that were in the cache then
    in_steps : steps under way that compute a chunk of it
    """

    __slots__ = (
        "base",
        "batch",
        "computed",
        "generated",
        "holding",
        "in_steps",
        "job",
        "joined",
        "joined_run",
        "joined_x",
        "lost_s",
        "lost_tokens",
        "order",
        "tokens",
        "turn",
    )

    def __init__(self, job: Job, order, tokens: int, holding: Holding):
        self.job = job
        self.order = order
        self.tokens = tokens
        self.holding = holding
        self.computed = self.generated = self.base = 0
        self.joined = self.joined_x = self.joined_run = self.lost_tokens = 0
        self.turn = -1
        self.batch = None
        self.in_steps = 0
        self.lost_s = -1.0

    @property
    def remaining(self) -> int:
        """Tokens to compute before it can decode."""
        return self.tokens - self.computed
