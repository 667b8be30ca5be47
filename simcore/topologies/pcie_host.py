"""Servers of eight PCIe cards that cannot send to each other, on a fat-tree.

Whatever leaves a card, to another one or to a NIC, is written to the host's memory and read from
it. Placement means the same as with `pcie-p2p`.
"""

from simcore.topologies.base import TOPOLOGIES, Fleet
from simcore.topologies.cluster import refuse_without, tree_cluster
from simcore.topologies.fabric import Fabric
from simcore.topologies.machines import Board


@TOPOLOGIES.register("pcie-host")
def pcie_host(fleet: Fleet) -> Fabric:
    """The servers for a fleet; raises ScenarioError where neither pool has PCIe cards."""
    refuse_without(fleet, Board.CARDS, "pcie-host", "NVIDIA L40S")
    return tree_cluster(fleet, peers=False)
