"""Two data centres, one for each pool, with a wide-area network between.

Each has the machines that its GPUs come in, on a fat-tree of its own, and a router above it. Only
the placement `across` is possible.
"""

from simcore.errors import ScenarioError
from simcore.topologies import networks
from simcore.topologies.base import TOPOLOGIES, Fleet, Placement
from simcore.topologies.builder import Builder
from simcore.topologies.cluster import add_machines, add_network
from simcore.topologies.fabric import Fabric
from simcore.topologies.graph import NodeKind

EDGE = "Ethernet 400G"
WAN = "Cross-DC (WAN)"


@TOPOLOGIES.register("two-sites")
def two_sites(fleet: Fleet) -> Fabric:
    """The two sites for a fleet; raises ScenarioError where the pools are to be in one."""
    if fleet.placement is not Placement.ACROSS:
        raise ScenarioError(
            f"placement = {fleet.placement.value}: the two pools are in two data centres; use "
            "across, or another topology",
            field="placement",
        )
    build = Builder(link=fleet.link, full_duplex=fleet.full_duplex)
    machines, places = add_machines(build, fleet, peers=True)
    routers = []
    for site, pool in enumerate(fleet.pools):
        here = [(unit.rack, each) for unit, each in machines if _pool_of(unit) == pool.name]
        top = add_network(build, fleet, networks.racks(here), spines=f"site {site} spine")
        router = build.node(NodeKind.ROUTER, f"site {site} router")
        for switch in top:
            name = f"{build.nodes[switch].name} to site {site} router"
            build.wire(name, "site uplinks", switch, router, EDGE)
        routers.append(router)
    build.wire("WAN", "WAN", *routers, WAN)
    return build.build(places, fleet.mapping)


def _pool_of(unit):
    """The one pool that sits in a unit."""
    return next(iter(unit.seats.values())).pool
