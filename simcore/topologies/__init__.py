"""Where devices are and what joins them; each topology answers one question: the path."""

from simcore.topologies.base import (
    TOPOLOGIES,
    Fleet,
    Joining,
    NicMapping,
    Place,
    Placement,
    PoolSize,
    Topology,
)
from simcore.topologies.fabric import Fabric
from simcore.topologies.graph import Node, NodeKind, Wire
from simcore.topologies.own import load_topology, topology_digest
from simcore.topologies.reference import ReferenceFabric

__all__ = [
    "TOPOLOGIES",
    "Fabric",
    "Fleet",
    "Joining",
    "NicMapping",
    "Node",
    "NodeKind",
    "Place",
    "Placement",
    "PoolSize",
    "ReferenceFabric",
    "Topology",
    "Wire",
    "load_topology",
    "topology_digest",
]
