"""What `torch.distributed` knows in one rank of a simulated script: its process groups."""

import threading
import warnings
from dataclasses import dataclass, field
from typing import Any

from simcore.distributed.communicator import Communicator
from simcore.distributed.with_torch import torch

NON_MEMBER = torch.distributed.GroupMember.NON_GROUP_MEMBER
"""What `new_group` gives a rank that does not belong to the group."""


@dataclass(eq=False)
class Group:
    """A process group, as one of its ranks holds it.

    Attributes
    ----------
    communicator : over its ranks
    ranks : its members by their numbers in the whole world, in order of their rank in the group
    backend : what the script asked for
    is_default : whether it is the default group
    """

    communicator: Communicator
    ranks: tuple[int, ...]
    backend: str
    is_default: bool = False

    def rank(self) -> int:
        """This rank's number in the group."""
        return self.communicator.rank

    def size(self) -> int:
        """How many ranks belong to it."""
        return self.communicator.size

    def name(self) -> str:
        """What it runs on."""
        return self.backend

    def of(self, rank: int) -> int:
        """The number in the group of the rank that has this one in the whole world.

        Raises ValueError for a rank that does not belong to it.
        """
        try:
            return self.ranks.index(rank)
        except ValueError:
            raise ValueError(
                f"rank {rank!r} does not belong to the group of ranks "
                f"{', '.join(map(str, self.ranks))}; give one of those"
            ) from None


@dataclass(eq=False)
class World:
    """The state of `torch.distributed` in one rank.

    Attributes
    ----------
    communicator : over all ranks of the simulation
    launch : how they came to be, `simcore.distributed.shim.launch.Launch`
    default : the default group, once the script has initialised it
    groups : all that this rank belongs to
    """

    communicator: Communicator
    launch: Any
    default: Group | None = None
    groups: list[Group] = field(default_factory=list)


_HERE = threading.local()


def enter(world: World) -> None:
    """The thread that calls runs this rank of a script from now on."""
    _HERE.world = world


def here() -> World:
    """The world of the rank whose thread calls; raises RuntimeError in any other thread."""
    world = here_or_none()
    if world is None:
        raise RuntimeError(
            "torch.distributed was called from a thread that the script has started; in a "
            "simulation only the thread that runs the script may communicate"
        )
    return world


def here_or_none() -> World | None:
    """The world of the rank whose thread calls; None in any other thread."""
    return getattr(_HERE, "world", None)


def default_group() -> Group:
    """The default group; raises ValueError, as torch does, where there is none."""
    group = here().default
    if group is None:
        raise ValueError(
            "Default process group has not been initialized; call init_process_group first"
        )
    return group


def group_of(given) -> Group:
    """The group that a call means; None is the default one."""
    if given is None:
        return default_group()
    if not isinstance(given, Group):
        raise ValueError(
            f"{given!r} is no process group of this simulation; make one with new_group, or leave "
            "`group` out"
        )
    if given.is_default:
        # Libraries keep group.WORLD from the first rank that imports them.
        return default_group()
    if given not in here().groups:
        raise ValueError("this process group was destroyed, or is that of another rank")
    return given


def member_of(given, call: str) -> Group | None:
    """The group that a call means; None, with a warning, where this rank does not belong to it."""
    if given is not None and given == NON_MEMBER:
        rank = here().communicator.rank
        warnings.warn(f"{call}: rank {rank} does not belong to the given group", stacklevel=3)
        return None
    return group_of(given)


def peer_in(group: Group, what: str, rank: int | None, group_rank: int | None) -> int:
    """The number in the group of the rank that a call names in the world or in the group."""
    if rank is not None and group_rank is not None:
        raise ValueError(f"{what} and group_{what} cannot both be given")
    if group_rank is not None:
        if not 0 <= group_rank < group.size():
            raise ValueError(
                f"group_{what} = {group_rank!r} is none of the ranks 0 to {group.size() - 1} of "
                "the group"
            )
        return group_rank
    if rank is None:
        raise ValueError(f"{what} or group_{what} must be given")
    return group.of(rank)


def root_in(group: Group, what: str, rank: int | None, group_rank: int | None) -> int:
    """As `peer_in`; where a call names nobody, rank 0 of the whole world."""
    return peer_in(group, what, 0 if rank is None and group_rank is None else rank, group_rank)
