"""NVLink domains of 72 GPUs in compute trays of four, joined by their NICs on a rail network.

A rack is one domain. `same node`: both pools in one domain, GPU next to GPU. `same rack`: the same,
with the decode pool on trays of its own. `across`: in domains of their own.
"""

from simcore.topologies.base import TOPOLOGIES, Fleet
from simcore.topologies.cluster import rail_cluster, refuse_without
from simcore.topologies.fabric import Fabric
from simcore.topologies.machines import Board


@TOPOLOGIES.register("nvl72")
def nvl72(fleet: Fleet) -> Fabric:
    """The domains for a fleet; raises ScenarioError where neither pool's GPUs come in such ones."""
    refuse_without(fleet, Board.DOMAIN, "nvl72", "NVIDIA GB200")
    return rail_cluster(fleet)
