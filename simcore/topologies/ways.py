"""The shortest ways through a graph of nodes and wires.

A way is a list of hops, each the channel forth and the channel back, so that it can be gone in
either direction.
"""

from collections.abc import Collection, Iterable

from simcore.engine import CommChannel
from simcore.topologies.graph import IN_NETWORK, Node, NodeKind, Wire

Hop = tuple[CommChannel, CommChannel]


def forth(way: Iterable[Hop]) -> tuple[CommChannel, ...]:
    """The channels of a way."""
    return tuple(there for there, _ in way)


def back(way: list[Hop]) -> tuple[CommChannel, ...]:
    """The channels of the way back."""
    return tuple(here for _, here in reversed(way))


class Ways:
    """Shortest ways between nodes, over the wires that work.

    Parameters
    ----------
    down : names of nodes and wires that do not work
    """

    def __init__(self, nodes: tuple[Node, ...], wires: tuple[Wire, ...], down: Collection[str]):
        self._kind = [node.kind for node in nodes]
        self._near: list[list[tuple[int, Hop]]] = [[] for _ in nodes]
        self._through_memory: dict[int, tuple[Hop, Hop] | None] = {}
        self._between: dict[tuple[int, int], list[Hop]] = {}
        self._options: dict[tuple[int, frozenset], list[tuple[int, Hop]]] = {}
        self._networks: dict[frozenset, dict[int, int]] = {}
        self._parts: dict[frozenset, list[set[int]]] = {}
        self._open: dict[frozenset, list[bool]] = {}
        self._reached: dict[frozenset, dict[int, dict[int, int]]] = {}
        for wire in wires:
            a, b = wire.ends
            works = not down or not (
                wire.name in down or nodes[a].name in down or nodes[b].name in down
            )
            if NodeKind.MEMORY in (self._kind[a], self._kind[b]):
                host, to = a, (wire.out, wire.into)
                if self._kind[a] is NodeKind.MEMORY:
                    host, to = b, to[::-1]
                self._through_memory[host] = (to, to[::-1]) if works else None
            elif works:
                for one, other, hop in (a, b, (wire.out, wire.into)), (b, a, (wire.into, wire.out)):
                    self._near[one].append((other, hop))
                    self._between.setdefault((one, other), []).append(hop)

    def reach(self, start: int, through: frozenset[NodeKind]) -> dict[int, int]:
        """Wires from `start` to each node that it reaches through nodes of those kinds alone."""
        known = self._reached.setdefault(through, {})
        if start in known:
            return known[start]
        passing, near = self._passing(through), self._near
        steps = known[start] = {start: 0}
        frontier = [start]
        for node in frontier:  # it grows
            further = steps[node] + 1
            for other, _ in near[node]:
                if other not in steps:
                    steps[other] = further
                    if passing[other]:
                        frontier.append(other)
        return steps

    def joins(self, through, source: int, target: int) -> bool:
        """Whether a way leads from the one to the other through nodes of those kinds alone."""
        if (source, target) in self._between:
            return True
        near = self._near_parts(through)
        return not near[source].isdisjoint(near[target])

    def _near_parts(self, through):
        """Of each node, the parts that hang together through such nodes and that it is next to."""
        near = self._parts.get(through)
        if near is None:
            near = self._parts[through] = [set() for _ in self._kind]
            passing, seen = self._passing(through), set()
            for first, passes in enumerate(passing):
                if first in seen or not passes:
                    continue
                seen.add(first)
                frontier = [first]
                for node in frontier:  # it grows
                    for other, _ in self._near[node]:
                        near[other].add(first)
                        if other not in seen and passing[other]:
                            seen.add(other)
                            frontier.append(other)
        return near

    def towards(self, steps: dict[int, int], node: int, through, spread: int) -> list[Hop]:
        """A way from `node` to where `steps` start; `spread` chooses among equally short ones."""
        passing, way = self._passing(through), []
        while left := steps[node]:
            options = [
                (other, hop)
                for other, hop in self._near[node]
                if steps.get(other) == left - 1 and (left == 1 or passing[other])
            ]
            node, hop = options[spread % len(options)]
            way.append(hop)
            if left > 1 and node in self._through_memory:
                way.extend(self._through_memory[node])
        return way

    def short(self, source: int, target: int, through, spread: int) -> list[Hop] | None:
        """A way of one wire, or of two with one node between; None if there is none.

        It is the one that `towards` finds, without looking further than to what is next to the
        source: most GPUs of a machine are on one switch.
        """
        if cables := self._between.get((source, target)):
            return [cables[spread % len(cables)]]
        passing = self._passing(through)
        options = [
            (other, hop)
            for other, hop in self._near[source]
            if passing[other] and (other, target) in self._between
        ]
        if not options:
            return None
        middle, hop = options[spread % len(options)]
        cables = self._between[middle, target]
        memory = self._through_memory.get(middle) or ()
        return [hop, *memory, cables[spread % len(cables)]]

    def over_network(self, source: int, target: int, spread: int) -> list[Hop] | None:
        """A way from one NIC to another over the switches of a network; None if there is none.

        `spread` chooses among equally short ones.
        """
        if cables := self._between.get((source, target)):
            return [cables[spread % len(cables)]]
        ends = frozenset(o for o, _ in self._near[target] if self._kind[o] in IN_NETWORK)
        steps = self._network(ends)
        way = []
        node = source
        while steps.get(node) != 0:
            options = self._next(node, ends, steps)
            if not options:
                return None
            node, hop = options[spread % len(options)]
            way.append(hop)
        cables = self._between[node, target]
        return [*way, cables[spread % len(cables)]]

    def _passing(self, through):
        """Whether each node is of those kinds, and passes on."""
        found = self._open.get(through)
        if found is None:
            # A host whose memory is out of reach passes nothing on.
            found = self._open[through] = [
                kind in through and self._through_memory.get(node, True) is not None
                for node, kind in enumerate(self._kind)
            ]
        return found

    def _network(self, ends):
        """Wires between each switch and the nearest of `ends`."""
        steps = self._networks.get(ends)
        if steps is None:
            steps = self._networks[ends] = dict.fromkeys(ends, 0)
            frontier = sorted(ends)
            for node in frontier:
                for other, _ in self._near[node]:
                    if other not in steps and self._kind[other] in IN_NETWORK:
                        steps[other] = steps[node] + 1
                        frontier.append(other)
        return steps

    def _next(self, node, ends, steps):
        """The next switches on the shortest ways to `ends`."""
        options = self._options.get((node, ends))
        if options is None:
            near = [(steps[o], o, hop) for o, hop in self._near[node] if o in steps]
            least = min((far for far, _, _ in near), default=0)
            options = [(o, hop) for far, o, hop in near if far == least]
            self._options[node, ends] = options
        return options
