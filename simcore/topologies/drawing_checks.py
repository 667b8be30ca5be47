"""What cannot be of a drawing as a whole: loose ends, and names that say two things."""

from simcore.errors import ScenarioError
from simcore.topologies.graph import NodeKind


def refuse_loose_memories(kinds, cables):
    """Refuses a memory that is not on one host alone, and a host with several memories."""
    near: dict[str, list[str]] = {name: [] for name in kinds}
    for cable in cables:
        a, b = cable.ends
        near[a].append(b)
        near[b].append(a)
    for name, kind in kinds.items():
        if kind is NodeKind.MEMORY and [kinds[other] for other in near[name]] != [NodeKind.HOST]:
            raise ScenarioError(f"the memory {name!r} needs one wire, to its host; correct it")
    for name in kinds:
        memories = [other for other in near[name] if kinds[other] is NodeKind.MEMORY]
        if len(memories) > 1:
            raise ScenarioError(f"the host {name!r} has {len(memories)} memories; draw them as one")


def refuse_separate_parts(kinds, cables):
    """Refuses a device that no wire joins to the others."""
    near: dict[str, list[str]] = {name: [] for name in kinds}
    for cable in cables:
        a, b = cable.ends
        near[a].append(b)
        near[b].append(a)
    first = next(iter(kinds))
    seen, frontier = {first}, [first]
    for name in frontier:  # it grows
        for other in near[name]:
            if other not in seen:
                seen.add(other)
                frontier.append(other)
    for name in kinds:
        if name not in seen:
            raise ScenarioError(f"no wires join {name!r} to {first!r}; add what is missing")


def refuse_shared_names(devices, cables):
    """Refuses names of wires, groups and channels that failures could not tell apart."""
    taken = {device.name: "a device" for device in devices}
    for cable in cables:
        for name in {cable.name, *(f"{cable.name} {way}" for way in ("out", "in"))}:
            if name in taken:
                raise ScenarioError(
                    f"{name!r} is the name of a wire and of {taken[name]}; give the wire of "
                    f"{cable.ends[0]!r} and {cable.ends[1]!r} another `name`"
                )
            taken[name] = "another wire"
    for cable in cables:
        if cable.group in taken:
            raise ScenarioError(
                f"the group {cable.group!r} is called like {taken[cable.group]}; rename it"
            )
