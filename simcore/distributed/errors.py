"""What can go wrong in a distributed program, each told with who, what, and where."""

from simcore.errors import SimulationError


class ProgramError(SimulationError):
    """A distributed program did what it must not."""


class TorchMissing(ProgramError):
    """Something needs torch, which is not installed."""


class Deadlock(ProgramError):
    """Every rank that has not ended waits for something that can no longer happen.

    Attributes
    ----------
    waiting : what each of them waits for, `simcore.distributed.waiting.Waiting`
    cycle : ranks each of which waits for the next, the last for the first; () if none do
    """

    def __init__(self, message, waiting=(), cycle=()):
        super().__init__(message)
        self.waiting = waiting
        self.cycle = cycle


class MismatchedCollective(ProgramError):
    """Ranks of one group entered different collectives, or one with different roots."""


class SizeMismatch(ProgramError):
    """What one rank sends is not what the other has room for."""


class BufferModified(ProgramError):
    """A buffer was changed after it was given to isend, before its wait."""


class UnmatchedMessages(ProgramError):
    """The program ended with sends that nobody received, or receives that nobody sent to."""


class TimedOut(ProgramError):
    """Not all ranks of a deployed program ended in time; they were stopped.

    Attributes
    ----------
    waiting, cycle : as those of `Deadlock`, of the ranks that waited
    """

    def __init__(self, message, waiting=(), cycle=()):
        super().__init__(message)
        self.waiting = waiting
        self.cycle = cycle


class RankFailed(ProgramError):
    """A rank raised; the others were stopped. The exception is the cause of this one.

    Attributes
    ----------
    rank : which
    """

    def __init__(self, message, rank):
        super().__init__(message)
        self.rank = rank

    def __reduce__(self):
        return type(self), (str(self), self.rank)
