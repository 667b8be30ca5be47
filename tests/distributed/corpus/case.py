"""What a case of the corpus is: a small program, and how it ends here and on real processes."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import numpy as np

from simcore.distributed.collectives import Profile


class End(Enum):
    """How a program ends on real processes."""

    PASSES = "every rank returns"
    HANGS = "some rank waits until its timeout"
    FAILS = "some rank raises, and none waits until its timeout"
    CRASHES = "some rank's process is ended by the library"


PORTABLE, NATIVE = "portable", "native"
"""Collectives over Gloo: as programs over its sends, or its own."""


@dataclass(frozen=True)
class Reported:
    """The error that a simulated run raises.

    Attributes
    ----------
    error : its type
    cycle : of a deadlock
    waiting : of a deadlock: by rank, the call that it waits in and the ranks that it waits for
    says : what the message holds besides
    """

    error: type[Exception]
    cycle: tuple[int, ...] = ()
    waiting: dict[int, tuple[str, tuple[int, ...]]] | None = None
    says: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """One program of the corpus.

    Attributes
    ----------
    name : of the program
    program : what each rank runs
    ranks : how many
    reported : what the simulation raises; None where it passes
    real : how it ends over Gloo, with the same collectives as programs over its sends
    native : how it ends with Gloo's own collectives; None where that is not tried
    differs : why the simulation reports what passes on real processes
    profile : of collectives that are programs
    """

    name: str
    program: Callable
    ranks: int
    reported: Reported | None
    real: End
    native: End | None
    differs: str = ""
    profile: str | Profile = "portable"

    def end(self, collectives: str) -> End | None:
        """How it ends over Gloo with PORTABLE or NATIVE collectives; None where it is not run."""
        return self.real if collectives == PORTABLE else self.native


CASES: dict[str, Case] = {}


def case(*, ranks=2, reported=None, real=None, native=None, differs=""):
    """Decorator: a program of the corpus.

    Over Gloo it ends as the simulation does, where it is not said otherwise: what passes passes,
    what is reported hangs.
    """
    usual = End.PASSES if reported is None else End.HANGS
    real = usual if real is None else real

    def keep(program):
        name = program.__name__
        CASES[name] = Case(name, program, ranks, reported, real, native, differs)
        return program

    return keep


def numbers(comm, count=4):
    """Values that tell which rank they are of."""
    return np.arange(count, dtype=np.float64) + 100 * comm.rank


def room(count=4):
    """Where as many can arrive."""
    return np.full(count, -1.0)
