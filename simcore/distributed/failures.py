"""What a run raises when a rank fails or messages are left over: alike, simulated and deployed."""

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from simcore.distributed.errors import ProgramError, RankFailed, UnmatchedMessages
from simcore.distributed.waiting import bounded_lines, user_place
from simcore.errors import PdscopeError


def raise_for_rank(rank: int, error: BaseException) -> NoReturn:
    """Raise what the program of a rank has raised, told with the rank and its line.

    Raises
    ------
    RankFailed : for what is no error of pdscope, which is its cause
    ProgramError : for a call that the program made wrongly
    PdscopeError : `error` itself, where it tells of several ranks, with all their lines
    """
    if isinstance(error, PdscopeError):
        if type(error) is not ProgramError:
            raise error
        raise ProgramError(f"rank {rank}: {error} (at {_place_of(error)})") from error
    raise RankFailed(
        f"rank {rank} raised {type(error).__name__}: {error}, at {_place_of(error)}; the other "
        "ranks were stopped",
        rank,
    ) from error


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


def _place_of(error):
    """ "file:line" of the innermost frame of the program that the error came from."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return user_place(frames[-1]) if frames else "an unknown place"
