"""Who waits for whom, when nobody can go on: told with every rank's place in the program."""

import os
from dataclasses import dataclass
from pathlib import Path

from simcore.distributed.transport import Call

_ROOM = str(Path(__file__).parent) + os.sep
# Of this room, what people write programs in.
_PROGRAMS = tuple(_ROOM + name + os.sep for name in ("algorithms", "models"))


@dataclass(frozen=True)
class Waiting:
    """What a rank waits for.

    Attributes
    ----------
    rank : which
    call : the call of the program that it is in
    peers : ranks that it waits for in that call
    sends : whether it waits to be received from; else it waits to receive
    where : "file:line" of the call
    """

    rank: int
    call: Call
    peers: tuple[int, ...]
    sends: bool
    where: str

    def __str__(self):
        call = self.call
        facts = [f"{call.nbytes:,} bytes"] if call.nbytes else []
        facts += [f"tag {call.tag}"] if call.tag >= 0 else []
        told = f"{call.name} ({', '.join(facts)})" if facts else call.name
        if not self.peers:
            return f"rank {self.rank} waits for its {told} to end, at {self.where}"
        who = " and ".join(f"rank {peer}" for peer in self.peers)
        doing = "to receive it" if self.sends else "to send to it"
        return f"rank {self.rank} waits in {told} for {who} {doing}, at {self.where}"


def user_place(frame) -> str:
    """ "file:line" of the innermost frame that is not this room's own."""
    outermost = frame
    while frame is not None:
        name = frame.f_code.co_filename
        if not name.startswith(_ROOM) or name.startswith(_PROGRAMS):
            return f"{name}:{frame.f_lineno}"
        outermost, frame = frame, frame.f_back
    return f"{outermost.f_code.co_filename}:{outermost.f_lineno}" if outermost else "nowhere"


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


def deadlock_text(waiting: list[Waiting], ended: list[int], cycle: tuple[int, ...]) -> str:
    """What to tell of a deadlock."""
    lines = ["no rank can go on:", *(f"  {each}" for each in waiting)]
    gone = [rank for rank in ended if any(rank in each.peers for each in waiting)]
    if gone:
        ranks = ", ".join(map(str, gone))
        lines.append(f"  waited for though its program has ended: rank {ranks}")
    if len(cycle) == 1:
        lines.append(
            f"rank {cycle[0]} waits for itself: post its receive (irecv) before it sends to itself"
        )
    elif cycle:
        ring = " → ".join(f"rank {rank}" for rank in (*cycle, cycle[0]))
        lines.append(
            f"they wait in a circle: {ring}; let one of them receive first, or use sendrecv, or "
            "isend and irecv before the waits"
        )
    else:
        lines.append("each send needs its receive, with the same tag, and in the same group")
    return "\n".join(lines)
