"""Who waits for whom, when nobody can go on: told with every rank's place in the program."""

import os
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from simcore.distributed.transport import Call

_ROOM = str(Path(__file__).parent) + os.sep
# Of this room, what people write programs in.
_PROGRAMS = tuple(_ROOM + name + os.sep for name in ("algorithms", "models"))
# Libraries call back: a script's line says more than that of the library that it has called.
_PYTHON = str(Path(os.__file__).parent) + os.sep
_INSTALLED = f"{os.sep}site-packages{os.sep}"

MOST_TOLD = 20
"""Ranks, or facts, that a message names; of more it says how many."""


@dataclass(frozen=True)
class Waiting:
    """What a rank waits for.

    Attributes
    ----------
    rank : which
    call : the call of the program that it is in
    peers : ranks that it waits for in that call
    sends : whether it waits to be received from; else it waits to receive
    where : "file:line" where it waits
    posted : "file:line" of the call that it waits for, if that is another
    """

    rank: int
    call: Call
    peers: tuple[int, ...]
    sends: bool
    where: str
    posted: str = ""

    def __str__(self):
        call = self.call
        facts = [f"{call.nbytes:,} bytes"] if call.nbytes else []
        facts += [f"tag {call.tag}"] if call.tag >= 0 else []
        told = f"{call.name} ({', '.join(facts)})" if facts else call.name
        if not self.peers:
            return f"rank {self.rank} waits for its {told} to end, at {self.where}"
        who = " and ".join(f"rank {peer}" for peer in self.peers)
        doing = "to receive it" if self.sends else "to send to it"
        posted = f", posted at {self.posted}" if self.posted else ""
        return f"rank {self.rank} waits in {told} for {who} {doing}, at {self.where}{posted}"


def user_place(frame) -> str:
    """ "file:line" of the innermost frame that is neither this room's own nor of a library."""
    place = outermost = None
    while frame is not None:
        name = frame.f_code.co_filename
        if _is_outside(name):
            if _is_programs(name):
                return f"{name}:{frame.f_lineno}"
            place = place or frame
        outermost, frame = frame, frame.f_back
    place = place or outermost
    return f"{place.f_code.co_filename}:{place.f_lineno}" if place else "nowhere"


def raised_place(error: BaseException) -> str:
    """ "file:line" of the innermost frame of the program that an error went through; "" if none."""
    # Not by the frames' own way back: that of a generator is lost, and `finally` has gone on.
    steps = [
        (step.f_code.co_filename, line) for step, line in traceback.walk_tb(error.__traceback__)
    ]
    outside = [(name, line) for name, line in reversed(steps) if _is_outside(name)]
    of_program = [(name, line) for name, line in outside if _is_programs(name)]
    for name, line in (of_program or outside)[:1]:
        return f"{name}:{line}"
    return ""


def _is_outside(name):
    return not name.startswith(_ROOM) or name.startswith(_PROGRAMS)


def _is_programs(name):
    return not name.startswith(_PYTHON) and _INSTALLED not in name


def cycle_of(waiting: list[Waiting]) -> tuple[int, ...]:
    """Ranks each of which waits for the next and the last for the first; () if there are none."""
    after: dict[int, tuple[int, ...]] = {}
    for each in waiting:
        after[each.rank] = after.get(each.rank, ()) + each.peers
    for first in sorted(after):
        path: list[int] = []
        rank = first
        while rank in after and rank not in path:
            path.append(rank)
            rank = min((p for p in after[rank] if p in after), default=None)
        if rank in path:
            cycle = path[path.index(rank) :]
            lowest = cycle.index(min(cycle))
            return tuple(cycle[lowest:] + cycle[:lowest])
    return ()


@dataclass(frozen=True)
class Missed:
    """A collective that some ranks of its group have not entered.

    Attributes
    ----------
    name : of the method of the communicator
    entered, missing : ranks of the group
    """

    name: str
    entered: tuple[int, ...]
    missing: tuple[int, ...]

    def __str__(self):
        return f"{_have(self.entered)} entered this {self.name}, and {_have(self.missing)} not"


@dataclass(frozen=True)
class NearMiss:
    """A send and a receive between the same ranks that do not meet.

    Attributes
    ----------
    source, target : ranks
    sent, asked : tags
    """

    source: int
    target: int
    sent: int
    asked: int

    def __str__(self):
        if self.sent == self.asked:
            return (
                f"rank {self.source} sends to rank {self.target} in one group, which receives from "
                "it in another"
            )
        return (
            f"rank {self.source} sends to rank {self.target} with tag {self.sent}, which receives "
            f"from it with tag {self.asked}"
        )


def deadlock_text(
    waiting: list[Waiting],
    ended: list[int],
    cycle: tuple[int, ...],
    missed: Sequence[Missed] = (),
    near: Sequence[NearMiss] = (),
) -> str:
    """What to tell of a deadlock.

    Parameters
    ----------
    ended : ranks whose program has ended
    missed, near : what explains it, most of all
    """
    lines = ["no rank can go on:"]
    for facts in (waiting, missed, near):
        lines += bounded_lines(facts)
    gone = tuple(rank for rank in ended if any(rank in each.peers for each in waiting))
    if gone:
        lines.append(f"  waited for though its program has ended: {ranks_text(gone)}")
    if len(cycle) > 1:
        lines.append(circle_text(cycle))
    lines.append(_remedy([each for each in waiting if each.rank in cycle], missed, near))
    return "\n".join(lines)


def circle_text(cycle: Sequence[int]) -> str:
    """That each of those ranks waits for the next, and the last for the first."""
    return "they wait in a circle: " + " → ".join(f"rank {rank}" for rank in (*cycle, cycle[0]))


def bounded_lines(facts: Sequence) -> list[str]:
    """A line for each of `facts`; of more than `MOST_TOLD`, how many are left out."""
    lines = [f"  {fact}" for fact in facts[:MOST_TOLD]]
    return [*lines, f"  and {len(facts) - MOST_TOLD} more"] if len(facts) > MOST_TOLD else lines


def _remedy(circle, missed, near):
    if near:
        return "both ends of a message must give the same tag, in the same group, in the same order"
    if missed:
        return (
            "every rank of a group must enter each of its collectives, and in the same order as "
            "its other calls"
        )
    if len(circle) == 1:
        return "it waits for itself: let it ask with irecv before it sends to itself"
    if circle and not any(each.sends for each in circle):
        return "let one of them send before it receives, or use sendrecv"
    if circle:
        return (
            "let one of them receive before it sends, or use sendrecv, or isend and irecv before "
            "the waits"
        )
    return "each send needs its receive, with the same tag, and in the same group"


def _have(ranks):
    return f"{ranks_text(ranks)} {'has' if len(ranks) == 1 else 'have'}"


def ranks_text(ranks: tuple[int, ...]) -> str:
    """ "rank 3", "ranks 0 to 4" or "ranks 1, 5"."""
    if len(ranks) > 1 and ranks == tuple(range(ranks[0], ranks[0] + len(ranks))):
        return f"ranks {ranks[0]} to {ranks[-1]}"
    told = [*map(str, ranks[:MOST_TOLD]), *(["…"] if len(ranks) > MOST_TOLD else [])]
    return f"rank{'s' if len(ranks) > 1 else ''} {', '.join(told)}"
