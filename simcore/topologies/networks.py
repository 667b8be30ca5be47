"""Networks of leaf and spine switches between machines.

Every leaf is joined to every spine; there are as many spines as the leaf with fewest NICs has
cables for. What a leaf has towards the spines is what its NICs have together, divided by the
oversubscription, in equal bundles to each spine.

A NIC's cable has half the latency of its link each, which is measured from NIC to NIC through one
switch; a further switch adds 130 ns (NVIDIA Quantum-2 data sheet, port to port).
"""

from simcore.topologies.builder import Builder, Values
from simcore.topologies.graph import NodeKind
from simcore.topologies.machines import Machine

SWITCH_S = 130e-9
MOST_SPINES = 64


def add_leaf(build: Builder, name: str, ports: list[tuple[Machine, int]]) -> tuple[int, Values]:
    """Adds a leaf switch and the cables of these NICs.

    Returns its number, and what its NICs have together.
    """
    leaf = build.node(NodeKind.LEAF, name)
    below = 0.0
    for machine, nic in ports:
        values = build.values(machine.cable).times(latency=0.5)
        build.wire(f"{build.nodes[nic].name} cable", "NIC cables", nic, leaf, values)
        below += values.bandwidth
    return leaf, values.times(bandwidth=below / values.bandwidth)


def add_spines(
    build: Builder,
    leaves: list[tuple[int, Values, int]],
    oversubscription: float,
    *,
    name: str = "spine",
) -> list[int]:
    """Adds the spines above leaves, each with what its NICs have together, and their number.

    Returns the numbers of the spines; of none where one leaf has no other to reach.
    """
    if len(leaves) < 2:
        return []
    fewest = min(nics for _, _, nics in leaves)
    count = min(MOST_SPINES, max(1, int(fewest / oversubscription)))
    spines = [build.node(NodeKind.SPINE, f"{name} {i}") for i in range(count)]
    for leaf, below, _ in leaves:
        each = below.times(bandwidth=1 / (count * oversubscription))
        each = Values(bandwidth=each.bandwidth, latency=SWITCH_S, link=each.link)
        for spine in spines:
            cables = f"{build.nodes[leaf].name} to {build.nodes[spine].name}"
            build.wire(cables, "leaf uplinks", leaf, spine, each)
    return spines


def rails(machines: list[tuple[int, Machine]]) -> dict[str, list[tuple[Machine, int]]]:
    """The NICs of each leaf of a rail-optimised network, by the leaf's name.

    NIC j of every machine of a pod is on leaf j of that pod (NVIDIA DGX SuperPOD reference
    architecture).

    Parameters
    ----------
    machines : with the number of the pod
    """
    leaves: dict[tuple[int, int], list[tuple[Machine, int]]] = {}
    for pod, machine in machines:
        for rail, nic in enumerate(machine.nics):
            leaves.setdefault((pod, rail), []).append((machine, nic))
    return {f"pod {pod} rail {rail} leaf": nics for (pod, rail), nics in sorted(leaves.items())}


def racks(machines: list[tuple[int, Machine]]) -> dict[str, list[tuple[Machine, int]]]:
    """The NICs of each leaf of a fat-tree, which has one in every rack, by the leaf's name.

    Parameters
    ----------
    machines : with the number of the rack
    """
    leaves: dict[int, list[tuple[Machine, int]]] = {}
    for rack, machine in machines:
        leaves.setdefault(rack, []).extend((machine, nic) for nic in machine.nics)
    return {f"rack {rack} leaf": nics for rack, nics in sorted(leaves.items())}
