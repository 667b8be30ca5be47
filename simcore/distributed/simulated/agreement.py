"""What ranks must agree on: the collectives that they enter, and the sizes of what they send."""

from dataclasses import dataclass
from typing import Any

from simcore.distributed.errors import MismatchedCollective, SizeMismatch
from simcore.distributed.simulated.mailbox import Post
from simcore.distributed.transport import Call
from simcore.distributed.waiting import ranks_text


@dataclass(frozen=True, slots=True)
class Entry:
    """A rank has entered a collective.

    Attributes
    ----------
    facts : what all must agree on, and the sizes [byte] that all must agree on, if any
    where : "file:line"
    """

    rank: int
    call: Call
    facts: tuple[Any, tuple[int, ...] | None]
    where: str

    def __str__(self):
        told, sizes = self.facts
        inside = [] if told is None else [_told(told)]
        inside += [f"{', '.join(f'{size:,}' for size in sizes)} bytes"] if sizes else []
        call = f"{self.call.name} ({'; '.join(inside)})" if inside else self.call.name
        return f"rank {self.rank} entered {call} at {self.where}"


def check_alike(first: Entry, entry: Entry, number: int, members: tuple[int, ...]) -> None:
    """Raises MismatchedCollective or SizeMismatch if two ranks of a group do not agree."""
    if entry.facts == first.facts and entry.call.name == first.call.name:
        return
    same = entry.call.name == first.call.name and entry.facts[0] == first.facts[0]
    kind = SizeMismatch if same else MismatchedCollective
    remedy = (
        "all must give payloads of the same sizes"
        if same
        else "all ranks of a group must enter the same collectives in the same order, with the "
        "same root, reduction and type of elements"
    )
    raise kind(
        f"collective {number + 1} of the group of {ranks_text(members)}: {first}, but {entry}; "
        f"{remedy}"
    )


def size_mismatch(send: Post, receive: Post, places: tuple[str, str]) -> SizeMismatch:
    """What to raise when a message does not fit where it is to go.

    Parameters
    ----------
    places : "file:line" of the send and of the receive
    """
    tag = f", tag {send.call.tag}" if send.call.tag >= 0 else ""
    sends = f"rank {send.rank} sends {send.nbytes:,} bytes to rank {receive.rank} "
    sends += f"({send.call.name}{tag}, at {places[0]}), which "
    where = f"({receive.call.name}, at {places[1]})"
    if send.nbytes == receive.nbytes:
        side = "sender" if send.data is not None else "receiver"
        return SizeMismatch(
            f"{sends}receives them {where}, and only the {side}'s payload has values; use Virtual "
            "on both sides, or on neither"
        )
    return SizeMismatch(
        f"{sends}has room for {receive.nbytes:,} bytes {where}; receive into a payload of the same "
        "size"
    )


def _told(fact):
    if isinstance(fact, tuple):
        return " ".join(_told(each) for each in fact)
    if isinstance(fact, int):
        return f"root {fact}"
    return str(getattr(fact, "value", fact))
