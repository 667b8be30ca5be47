"""Which GPU of which machine serves which rank: the placement of two pools.

Ranks fill a machine one after the other. A stage whose GPUs do not fit into what is left of a
machine begins on the next one, so that a stage is spread over several machines only where it is
larger than one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from gpu_catalog import GPU
from simcore.errors import ScenarioError
from simcore.topologies.base import Fleet, Place, Placement, PoolSize

RACK_UNITS = 4
"""Machines of eight GPUs in a rack (DGX SuperPOD reference architecture, H100: four)."""

POD_RACKS = 8
"""Racks whose machines share leaf switches, where a network has a leaf for each rail (the same: a
scalable unit of 32 machines)."""

MOST_GPUS = 4096
"""Of both pools together."""


@dataclass(frozen=True, slots=True)
class Chassis:
    """In what a kind of GPU comes.

    Attributes
    ----------
    unit : GPUs that a stage may use without leaving: of a machine, or of an NVLink domain
    machine : GPUs of a machine
    units_in_rack : how many units a rack holds
    """

    unit: int
    machine: int
    units_in_rack: int = RACK_UNITS


@dataclass(slots=True)
class Unit:
    """A machine, or an NVLink domain, and who sits where in it.

    Attributes
    ----------
    gpu : of which it is full
    rack, pod : the numbers of its rack and of the racks around it
    seats : the place of each GPU in use, by its number in the unit
    """

    gpu: GPU
    chassis: Chassis
    rack: int
    pod: int
    seats: dict[int, Place] = field(default_factory=dict)


def refuse_too_many(fleet: Fleet) -> None:
    """Raises ScenarioError where the pools have more than `MOST_GPUS` together."""
    total = fleet.prefill.gpus + fleet.decode.gpus
    if total > MOST_GPUS:
        raise ScenarioError(
            f"topology: {total:,} GPUs are more than {MOST_GPUS:,}; use fewer stages or GPUs",
            field="topology",
        )


def seated(fleet: Fleet, prefill: Chassis, decode: Chassis) -> list[Unit]:
    """The units of both pools, those of the prefill pool first.

    `same node`: all in one unit, the decode pool right after the prefill pool. `same rack`: each
    pool on machines of its own, all in one rack. `across`: each pool in racks of its own, behind
    leaf switches of its own.

    Raises ScenarioError, of the field `placement`, where a placement cannot be.
    """
    refuse_too_many(fleet)
    match fleet.placement:
        case Placement.SAME_NODE:
            return [_one_unit(fleet, prefill, aligned=False)]
        case Placement.SAME_RACK:
            return _one_rack(fleet, prefill, decode)
        case Placement.ACROSS:
            units = _units(fleet.prefill, prefill, first_rack=0, first_pod=0)
            last = units[-1]
            return units + _units(
                fleet.decode, decode, first_rack=last.rack + 1, first_pod=last.pod + 1
            )


def _one_unit(fleet, chassis, *, aligned):
    what, other = ("rack", "across") if aligned else ("machine", "same rack or across")
    if fleet.prefill.gpu != fleet.decode.gpu:
        raise _cannot(
            fleet,
            f"one {what} holds one kind of GPU, not {fleet.prefill.gpu.name} and "
            f"{fleet.decode.gpu.name}",
            other,
        )
    unit = Unit(fleet.prefill.gpu, chassis, rack=0, pod=0)
    first = 0
    for pool in fleet.pools:
        for rank in range(pool.gpus):
            unit.seats[first + rank] = Place(pool.name, rank)
        first += pool.gpus
        if aligned:
            first = -(-first // chassis.machine) * chassis.machine
    if max(unit.seats) >= chassis.unit:
        held = "a machine" if chassis.unit == chassis.machine else "an NVLink domain"
        raise _cannot(
            fleet,
            f"{fleet.prefill.gpus} and {fleet.decode.gpus} GPUs do not fit into the "
            f"{chassis.unit} of {held}",
            other,
        )
    return unit


def _one_rack(fleet, prefill, decode):
    if min(prefill.units_in_rack, decode.units_in_rack) == 1:
        return [_one_unit(fleet, prefill, aligned=True)]
    units = [
        *_units(fleet.prefill, prefill, first_rack=0, first_pod=0),
        *_units(fleet.decode, decode, first_rack=0, first_pod=0),
    ]
    if len(units) > RACK_UNITS:
        raise _cannot(
            fleet, f"{len(units)} machines are more than the {RACK_UNITS} of a rack", "across"
        )
    return units


def _cannot(fleet, why, remedy):
    placement = fleet.placement.value
    return ScenarioError(
        f"placement = {placement}: {why}; use {remedy}, or fewer stages or GPUs", field="placement"
    )


def _units(pool, chassis, *, first_rack, first_pod):
    units = []
    for number, slot, rank in _packed(pool, chassis.unit):
        while number >= len(units):
            rack = len(units) // chassis.units_in_rack
            units.append(
                Unit(pool.gpu, chassis, rack=first_rack + rack, pod=first_pod + rack // POD_RACKS)
            )
        units[number].seats[slot] = Place(pool.name, rank)
    return units


def _packed(pool: PoolSize, room: int) -> Iterator[tuple[int, int, int]]:
    """Unit, number in the unit, and rank of each GPU of a pool."""
    seat = 0
    for stage in range(pool.stages):
        taken = seat % room
        if taken and taken + pool.ranks > room:
            seat += room - taken
        for rank in range(stage * pool.ranks, (stage + 1) * pool.ranks):
            yield seat // room, seat % room, rank
            seat += 1
