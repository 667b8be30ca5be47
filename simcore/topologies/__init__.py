"""Where devices are and what joins them; each topology answers one question: the path."""

from simcore.topologies.base import Place, Topology, Wire
from simcore.topologies.reference import ReferenceFabric

__all__ = ["Place", "ReferenceFabric", "Topology", "Wire"]
