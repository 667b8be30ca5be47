"""Topologies from files: a drawing for a fleet, with each rank on one of its GPUs.

Where the file lists the GPUs of the pools, rank i is the i-th of them, and the placement is not
asked. Else ranks fill machines in the order of the file, a stage beginning on the next machine
where it does not fit into the rest of one. `same node`: both pools on the first machine that holds
them. `same rack`: in the first rack that does, the decode pool from a machine of its own on.
`across`: the decode pool in the racks that the prefill pool has left empty.

The first K NICs that a GPU reaches are used.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from simcore.errors import ScenarioError
from simcore.topologies.base import Fleet, Place, Placement, PoolSize
from simcore.topologies.builder import Builder, Values
from simcore.topologies.drawing import Drawing
from simcore.topologies.fabric import Fabric
from simcore.topologies.graph import NodeKind

Machines = list[list[int]]


@dataclass(frozen=True, slots=True)
class CustomTopology:
    """What builds the topology of a drawing; equal where the file is the same."""

    drawing: Drawing

    def __hash__(self):
        return hash(self.drawing.digest)

    def __call__(self, fleet: Fleet) -> Fabric:
        """The topology for a fleet; raises ScenarioError where the pools do not fit on it."""
        build = Builder(link=fleet.link, full_duplex=fleet.full_duplex)
        numbers = {
            device.name: build.node(
                device.kind,
                device.name,
                machine=device.machine,
                rack=self.drawing.racks.get(device.machine, ""),
            )
            for device in self.drawing.devices
        }
        for cable in self.drawing.cables:
            values = cable.link or Values(bandwidth=cable.bandwidth, latency=cable.latency)
            a, b = (numbers[end] for end in cable.ends)
            build.wire(cable.name, cable.group, a, b, values, full_duplex=cable.full_duplex)
        places = _listed(self.drawing, fleet, numbers)
        if places is None:
            places = _by_rule(self.drawing, fleet, numbers)
        return build.build(places, fleet.mapping, nics=fleet.nics)


def _listed(drawing, fleet, numbers):
    if drawing.prefill is None:
        return None
    places = {}
    for pool, listed in zip(fleet.pools, (drawing.prefill, drawing.decode), strict=True):
        if pool.gpus > len(listed):
            raise _too_many(drawing, pool, f"the {len(listed)} that its file lists")
        places |= {Place(pool.name, i): numbers[listed[i]] for i in range(pool.gpus)}
    return places


def _by_rule(drawing, fleet, numbers) -> Mapping[Place, int]:
    racks: dict[str, Machines] = {rack: [] for rack in drawing.racks.values()}
    machines: dict[str, list[int]] = {machine: [] for machine in drawing.racks}
    for device in drawing.devices:
        if device.kind is NodeKind.GPU:
            machines[device.machine].append(numbers[device.name])
    for name, gpus in machines.items():
        if gpus:
            racks[drawing.racks[name]].append(gpus)
    match fleet.placement:
        case Placement.SAME_NODE:
            for gpus in machines.values():
                # Ranks follow each other without a gap.
                halves = gpus[: fleet.prefill.gpus], gpus[fleet.prefill.gpus :]
                if (found := _both(fleet, [halves[0]], [halves[1]])) is not None:
                    return found
            raise _nowhere(drawing, fleet, "machine")
        case Placement.SAME_RACK:
            for rack in racks.values():
                if (found := _both(fleet, rack, _after(fleet.prefill, rack))) is not None:
                    return found
            raise _nowhere(drawing, fleet, "rack")
        case Placement.ACROSS:
            return _across(drawing, fleet, racks)


def _across(drawing, fleet, racks):
    every = [gpus for rack in racks.values() for gpus in rack]
    prefill = _packed(fleet.prefill, every)
    if prefill is None:
        raise _too_many(drawing, fleet.prefill, f"its {sum(map(len, every))}")
    taken = set(prefill.values())
    left = [
        gpus
        for rack in racks.values()
        if not any(taken & set(gpus) for gpus in rack)
        for gpus in rack
    ]
    decode = _packed(fleet.decode, left)
    if decode is None:
        room = sum(map(len, left))
        raise _too_many(drawing, fleet.decode, f"the {room} in racks that the prefill pool leaves")
    return prefill | decode


def _both(fleet, for_prefill, for_decode):
    prefill, decode = _packed(fleet.prefill, for_prefill), _packed(fleet.decode, for_decode)
    return None if prefill is None or decode is None else prefill | decode


def _packed(pool: PoolSize, machines: Machines) -> dict[Place, int] | None:
    """The node of each rank; None where the machines are too few."""
    left, rest = list(machines), []
    places = {}
    for stage in range(pool.stages):
        if len(rest) < pool.ranks:
            rest = []
        for rank in range(stage * pool.ranks, (stage + 1) * pool.ranks):
            while not rest:
                if not left:
                    return None
                rest = list(left.pop(0))
            places[Place(pool.name, rank)] = rest.pop(0)
    return places


def _after(pool, machines):
    """The machines that a pool packed from the first one on leaves empty."""
    taken = set((_packed(pool, machines) or {}).values())
    return [gpus for gpus in machines if not taken & set(gpus)]


def _too_many(drawing, pool, room):
    return ScenarioError(
        f"topology = {drawing.name}: {pool.gpus} {pool.name} GPUs, {pool.ranks} in each "
        f"stage, are more than {room}; use fewer stages or GPUs of a stage, or another "
        "placement",
        field="topology",
    )


def _nowhere(drawing, fleet, what):
    return ScenarioError(
        f"placement = {fleet.placement.value}: no {what} of {drawing.name} holds "
        f"{fleet.prefill.gpus} prefill and {fleet.decode.gpus} decode GPUs; use across, or fewer "
        "stages or GPUs of a stage",
        field="placement",
    )
