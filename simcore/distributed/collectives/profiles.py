"""Which algorithm each collective takes: by itself, or as a library would choose.

Gloo's choices are those of its sources (github.com/facebookincubator/gloo: broadcast.cc,
allreduce.cc, allgather.cc, alltoall.cc, barrier.cc), and of torch.distributed where Gloo has no
such operation. NCCL chooses among rings, trees and more by size and topology; `nccl-ring` is
what it does when it has chosen rings (Hu et al., "Demystifying NCCL", 2025).
"""

from collections.abc import Callable
from dataclasses import dataclass

from simcore.distributed.collectives.all_reduce_barrier import all_reduce_barrier
from simcore.distributed.collectives.all_reduce_reduce_scatter import all_reduce_reduce_scatter
from simcore.distributed.collectives.base import PACKAGE
from simcore.distributed.collectives.direct_all_to_all import direct_all_to_all
from simcore.distributed.collectives.direct_broadcast import direct_broadcast
from simcore.distributed.collectives.dissemination_barrier import dissemination_barrier
from simcore.distributed.collectives.pipelined_ring_broadcast import pipelined_ring_broadcast
from simcore.distributed.collectives.ring_all_gather import ring_all_gather
from simcore.distributed.collectives.ring_all_reduce import ring_all_reduce
from simcore.distributed.collectives.ring_reduce_scatter import ring_reduce_scatter
from simcore.distributed.collectives.segmented_ring_all_gather import segmented_ring_all_gather
from simcore.distributed.collectives.segmented_ring_all_reduce import segmented_ring_all_reduce
from simcore.distributed.collectives.unordered_binomial_broadcast import (
    unordered_binomial_broadcast,
)
from simcore.registry import Registry


@dataclass(frozen=True, kw_only=True)
class Profile:
    """An algorithm for each collective; `dataclasses.replace` makes one that differs in one.

    Attributes
    ----------
    name : what a user calls it
    broadcast, all_reduce, all_gather, reduce_scatter, all_to_all, barrier : programs, as their
        registries have them
    """

    name: str
    broadcast: Callable
    all_reduce: Callable
    all_gather: Callable
    reduce_scatter: Callable
    all_to_all: Callable
    barrier: Callable


PROFILES: Registry[Profile] = Registry("profile of collectives", PACKAGE)


def chosen_profile(profile: str | Profile) -> Profile:
    """The profile of that name, or the one that was given; raises ScenarioError for no name."""
    return profile if isinstance(profile, Profile) else PROFILES[profile]


def _offer(profile: Profile) -> None:
    PROFILES.register(profile.name)(profile)


_offer(
    Profile(
        name="portable",
        broadcast=direct_broadcast,
        all_reduce=ring_all_reduce,
        all_gather=ring_all_gather,
        reduce_scatter=ring_reduce_scatter,
        all_to_all=direct_all_to_all,
        barrier=dissemination_barrier,
    )
)
_offer(
    Profile(
        name="gloo",
        broadcast=unordered_binomial_broadcast,
        all_reduce=segmented_ring_all_reduce,
        all_gather=segmented_ring_all_gather,
        reduce_scatter=all_reduce_reduce_scatter,
        all_to_all=direct_all_to_all,
        barrier=dissemination_barrier,
    )
)
_offer(
    Profile(
        name="nccl-ring",
        broadcast=pipelined_ring_broadcast,
        all_reduce=ring_all_reduce,
        all_gather=ring_all_gather,
        reduce_scatter=ring_reduce_scatter,
        all_to_all=direct_all_to_all,
        barrier=all_reduce_barrier,
    )
)
