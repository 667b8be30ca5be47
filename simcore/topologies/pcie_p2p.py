"""Servers of eight PCIe cards that can send to each other, on a fat-tree.

Cards are on two PCIe switches; from one to the other traffic crosses the host. `same node`: both
pools in one server. `same rack`: in servers of their own, four at most, behind one leaf. `across`:
in racks of their own.
"""

from simcore.topologies.base import TOPOLOGIES, Fleet
from simcore.topologies.cluster import refuse_without, tree_cluster
from simcore.topologies.fabric import Fabric
from simcore.topologies.machines import Board


@TOPOLOGIES.register("pcie-p2p")
def pcie_p2p(fleet: Fleet) -> Fabric:
    """The servers for a fleet; raises ScenarioError where neither pool has PCIe cards."""
    refuse_without(fleet, Board.CARDS, "pcie-p2p", "NVIDIA L40S")
    return tree_cluster(fleet, peers=True)
