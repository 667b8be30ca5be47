"""What running a program gives, simulated or deployed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simcore.distributed.trace import LabTrace

Program = Callable[..., Any]
"""`program(comm, …)`: ordinary blocking Python that each rank runs."""


@dataclass(frozen=True)
class Run:
    """A program that has run on all ranks.

    Attributes
    ----------
    values : what it returned, by rank
    seconds : when the last rank ended [s]
    trace : what each rank did
    peak_bytes : by rank, the most bytes that it held at once for communication: of posted sends
        and receives, and of the room that collectives work in
    """

    values: list[Any]
    seconds: float
    trace: LabTrace
    peak_bytes: list[int]

    @property
    def ranks(self) -> int:
        """How many there are."""
        return len(self.values)
