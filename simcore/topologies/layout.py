"""Where a drawing puts the nodes of a topology."""

from simcore.topologies.graph import Node, NodeKind, Wire

ROWS = (
    (NodeKind.ROUTER,),
    (NodeKind.SPINE,),
    (NodeKind.LEAF,),
    (NodeKind.NIC,),
    (NodeKind.HOST, NodeKind.MEMORY),
    (NodeKind.PCIE_SWITCH,),
    (NodeKind.GPU,),
    (NodeKind.NVSWITCH,),
)
"""From top to bottom; the network is above, NVLink below."""

BETWEEN_MACHINES = 1.0
"""Room between two machines, in that of a GPU."""


def positions(nodes: tuple[Node, ...], wires: tuple[Wire, ...]) -> tuple[tuple[float, float], ...]:
    """x from left to right and y downwards of each node, both from 0 to 1.

    Machines stand beside each other in the order of their first nodes, as wide as their fullest
    row; switches of a network are spread over the whole width, and an NVLink switch of several
    machines is in the middle of its GPUs.
    """
    rows = [row for row in ROWS if any(node.kind in row for node in nodes)]
    row_of = {kind: number for number, row in enumerate(rows) for kind in row}
    cells: dict[tuple[str, int], list[int]] = {}
    for node in nodes:
        cells.setdefault((node.machine, row_of[node.kind]), []).append(node.number)
    bounds, width = _machines(cells)
    x = [0.0] * len(nodes)
    for (machine, _), members in cells.items():
        start, end = bounds.get(machine, (0.0, width))
        for place, number in enumerate(members):
            x[number] = (start + (end - start) * (place + 0.5) / len(members)) / width
    for number, near in _shared_nvswitches(nodes, wires).items():
        x[number] = sum(x[gpu] for gpu in near) / len(near)
    y = [(row_of[node.kind] + 0.5) / len(rows) for node in nodes]
    return tuple(zip(x, y, strict=True))


def _machines(cells):
    """Where each machine starts and ends, and the width of all."""
    widest: dict[str, int] = {}
    for (machine, _), members in cells.items():
        if machine:
            widest[machine] = max(widest.get(machine, 0), len(members))
    at, bounds = 0.0, {}
    for machine, room in widest.items():
        bounds[machine] = at, at + room
        at += room + BETWEEN_MACHINES
    return bounds, max(at - BETWEEN_MACHINES, 1.0)


def _shared_nvswitches(nodes, wires):
    near: dict[int, list[int]] = {}
    for a, b in (wire.ends for wire in wires):
        for switch, gpu in (a, b), (b, a):
            if nodes[switch].kind is NodeKind.NVSWITCH and not nodes[switch].machine:
                near.setdefault(switch, []).append(gpu)
    return near
