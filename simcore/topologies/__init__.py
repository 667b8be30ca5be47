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
    Wire,
)
from simcore.topologies.reference import ReferenceFabric

__all__ = [
    "TOPOLOGIES",
    "Fleet",
    "Joining",
    "NicMapping",
    "Place",
    "Placement",
    "PoolSize",
    "ReferenceFabric",
    "Topology",
    "Wire",
]
