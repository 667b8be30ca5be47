"""One step of continuous batching as ranks tell each other of it, and what becomes of a request."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from simcore.distributed.algorithms.settings import Settings


@dataclass(eq=False)
class Served:
    """One request.

    Attributes
    ----------
    number : in order of arrival
    arrival_s : [s]
    steps : how many it has taken part in; each gives one token
    first_token_s, end_s : when its first and its last token were there [s]
    tokens : what was generated, one payload for each step
    """

    number: int
    arrival_s: float
    steps: int = 0
    first_token_s: float | None = None
    end_s: float | None = None
    tokens: list[Any] = field(default_factory=list)

    def take(self, token, now: float) -> None:
        """A step has given a token."""
        if self.first_token_s is None:
            self.first_token_s = now
        self.steps += 1
        self.tokens.append(token)


class StepPlan:
    """Who takes part in a step: for each the request, its tokens so far, and its new tokens.

    Parameters
    ----------
    numbers : as they are sent: how many take part (0: there will be no more steps), then three for
        each, and zeros up to the size that all plans have
    """

    def __init__(self, numbers: np.ndarray):
        self.numbers = numbers
        self.count = int(numbers[0])
        self.members = numbers[1 : 1 + 3 * self.count].reshape(-1, 3).tolist()

    @classmethod
    def stop(cls, max_batch: int) -> "StepPlan":
        """There will be no more steps."""
        return cls(np.zeros(1 + 3 * max_batch, np.int64))

    @classmethod
    def of(cls, members: Sequence[Served], settings: Settings) -> "StepPlan":
        """The next step of those requests: their prompts, or the token that was generated last."""
        numbers = np.zeros(1 + 3 * settings.max_batch, np.int64)
        numbers[0] = len(members)
        for place, request in enumerate(members):
            seen = settings.tokens + request.steps - 1 if request.steps else 0
            new = 1 if request.steps else settings.tokens
            numbers[1 + 3 * place : 4 + 3 * place] = request.number, seen, new
        return cls(numbers)

    @property
    def tokens(self) -> int:
        """New tokens of all."""
        return sum(new for _, _, new in self.members)

    @property
    def places(self) -> np.ndarray:
        """Of each new token its place in its own sequence."""
        return np.concatenate([np.arange(seen, seen + new) for _, seen, new in self.members])

    @property
    def bounds(self) -> list[tuple[int, int]]:
        """Of each request, where its new tokens stand among all."""
        stops = np.cumsum([new for _, _, new in self.members]).tolist()
        return list(zip([0, *stops[:-1]], stops, strict=True))
