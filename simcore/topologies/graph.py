"""What a topology is drawn with: devices and switches, and the wires between them."""

from dataclasses import dataclass
from enum import Enum

from simcore.engine import CommChannel


class NodeKind(Enum):
    """What a node of a topology is.

    Attributes
    ----------
    GPU : computes; passes nothing on
    NVSWITCH : all switches of an NVLink domain, drawn as one
    PCIE_SWITCH : passes on between the devices of a machine
    HOST : the processors of a machine, drawn as one, whose PCIe ports pass on
    MEMORY : of a host; a host that has one passes on only what has crossed its memory
    NIC : joins a machine to a network
    LEAF, SPINE, ROUTER : switches of a network: next to NICs, above leaves, at the edge of a site
    """

    GPU = "gpu"
    NVSWITCH = "nvswitch"
    PCIE_SWITCH = "pcie-switch"
    HOST = "host"
    MEMORY = "memory"
    NIC = "nic"
    LEAF = "leaf"
    SPINE = "spine"
    ROUTER = "router"


IN_MACHINE = frozenset({NodeKind.PCIE_SWITCH, NodeKind.HOST})
"""What passes on between the devices of one machine, over PCIe."""

IN_NETWORK = frozenset({NodeKind.LEAF, NodeKind.SPINE, NodeKind.ROUTER})
"""What passes on between NICs."""


@dataclass(frozen=True, slots=True)
class Node:
    """One device or switch.

    Attributes
    ----------
    number : its place among the topology's nodes
    name : like no other node's of the topology
    label : what a drawing writes on it, which others may have, too
    machine, rack : it is in; "" where it is in none
    """

    number: int
    name: str
    kind: NodeKind
    label: str
    machine: str
    rack: str


@dataclass(frozen=True, slots=True, eq=False)
class Wire:
    """What joins two nodes: a cable, a slot's lanes, a bundle of cables.

    Attributes
    ----------
    name : like no other wire's of the topology
    group : what people call wires of its kind
    ends : the numbers of the two nodes
    link : the catalog's link that it is made of; None where its values are its own
    out, into : the channels from the first end to the second, and back; one and the same if it is
        half duplex
    """

    name: str
    group: str
    ends: tuple[int, int]
    link: str | None
    out: CommChannel
    into: CommChannel

    @property
    def channels(self) -> tuple[CommChannel, ...]:
        """Its one or two channels."""
        return (self.out,) if self.out is self.into else (self.out, self.into)
