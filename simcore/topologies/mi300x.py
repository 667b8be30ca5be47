"""Machines of eight MI300X with a wire between any two, on a rail-optimised network.

Two GPUs exchange what one xGMI link carries, a seventh of what is advertised of a GPU. Placement
means the same as with `hgx-rail`.
"""

from simcore.topologies.base import TOPOLOGIES, Fleet
from simcore.topologies.cluster import rail_cluster, refuse_without
from simcore.topologies.fabric import Fabric
from simcore.topologies.machines import Board


@TOPOLOGIES.register("mi300x")
def mi300x(fleet: Fleet) -> Fabric:
    """The cluster for a fleet; raises ScenarioError where neither pool has such GPUs."""
    refuse_without(fleet, Board.PAIRS, "mi300x", "AMD Instinct MI300X")
    return rail_cluster(fleet)
