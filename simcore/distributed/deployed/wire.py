"""What goes over the wire: payloads as tensors of bytes, groups and tags as one number."""

from collections.abc import Callable

from simcore.distributed.errors import ProgramError
from simcore.distributed.payloads import Virtual, kind_of
from simcore.distributed.with_torch import flat_bytes, torch

TAG_BITS = 20
CONTEXT_BITS = 10
"""Gloo's tags have 31 bits: one for collectives, these for the group, and those for the tag."""


def wire_tag(context: int, tag: int) -> int:
    """The one number that Gloo matches messages of a pair of ranks by.

    Parameters
    ----------
    context : number of the group
    tag : of the program, 0 or more; of collective n of the group, -1 - n

    Collectives are numbered modulo 2**20: so many are never under way at once.
    """
    if context >= 1 << CONTEXT_BITS:
        raise ProgramError(
            f"this is group {context:,} that a rank has split off; when deployed, messages "
            f"can tell {(1 << CONTEXT_BITS) - 1:,} of them apart: keep groups and use them again"
        )
    collective = tag < 0
    number = (-1 - tag if collective else tag) & ((1 << TAG_BITS) - 1)
    return collective << (CONTEXT_BITS + TAG_BITS) | context << TAG_BITS | number


def outgoing(payload, device: torch.device) -> torch.Tensor:
    """The bytes of a payload, on the device that the back end sends from."""
    if isinstance(payload, Virtual):
        return torch.empty(payload.nbytes, dtype=torch.uint8, device=device)
    if isinstance(payload, torch.Tensor) and device.type != "cpu":
        return flat_bytes(payload).to(device)
    data = kind_of(payload).outgoing(payload)
    # Torch takes only what can be written, though it will not write.
    return torch.from_numpy(data if data.flags.writeable else data.copy()).to(device)


def incoming(payload, device: torch.device) -> tuple[torch.Tensor, Callable[[], None] | None]:
    """Bytes to receive into, on that device, and what to call when they are filled."""
    if isinstance(payload, Virtual):
        return torch.empty(payload.nbytes, dtype=torch.uint8, device=device), None
    if isinstance(payload, torch.Tensor) and device.type != "cpu":
        room = torch.empty(payload.shape, dtype=payload.dtype, device=device)
        return flat_bytes(room), lambda: kind_of(payload).fill(payload, room.reshape(-1))
    data, finish = kind_of(payload).incoming(payload)
    room = torch.from_numpy(data)
    if device.type == "cpu":
        return room, finish
    away = torch.empty_like(room, device=device)

    def bring():
        room.copy_(away)
        if finish is not None:
            finish()

    return away, bring
