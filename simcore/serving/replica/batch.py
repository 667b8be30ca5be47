"""Requests that decode together: each of them gains as many tokens in every step."""

from heapq import heappop, heappush
from math import ceil

from simcore.serving.replica.seat import Seat
from simcore.serving.replica.step_log import StepLog, Stretch


class Batch:
    """Requests that decode in lock step, kept so that a step costs the same however many they are.

    Parameters
    ----------
    block_tokens : tokens of a block
    gain : tokens that each request gains in a step on average, from 1

    Attributes
    ----------
    size : requests
    steps : that the batch has taken
    log : how long they were
    fresh : those that have joined since its last step
    """

    __slots__ = ("_base", "_bt", "_ends", "_gain", "_phases", "fresh", "log", "size", "steps")

    def __init__(self, block_tokens: int, gain: float):
        self._bt, self._gain = block_tokens, gain
        self.size = self.steps = 0
        self.log = StepLog()
        self.fresh: list[Seat] = []
        self._base = 0  # the context, but for what the steps have added to it
        self._phases = [0] * block_tokens  # requests by their tokens less the progress, modulo
        self._ends: list[tuple[int, int, Seat]] = []

    def progress(self, steps: int) -> int:
        """Tokens that whoever was there from the start has gained after `steps` steps."""
        return steps if self._gain == 1 else int(steps * self._gain)

    @property
    def context(self) -> float:
        """Tokens in the cache, of all requests together."""
        return self._base + self.size * self._gain * self.steps

    @property
    def growth(self) -> float:
        """By which a step adds to the context."""
        return self.size * self._gain

    def join(self, seat: Seat, tokens: int, missing: int) -> None:
        """A request with `tokens` tokens in the cache joins, for `missing` more output tokens."""
        x = self.progress(self.steps)
        seat.batch, seat.joined = self, self.steps
        seat.joined_x, seat.joined_run = x, len(self.log)
        seat.base, seat.generated = tokens, seat.job.generated
        self.size += 1
        self._base += tokens - self._gain * self.steps
        self._phases[(tokens - x) % self._bt] += 1
        self.fresh.append(seat)
        heappush(self._ends, (x + missing, seat.turn, seat))

    def leave(self, seat: Seat) -> None:
        """It leaves, with what it has gained."""
        x = self.progress(self.steps)
        job = seat.job
        seat.computed = seat.tokens = self.tokens_of(seat)
        seat.holding.blocks = -(-seat.computed // self._bt)
        job.generated = min(seat.generated + x - seat.joined_x, job.request.output_tokens)
        seat.batch = None
        self.size -= 1
        self._base -= seat.base - self._gain * seat.joined
        self._phases[(seat.base - seat.joined_x) % self._bt] -= 1
        if len(self.log) > seat.joined_run:
            stretch = Stretch(self.log, seat.joined_run, len(self.log))
            job.stretches = (*job.stretches, stretch)
        if not self.size:
            self._base = 0

    def tokens_of(self, seat: Seat, steps: int | None = None) -> int:
        """Tokens that a request of the batch has in the cache now, or after so many steps."""
        return seat.base + self.progress(self.steps if steps is None else steps) - seat.joined_x

    def steps_to_end(self) -> int:
        """Steps until the first request has all its tokens."""
        target = self._first()[0]
        if self._gain == 1:
            return target - self.steps
        steps = max(ceil(target / self._gain) - 1, self.steps)
        while self.progress(steps) < target:
            steps += 1
        return steps - self.steps

    def pop_ended(self) -> list[Seat]:
        """Those that have all their tokens: they leave."""
        x = self.progress(self.steps)
        ended = []
        while self.size and self._first()[0] <= x:
            seat = heappop(self._ends)[2]
            self.leave(seat)
            ended.append(seat)
        return ended

    def blocks_for(self, first: int, last: int) -> int:
        """Blocks that steps `first` + 1 to `last`, counted from the start, need in addition."""
        phases, bt = self._phases, self._bt
        x, end = self.progress(first), self.progress(last)
        if end == x + 1:
            return phases[-x % bt]
        cycles, rest = divmod(end - x, bt)
        place = -x % bt
        blocks = cycles * self.size
        for at in range(place - rest + 1, place + 1):
            # Places below 0 are those at the end of the list.
            blocks += phases[at]
        return blocks

    def steps_within(self, blocks: int, most: int) -> int:
        """Steps, up to `most`, for which `blocks` blocks are enough."""
        now, gained = self.steps, most * self._gain + 1
        if self.size * (gained / self._bt + 1) <= blocks:
            return most
        if self.blocks_for(now, now + most) <= blocks:
            return most
        low, high = 0, most  # enough for low, not for high
        while high - low > 1:
            middle = (low + high) // 2
            if self.blocks_for(now, now + middle) <= blocks:
                low = middle
            else:
                high = middle
        return low

    def _first(self):
        ends = self._ends
        while ends[0][2].batch is not self or ends[0][1] != ends[0][2].turn:
            heappop(ends)
        return ends[0]
