"""HGX machines on a fat-tree.

As `hgx-rail`, but all NICs of a rack are on its one leaf. `same node`: both pools on one machine.
`same rack`: on machines of their own behind one leaf. `across`: in racks of their own, with the
spines between.
"""

from simcore.topologies.base import TOPOLOGIES, Fleet
from simcore.topologies.cluster import refuse_without, tree_cluster
from simcore.topologies.fabric import Fabric
from simcore.topologies.machines import Board


@TOPOLOGIES.register("hgx-fat-tree")
def hgx_fat_tree(fleet: Fleet) -> Fabric:
    """The cluster for a fleet; raises ScenarioError where neither pool stands in HGX machines."""
    refuse_without(fleet, Board.HGX, "hgx-fat-tree", "NVIDIA H100")
    return tree_cluster(fleet)
