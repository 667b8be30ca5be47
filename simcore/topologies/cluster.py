"""Clusters: the machines that the two pools' GPUs come in, on a network of leaves and spines.

A pool stands in the kind of machine that its GPUs are made for (see `machines`), whatever the other
one has. A cluster is as large as its pools need.
"""

from simcore.errors import ScenarioError
from simcore.topologies import networks
from simcore.topologies.base import Fleet
from simcore.topologies.builder import Builder
from simcore.topologies.fabric import Fabric
from simcore.topologies.graph import NodeKind
from simcore.topologies.machines import (
    Board,
    Machine,
    add_machine,
    board_of,
    chassis_of,
    join_by_nvlink,
)
from simcore.topologies.seating import Unit, seated


def refuse_without(fleet: Fleet, board: Board, topology: str, examples: str) -> None:
    """Raises ScenarioError where neither pool stands in the machines that a topology is about."""
    if all(board_of(pool.gpu) is not board for pool in fleet.pools):
        prefill, decode = (pool.gpu.name for pool in fleet.pools)
        alike = prefill == decode
        who = f"{prefill} does not come" if alike else f"neither {prefill} nor {decode} comes"
        raise ScenarioError(
            f"topology = {topology}: {who} in {board.value}; choose a GPU like {examples}, or "
            "another topology",
            field="topology",
        )


def rail_cluster(fleet: Fleet) -> Fabric:
    """Machines on a rail-optimised network: each of their NICs on a leaf of its own."""
    build = _builder(fleet)
    machines, places = add_machines(build, fleet, peers=True)
    leaves = networks.rails([(unit.pod, machine) for unit, machine in machines])
    add_network(build, fleet, leaves)
    return build.build(places, fleet.mapping)


def tree_cluster(fleet: Fleet, *, peers: bool = True) -> Fabric:
    """Machines on a fat-tree: a leaf in every rack, for all NICs of its machines."""
    build = _builder(fleet)
    machines, places = add_machines(build, fleet, peers=peers)
    leaves = networks.racks([(unit.rack, machine) for unit, machine in machines])
    add_network(build, fleet, leaves)
    return build.build(places, fleet.mapping)


def _builder(fleet):
    return Builder(link=fleet.link, full_duplex=fleet.full_duplex)


def add_machines(build: Builder, fleet: Fleet, *, peers: bool):
    """Adds the machines of both pools.

    Returns (unit, machine) for each machine, and the number of the node at each place. Raises
    ScenarioError where they cannot be placed so, or have not so many NICs.
    """
    chassis = [chassis_of(pool.gpu) for pool in fleet.pools]
    most = max(each.machine for each in chassis)
    if fleet.nics is not None and fleet.nics > most:
        raise ScenarioError(
            f"prefill_nics = {fleet.nics}: these machines have {most} NICs, one for each GPU; use "
            f"{most} or less",
            field="prefill_nics",
        )
    machines, places = [], {}
    for number, unit in enumerate(seated(fleet, *chassis)):
        _add_unit(build, fleet, unit, number, peers, machines, places)
    return machines, places


def _add_unit(build, fleet, unit: Unit, number: int, peers, machines, places):
    rack = f"rack {unit.rack}"
    cards = []
    # Machines of a domain of which no GPU is in use are left out.
    used = sorted({seat // unit.chassis.machine for seat in unit.seats})
    for tray in used:
        gpus = range(tray * unit.chassis.machine, (tray + 1) * unit.chassis.machine)
        machine, nodes = add_machine(
            build,
            unit.gpu,
            f"node {len(machines)}",
            rack,
            gpus,
            nics=min(fleet.nics or unit.chassis.machine, unit.chassis.machine),
            peers=peers,
        )
        machines.append((unit, machine))
        cards.extend(nodes.values())
        places |= {unit.seats[seat]: node for seat, node in nodes.items() if seat in unit.seats}
    if board_of(unit.gpu) is Board.DOMAIN:
        switch = build.node(NodeKind.NVSWITCH, f"domain {number} NVSwitch", rack=rack)
        join_by_nvlink(build, unit.gpu, switch, cards)


def add_network(
    build: Builder,
    fleet: Fleet,
    leaves: dict[str, list[tuple[Machine, int]]],
    *,
    spines: str = "spine",
) -> list[int]:
    """Adds leaf and spine switches; returns the numbers of those that are on top."""
    added = []
    for name, ports in leaves.items():
        leaf, below = networks.add_leaf(build, name, ports)
        added.append((leaf, below, len(ports)))
    above = networks.add_spines(build, added, fleet.oversubscription, name=spines)
    return above or [leaf for leaf, _, _ in added]
