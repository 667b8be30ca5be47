"""Collective operations of tensor and expert parallelism: startup plus bytes, by algorithm.

Hockney, "The communication challenge for MPP" (Parallel Computing 20, 1994), for time as startup
plus bytes over bandwidth; Thakur, Rabenseifner & Gropp, "Optimization of Collective Communication
Operations in MPICH" (2005), for the hops and bytes of each algorithm.
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from simcore.costs.operators.smooth import smooth_max, smooth_min


class Collective(Enum):
    """What the ranks do together."""

    ALL_REDUCE = "all_reduce"
    ALL_GATHER = "all_gather"
    REDUCE_SCATTER = "reduce_scatter"
    ALL_TO_ALL = "alltoall"
    SEND = "send_recv"


RING = {Collective.ALL_REDUCE: 2, Collective.ALL_GATHER: 1, Collective.REDUCE_SCATTER: 1}
"""How often each rank's share of the buffer goes around."""

HOST_SHARPNESS = 8
"""Of the maximum of the host's launch and the GPU's work, which overlap."""

SWITCH_RANKS = 8
"""Ranks from which a library lets the switch add up."""


@dataclass(frozen=True, kw_only=True)
class Protocols:
    """One way of moving data, in two protocols of which the faster is taken.

    The quick one sends flags among the data and waits little; the full one waits for whole blocks
    and uses the whole bandwidth. Bandwidths are shares of the link's peak.

    Attributes
    ----------
    quick_s, quick_hop_s, quick_share : startup, time of each further hop [s], and bandwidth
    full_s, full_hop_s, full_share : the same of the full protocol
    sharpness : of the minimum of the two (see `smooth_min`)
    few : two ranks use fewer channels: p ranks reach 1 - few/p of the bandwidth; between machines
        instead, by how much each machine beyond two slows sending to the next
    gain : around a ring, of an all-reduce that the switch adds up (NVLink SHARP); from each to
        each, of sending in one direction alone; over the bandwidth otherwise
    """

    quick_s: float
    quick_hop_s: float
    quick_share: float
    full_s: float
    full_hop_s: float
    full_share: float
    sharpness: float
    few: float
    gain: float


@dataclass(frozen=True, kw_only=True)
class DirectConstants:
    """All-reduce by kernels that read their peers' memory, as serving engines bring along.

    Small messages in one shot: each rank reads all of every peer. Larger ones in two: it adds up
    its share, then gathers the others'.

    Attributes
    ----------
    startup_s, peer_s : of a one-shot all-reduce, and of each peer in it [s]
    share : of the link's peak bandwidth
    few : p ranks reach 1 - few/p of that
    second_s : of the second shot [s]
    host_s : of launching it from the host, which short ones wait for [s]; 0 in a CUDA graph
    one_shot_of_2, one_shot_of_4, one_shot_of_8 : largest message of one shot among up to so many
        ranks [byte]
    largest_of_2, largest : largest message between two ranks, and among more; what is larger goes
        around the ring [byte]
    """

    startup_s: float
    peer_s: float
    share: float
    few: float
    second_s: float
    host_s: float
    one_shot_of_2: float
    one_shot_of_4: float
    one_shot_of_8: float
    largest_of_2: float
    largest: float


def ring_seconds(*, kind: Collective, ranks, size, bandwidth, constants: Protocols):
    """Time [s] of an all-reduce, all-gather or reduce-scatter of a buffer of `size` byte per rank.

    `size` is that of the whole buffer: of the result of an all-gather, of the input of a
    reduce-scatter. `bandwidth` is the peak of a rank's link in one direction [byte/s]. A ring of p
    ranks takes p - 1 hops of size/p for either half of an all-reduce (Patarasuk & Yuan, "Bandwidth
    optimal all-reduce algorithms", 2009).
    """
    ranks, size = (np.asarray(x, dtype=float) for x in (ranks, size))
    rounds = RING[kind]
    hops = rounds * (ranks - 1)
    # An all-reduce keeps both directions of its channels busy at once.
    few = constants.few / rounds
    gain = 1.0
    if kind is Collective.ALL_REDUCE:
        gain = np.where(ranks >= SWITCH_RANKS, constants.gain, 1.0)
    moved = hops * size / ranks / (1 - few / np.maximum(ranks, 2))
    return _faster(hops - rounds, moved, gain, bandwidth, constants, ranks)


