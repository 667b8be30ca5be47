"""HGX machines on a rail-optimised network.

Eight GPUs on NVSwitches, four PCIe switches, and up to a NIC for each GPU, all of a pod's NICs of
one number on one leaf. `same node`: both pools on one machine. `same rack`: on machines of their
own, four at most, behind the same leaves. `across`: in pods of their own, with the spines between.
"""

from simcore.topologies.base import TOPOLOGIES, Fleet
from simcore.topologies.cluster import rail_cluster, refuse_without
from simcore.topologies.fabric import Fabric
from simcore.topologies.machines import Board


@TOPOLOGIES.register("hgx-rail")
def hgx_rail(fleet: Fleet) -> Fabric:
    """The cluster for a fleet; raises ScenarioError where neither pool stands in HGX machines."""
    refuse_without(fleet, Board.HGX, "hgx-rail", "NVIDIA H100")
    return rail_cluster(fleet)
