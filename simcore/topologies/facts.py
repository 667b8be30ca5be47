"""What joins some GPUs that work together, in the few numbers that cost models ask for."""

from collections import Counter
from itertools import permutations

from simcore.topologies.base import Joining, Place
from simcore.topologies.graph import NodeKind


def joining(fabric, places: tuple[Place, ...]) -> Joining:
    """What joins these GPUs of `fabric`; raises ValueError where they are fewer than two.

    Where a wire leads from each to each, a GPU has all of its wires. Else the bandwidth is what
    each gets while all send at once, to the counterpart on the next machine, or to the neighbour
    where there is one machine: the least of any channel divided by those that cross it. So NICs
    that several GPUs share count, and switches with less above than below.
    """
    if len(places) < 2:
        raise ValueError(f"{len(places)} GPUs: nothing is to be joined; give two or more")
    switch_of = fabric.nvswitch_of
    numbers = [fabric.places[place] for place in places]
    switches = {switch_of.get(number) for number in numbers}
    nodes = len({switch_of.get(number, fabric.nodes[number].machine) for number in numbers})
    if (own := _wires_of_each(fabric, places)) is not None:
        return Joining(
            bandwidth=min(sum(c.bandwidth_bps for c in channels) for channels in own),
            rated=min(sum(_rated(fabric, c) for c in channels) for channels in own),
            latency_s=max(channel.latency_s for channels in own for channel in channels),
            switched=False,
            nodes=nodes,
        )
    further = len(places) // nodes if nodes > 1 else 1
    paths = [
        fabric.path(place, places[(number + further) % len(places)])
        for number, place in enumerate(places)
    ]
    crossed = Counter(channel for path in paths for channel in path)
    return Joining(
        bandwidth=min(channel.bandwidth_bps / n for channel, n in crossed.items()),
        rated=min(_rated(fabric, channel) / n for channel, n in crossed.items()),
        latency_s=max(sum(channel.latency_s for channel in path) for path in paths),
        switched=len(switches) == 1 and None not in switches,
        nodes=nodes,
    )


def _rated(fabric, channel):
    return fabric.rated.get(channel, channel.bandwidth_bps)


def nvswitches(fabric) -> dict[int, int]:
    """By number of a GPU's node, that of the NVLink switch that it is on, where both work."""
    found = {}
    for wire in fabric.wires:
        a, b = wire.ends
        if fabric.down & {wire.name, fabric.nodes[a].name, fabric.nodes[b].name}:
            continue
        for gpu, switch in (a, b), (b, a):
            if fabric.nodes[switch].kind is NodeKind.NVSWITCH:
                found[gpu] = switch
    return found


def _wires_of_each(fabric, places):
    """The channels of each GPU straight to each other one; None where some have no such wire."""
    own = {place: [] for place in places}
    for source, target in permutations(places, 2):
        path = fabric.path(source, target)
        if len(path) != 1:
            return None
        own[source].extend(path)
    return list(own.values())
