"""The steps in which a batch decoded, in runs of equal growth: a few numbers for many tokens."""

from array import array
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gaps:
    """Steps in a row, each longer than the one before by as much.

    Attributes
    ----------
    steps : how many
    first_s : of the first [s]
    growth_s : by which each exceeds the one before [s]
    """

    steps: int
    first_s: float
    growth_s: float

    @property
    def total_s(self) -> float:
        """Time of all of them [s]."""
        return self.steps * self.first_s + self.growth_s * self.steps * (self.steps - 1) / 2


class StepLog:
    """Runs of steps, in the order in which they ended."""

    __slots__ = ("first_s", "growth_s", "steps")

    def __init__(self):
        self.steps = array("q")
        self.first_s = array("d")
        self.growth_s = array("d")

    def __len__(self) -> int:
        return len(self.steps)

    def add(self, steps: int, first_s: float, growth_s: float) -> None:
        """A run of steps; see `Gaps`."""
        self.steps.append(steps)
        self.first_s.append(first_s)
        self.growth_s.append(growth_s)

    def gaps(self, start: int, stop: int) -> list[Gaps]:
        """The runs with these places in the log."""
        return [Gaps(self.steps[i], self.first_s[i], self.growth_s[i]) for i in range(start, stop)]


@dataclass(frozen=True, slots=True)
class Stretch:
    """The steps in which one request decoded without interruption.

    Attributes
    ----------
    log : of the batch that it was in
    start, stop : places of its runs there
    """

    log: StepLog
    start: int
    stop: int

    def gaps(self) -> list[Gaps]:
        """Times of its steps [s]."""
        return self.log.gaps(self.start, self.stop)
