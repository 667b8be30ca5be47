"""Where a drawing of a fabric puts its nodes: machines above and below the network between them.

Machines whose GPUs all decode are below, upside down, all others above, so that what goes from one
pool to the other goes downwards. Lengths are in the room that a GPU takes, across, and in the
distance of two rows of a machine, down.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

IN_MACHINE = (("nvswitch",), ("gpu",), ("pcie-switch",), ("host", "memory"), ("nic",))
"""Rows of a machine, from its far end to the network."""

IN_NETWORK = ("leaf", "spine", "router")
"""Rows of a network, from the machines on."""

ABOVE, BETWEEN, BELOW = -1, 0, 1

# Room between machines, and between rows that wires fan out between.
APART = 0.7
FAN = 1.7
# The side with fewer machines is drawn wider, up to this.
WIDEST = 2.2
# For the arcs of wires that lead past others of their row, beyond the last row of a side.
ARCS = 0.9


@dataclass(frozen=True)
class Dot:
    """A node that is to be drawn.

    Attributes
    ----------
    kind : what it is
    machine : it is in; "" where it is in none
    pool : that it serves; "" where it serves none
    """

    kind: str
    machine: str
    pool: str


@dataclass(frozen=True)
class Box:
    """The frame of a machine."""

    machine: str
    left: float
    right: float
    top: float
    bottom: float


@dataclass(frozen=True)
class Places:
    """Where all is.

    Attributes
    ----------
    x, y : of each node, its middle
    width, height : of all
    arcs : of each wire, whether it leads past others of its row
    """

    x: list[float]
    y: list[float]
    width: float
    height: float
    arcs: list[bool]
    boxes: list[Box]


def places(dots: Sequence[Dot], wires: Sequence[tuple[int, int]]) -> Places:
    """Where each node is drawn.

    Parameters
    ----------
    wires : the places of the two nodes that each joins
    """
    side = _sides(dots, wires)
    row_of, rows, height = _rows(dots, side)
    x, width = _across(dots, wires, side, row_of)
    arcs = _arcs(wires, x, row_of)
    arched = {wire[0] for wire, arc in zip(wires, arcs, strict=True) if arc}
    above = ARCS if any(side[number] == ABOVE for number in arched) else 0.0
    below = ARCS if any(side[number] == BELOW for number in arched) else 0.0
    y = [above + rows[row] for row in row_of]
    boxes = _boxes(dots, x, y, {dots[number].machine: side[number] * ARCS for number in arched})
    return Places(x, y, width, above + height + below, arcs, boxes)


def _sides(dots, wires):
    """Of each node, on which side of the network it is."""
    pools: dict[str, set[str]] = {}
    for number, dot in enumerate(dots):
        pools.setdefault(_group(number, dot), set()).add(dot.pool)
    decode = {name for name, found in pools.items() if found - {""} == {"decode"}}
    if all(pools[name] <= {""} or name in decode for name in pools):
        decode = set()  # with nothing above, nothing is below
    side = [
        None if _is_free(dot) else BELOW if _group(number, dot) in decode else ABOVE
        for number, dot in enumerate(dots)
    ]
    near: list[list[int]] = [[] for _ in dots]
    for a, b in wires:
        near[a].append(b)
        near[b].append(a)
    # What is in no machine is where that is which it joins: from the machines on, level by level.
    for kind in ("nvswitch", *IN_NETWORK):
        free = [number for number, dot in enumerate(dots) if dot.kind == kind and _is_free(dot)]
        found = {
            number: {side[other] for other in near[number] if _below(dots[other], kind)} - {None}
            for number in free
        }
        for number, sides in found.items():
            side[number] = sides.pop() if len(sides) == 1 else BETWEEN
    return side


def _group(number, dot):
    """What is on one side together: a machine; a GPU of none is alone."""
    return dot.machine or f"node {number}"


def _is_free(dot):
    return not dot.machine and (dot.kind in IN_NETWORK or dot.kind == "nvswitch")


def _below(dot, kind):
    """Whether a node is nearer to GPUs than those of a kind."""
    if dot.kind not in IN_NETWORK:
        return True
    return kind in IN_NETWORK and IN_NETWORK.index(dot.kind) < IN_NETWORK.index(kind)


def _rows(dots, side):
    """Of each node its row, where each row is, and how high all rows are together."""
    keys = [_row_key(dot, where) for dot, where in zip(dots, side, strict=True)]
    known = sorted(set(keys))
    at = [0.5]
    for before, after in pairwise(known):
        inside = abs(before[0]) == 2 and before[0] == after[0]
        at.append(at[-1] + (1.0 if inside else FAN))
    place = {key: number for number, key in enumerate(known)}
    return [place[key] for key in keys], at, at[-1] + 0.5


def _row_key(dot, side):
    """From top to bottom: machines above, the network above, between and below, machines below."""
    if dot.kind in IN_NETWORK:
        level = IN_NETWORK.index(dot.kind)
        return side, -level if side == BELOW else level
    level = next((n for n, kinds in enumerate(IN_MACHINE) if dot.kind in kinds), 1)
    if side == BETWEEN:  # an NVLink domain of both pools
        return BETWEEN, -1
    return 2 * side, -level if side == BELOW else level


def _across(dots, wires, side, row_of):
    """Of each node how far right it is, and how wide all are together."""
    cells: dict[tuple[str, int], list[int]] = {}
    for number, dot in enumerate(dots):
        if not _is_free(dot):
            cells.setdefault((_group(number, dot), row_of[number]), []).append(number)
    x = [0.0] * len(dots)
    widths = {where: _row_of_machines(cells, side, where) for where in (ABOVE, BELOW)}
    width = max([1.0, *(end for _, end in widths.values())])
    for bounds, end in widths.values():
        if not bounds:
            continue
        stretch = min(WIDEST, width / end)
        shift = (width - stretch * end) / 2
        for (machine, _), members in cells.items():
            if machine in bounds:
                left, room = bounds[machine]
                for place, number in enumerate(members):
                    x[number] = shift + stretch * (left + room * (place + 0.5) / len(members))
    _spread(dots, wires, row_of, x, width)
    return x, width


def _row_of_machines(cells, side, where):
    """Where the machines of a side start and how wide each is, and the end of the last."""
    room: dict[str, int] = {}
    for (machine, _), members in cells.items():
        if side[members[0]] == where:
            room[machine] = max(room.get(machine, 0), len(members))
    bounds, at = {}, 0.0
    for machine, wide in room.items():
        bounds[machine] = at, wide
        at += wide + APART
    return bounds, max(at - APART, 0.0)


def _spread(dots, wires, row_of, x, width):
    """Switches of a row stand evenly, in the order of the middles of what they join below them."""
    near: dict[int, list[int]] = {}
    for a, b in wires:
        near.setdefault(a, []).append(b)
        near.setdefault(b, []).append(a)
    for kind in ("nvswitch", *IN_NETWORK):
        rows: dict[int, list[int]] = {}
        for number, dot in enumerate(dots):
            if dot.kind == kind and _is_free(dot):
                rows.setdefault(row_of[number], []).append(number)
        for members in rows.values():
            middle = {}
            for number in members:
                under = [x[other] for other in near.get(number, ()) if _below(dots[other], kind)]
                middle[number] = sum(under) / len(under) if under else width / 2
            members.sort(key=lambda number: (round(middle[number], 6), number))
            alone = len(members) == 1
            for place, number in enumerate(members):
                even = width * (place + 0.5) / len(members)
                x[number] = middle[number] if alone else even


def _arcs(wires, x, row_of):
    rows: dict[int, list[float]] = {}
    for at, row in zip(x, row_of, strict=True):
        rows.setdefault(row, []).append(at)
    for row in rows.values():
        row.sort()

    def passes(a, b):
        row = rows[row_of[a]]
        first, last = sorted((x[a], x[b]))
        return row_of[a] == row_of[b] and bisect_left(row, last) - bisect_right(row, first) > 0

    return [passes(a, b) for a, b in wires]


def _boxes(dots, x, y, arcs):
    """`arcs` has the room for arcs of machines that have any, negative above."""
    machines: dict[str, list[int]] = {}
    for number, dot in enumerate(dots):
        if dot.machine:
            machines.setdefault(dot.machine, []).append(number)
    return [
        Box(
            machine,
            min(x[n] for n in members),
            max(x[n] for n in members),
            min(y[n] for n in members) + min(0.0, arcs.get(machine, 0.0)),
            max(y[n] for n in members) + max(0.0, arcs.get(machine, 0.0)),
        )
        for machine, members in machines.items()
    ]
