"""What a run raises when a rank fails or messages are left over: alike, simulated and deployed."""

from collections.abc import AsyncGenerator, Coroutine, Generator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from simcore.distributed.errors import ProgramError, RankFailed, UnmatchedMessages
from simcore.distributed.waiting import bounded_lines, raised_place
from simcore.errors import PdscopeError


def raise_for_rank(rank: int, error: BaseException, called: str = "") -> NoReturn:
    """Raise what the program of a rank has raised, told with the rank and its line.

    Parameters
    ----------
    called : "file:line" to tell of an error that went through no line of the program

    Raises
    ------
    RankFailed : for what is no error of pdscope, which is its cause
    ProgramError : for a call that the program made wrongly
    PdscopeError : `error` itself, where it tells of several ranks, with all their lines
    """
    place = raised_place(error) or called
    if isinstance(error, PdscopeError):
        if type(error) is not ProgramError:
            raise error
        where = f" (at {place})" if place else ""
        raise ProgramError(f"rank {rank}: {error}{where}") from error
    where = f", at {place}" if place else ""
    raise RankFailed(
        f"rank {rank} raised {type(error).__name__}: {error}{where}; the other ranks were stopped",
        rank,
    ) from error


def check_has_run(value: Any) -> None:
    """Raises ProgramError where what a program returned is code of its own that has not run."""
    if isinstance(value, Generator | Coroutine | AsyncGenerator):
        if isinstance(value, Coroutine):
            value.close()  # what is wrong is told here, and not by a warning besides
        raise ProgramError(
            f"the program returned a {type(value).__name__}, whose code has not run; programs are "
            "ordinary blocking Python, without yield and async"
        )


@dataclass(frozen=True)
class LeftOver:
    """One end of a message that never met the other.

    Attributes
    ----------
    rank, peer : who posted it, and the rank that it was to meet
    sends : whether it is a send
    operation : the call that it belongs to
    nbytes : size [byte]
    tag : of the message; -1 where it has none
    where : "file:line" of the call; "" where that is not known
    """

    rank: int
    peer: int
    sends: bool
    operation: str
    nbytes: int
    tag: int
    where: str = ""

    def __str__(self):
        tag = f" with tag {self.tag}" if self.tag >= 0 else ""
        where = f", at {self.where}" if self.where else ""
        return (
            f"rank {self.rank}: {self.operation} of {self.nbytes:,} bytes "
            f"{'to' if self.sends else 'from'} rank {self.peer}{tag}{where}"
        )


def unmatched(left: Sequence[LeftOver]) -> UnmatchedMessages:
    """What to raise when a program has ended with messages that never met their other end."""
    head = "the program ended with messages that never met their other end:"
    return UnmatchedMessages("\n".join([head, *bounded_lines(left)]))
