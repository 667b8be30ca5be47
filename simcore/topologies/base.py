"""What a topology is built for, and what it answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from gpu_catalog import GPU
from simcore.engine import CommChannel
from simcore.registry import Registry
from simcore.topologies.graph import Node, Wire


@dataclass(frozen=True)
class Place:
    """One GPU, by the pool it serves and its number there, from 0."""

    pool: str
    rank: int

    def __str__(self):
        return f"{self.pool} GPU {self.rank}"


class Placement(Enum):
    """Where the two pools are, from each other; each topology says what it means there."""

    SAME_NODE = "same node"
    SAME_RACK = "same rack"
    ACROSS = "across"


class NicMapping(Enum):
    """Through which NIC of its node a GPU sends and receives.

    Attributes
    ----------
    MODULO : GPU i through NIC i mod K
    NEAREST : the one on its PCIe switch
    STRIPED : all of them, an equal part each
    """

    MODULO = "modulo"
    NEAREST = "nearest"
    STRIPED = "striped"


@dataclass(frozen=True, kw_only=True)
class PoolSize:
    """What of a pool is to be placed.

    Attributes
    ----------
    name : of the pool
    stages, ranks : pipeline stages, and GPUs of each; GPU i of stage s has the rank s * ranks + i
    """

    name: str
    gpu: GPU
    stages: int
    ranks: int

    @property
    def gpus(self) -> int:
        """GPUs of the pool."""
        return self.stages * self.ranks


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """What a topology is built for.

    Attributes
    ----------
    nics : K, NICs of a node that are used; None for all that it has
    oversubscription : bandwidth into a leaf switch from below over that from above
    link : returns the bandwidth [byte/s] and latency [s] of a catalog link, by its name
    full_duplex : whether the two directions of a wire have a channel each
    """

    prefill: PoolSize
    decode: PoolSize
    placement: Placement
    nics: int | None
    mapping: NicMapping
    oversubscription: float
    link: Callable
    full_duplex: bool

    @property
    def pools(self) -> tuple[PoolSize, PoolSize]:
        """The two pools."""
        return self.prefill, self.decode


@dataclass(frozen=True, kw_only=True)
class Joining:
    """What joins some GPUs that work together.

    Attributes
    ----------
    bandwidth : that each of them has into the others, in one direction [byte/s]
    rated : the same by what the wires are, whatever is taken of them or added in a trial [byte/s]
    latency_s : from one to the next [s]
    switched : whether a switch joins them that can add up, rather than wires between pairs, PCIe
        or a network
    nodes : over how many machines they are spread; an NVLink domain counts as one
    """

    bandwidth: float
    rated: float
    latency_s: float
    switched: bool
    nodes: int


class Topology(Protocol):
    """GPUs and the wires between them.

    Attributes
    ----------
    nodes, wires : all of them, in a stable order
    places : the number of the node of each GPU in use
    links : names of the catalog's links that it is made of
    """

    nodes: tuple[Node, ...]
    wires: tuple[Wire, ...]
    places: Mapping[Place, int]
    links: tuple[str, ...]

    def path(self, source: Place, target: Place) -> tuple[CommChannel, ...]:
        """The channels a transfer crosses, in order; the same objects at every call."""

    def paths(self, source: Place, target: Place) -> tuple[tuple[CommChannel, ...], ...]:
        """The paths over which a large transfer is spread, an equal part each; mostly one."""

    def joining(self, places: tuple[Place, ...]) -> Joining:
        """What joins these GPUs."""

    def scaled(self, factors: Mapping[str, float]) -> "Topology":
        """The same with other bandwidths, by the names of channels, wires and groups."""

    def without(self, names: tuple[str, ...]) -> "Topology":
        """The same while NICs, switches or wires of these names are down."""

    def channels_called(self, name: str, *, field: str | None = None) -> tuple[CommChannel, ...]:
        """The channels of a wire or a group of that name, or the one channel."""

    @property
    def channels(self) -> tuple[CommChannel, ...]:
        """Every channel, in a stable order."""

    @property
    def groups(self) -> Mapping[str, tuple[CommChannel, ...]]:
        """The channels of each kind of wire, in a stable order, by what people call the kind."""


TOPOLOGIES: Registry[Callable[[Fleet], Topology]] = Registry("topology", "simcore.topologies")
"""By name, what builds a topology for a fleet."""