def peer_seconds(*, kind: Collective, ranks, size, bandwidth, constants: Protocols):
    """Time [s] of an all-to-all of `size` byte in each rank, or of sending `size` to a peer."""
    ranks, size = (np.asarray(x, dtype=float) for x in (ranks, size))
    if kind is Collective.SEND:
        return _faster(0.0, size, constants.gain, bandwidth, constants, ranks)
    moved = size * (ranks - 1) / ranks / (1 - constants.few / np.maximum(ranks, 2))
    return _faster(ranks - 2, moved, 1.0, bandwidth, constants, ranks)


def between_nodes_seconds(*, kind: Collective, ranks, nodes, size, bandwidth, constants: Protocols):
    """Time [s] of a collective over `nodes` machines with one network port per rank.

    `bandwidth` is the peak of a port in one direction [byte/s]. Rings are laid so that each port of
    a machine carries its share; an all-to-all sends through a rank's own port what is for other
    machines; of ranks that each send to the next, one per machine sends outside.
    """
    ranks, nodes, size = (np.asarray(x, dtype=float) for x in (ranks, nodes, size))
    local = ranks / nodes
    if kind in RING:
        hops = RING[kind] * (ranks - 1)
        moved = hops * size / ranks / local
        return _faster(hops - RING[kind], moved, 1.0, bandwidth, constants, ranks)
    if kind is Collective.ALL_TO_ALL:
        moved = size * (ranks - local) / ranks
        return _faster(ranks - 2, moved, 1.0, bandwidth, constants, ranks)
    # Each machine's last rank sends to the next one's first, whose ports lie on different switches.
    moved = size * (1 + constants.few * (nodes - 2))
    return _faster(0.0, moved, 1.0, bandwidth, constants, ranks)


def direct_seconds(*, ranks, size, bandwidth, constants: DirectConstants, ring: Protocols):
    """Time [s] of an all-reduce by direct reads; around the `ring` where the message is large."""
    c = constants
    ranks, size = (np.asarray(x, dtype=float) for x in (ranks, size))
    wire = bandwidth * c.share * (1 - c.few / np.maximum(ranks, 2))
    once = c.startup_s + c.peer_s * (ranks - 1) + (ranks - 1) * size / wire
    twice = c.startup_s + c.peer_s * (ranks - 1) + c.second_s
    twice = twice + 2 * (ranks - 1) / ranks * size / wire
    small = np.where(ranks <= 4, c.one_shot_of_4, c.one_shot_of_8)
    small = np.where(ranks <= 2, c.one_shot_of_2, small)
    around = ring_seconds(
        kind=Collective.ALL_REDUCE, ranks=ranks, size=size, bandwidth=bandwidth, constants=ring
    )
    largest = np.where(ranks <= 2, c.largest_of_2, c.largest)
    time = np.where(size <= np.minimum(small, largest), once, twice)
    time = np.where(size <= largest, time, around)
    time = smooth_max(time, c.host_s, sharpness=HOST_SHARPNESS)
    return np.where((ranks > 1) & (size > 0), time, 0.0)


def _faster(further, moved, gain, bandwidth, c: Protocols, ranks):
    further = np.maximum(further, 0.0)
    quick = c.quick_s + c.quick_hop_s * further + moved / (bandwidth * c.quick_share)
    full = c.full_s + c.full_hop_s * further + moved / (bandwidth * c.full_share * gain)
    return np.where(ranks > 1, smooth_min(quick, full, sharpness=c.sharpness), 0.0)
