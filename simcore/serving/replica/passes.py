"""What a replica's stages work on: one step, or decode steps in a row whose times are known."""

from math import sqrt

from simcore.serving.replica.batch import Batch
from simcore.serving.replica.seat import Seat


class Pass:
    """Steps of one batch that follow one another without any change of what is in them.

    Attributes
    ----------
    batch : which decodes in it; possibly nobody
    first_step : of the batch, counted from its start
    chunks : of prompts: seat and tokens; then there is one step
    steps : how many
    taken : for how many of them the blocks are taken
    start, first_s, growth_s : when they start; how long the first takes, and how much longer each
        takes than the one before [s]
    end : when the last ends [s]
    share : of their time, that in which the first stage works
    """

    __slots__ = (
        *("batch", "chunks", "end", "first_s", "first_step", "growth_s", "start", "steps"),
        *("share", "taken"),
    )

    def __init__(self, batch: Batch, chunks: list[tuple[Seat, int]], start: float):
        self.batch, self.chunks, self.start = batch, chunks, start
        self.first_step = batch.steps
        self.steps = self.taken = 1
        self.first_s = self.growth_s = 0.0
        self.end = start
        self.share = 1.0

    def lasts(self, first_s: float, growth_s: float = 0.0, steps: int = 1) -> None:
        """Set how long it takes."""
        self.first_s, self.growth_s, self.steps = first_s, growth_s, steps
        self.end = self.end_of(steps)

    def end_of(self, step: int) -> float:
        """When the step of that number, from 1, ends [s]."""
        total = step * self.first_s + self.growth_s * (step * (step - 1) / 2)
        return self.start + total

    def step_s(self, step: int) -> float:
        """How long the step of that number, from 1, takes [s]."""
        return self.first_s + self.growth_s * (step - 1)

    def step_at(self, now: float, *, ended: bool = False) -> int:
        """Number of the step under way at `now` [s], from 1; of two that meet there the later.

        With `ended`, of two that meet the earlier.
        """
        steps = self.steps
        if steps == 1:
            return 1
        start, first, growth = self.start, self.first_s, self.growth_s
        x = now - start
        # The root of k first + growth k (k - 1) / 2 = x, in a form that holds for growth = 0; then
        # the very step, by the times that `end_of` gives.
        b = first - growth / 2
        k = int(2 * x / (b + sqrt(max(b * b + 2 * growth * x, 0.0)))) if b > 0 else 1
        k = 1 if k < 1 else min(k, steps)
        while k > 1:
            end = start + ((k - 1) * first + growth * ((k - 1) * (k - 2) / 2))
            if end < now or (end == now and not ended):
                break
            k -= 1
        while k < steps:
            end = start + (k * first + growth * (k * (k - 1) / 2))
            if end > now or (end == now and ended):
                break
            k += 1
        return k

    def cut(self, steps: int) -> None:
        """Let it end after so many steps."""
        if steps < self.steps:
            self.steps = steps
            self.end = self.end_of(steps)
