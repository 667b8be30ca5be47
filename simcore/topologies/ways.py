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

    Threads share what has been found: it is kept when it is whole, and not before.

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
        steps = {start: 0}
        frontier = [start]
        for node in frontier:  # it grows
            further = steps[node] + 1
            for other, _ in near[node]:
                if other not in steps:
                    steps[other] = further
                    if passing[other]:
                        frontier.append(other)
        known[start] = steps
        return steps

    def way(self, source: int, target: int, through, spread: int) -> list[Hop] | None:
        """A shortest way through nodes of those kinds alone; None if there is none.

        `spread` chooses among equally short ones.
        """
        if cables := self._between.get((source, target)):
            return [cables[spread % len(cables)]]
        near = self._near_parts(through)
        if near[source].isdisjoint(near[target]):
            return None
        way, node, steps = [], source, None
        while (node, target) not in self._between:
            options = self._next_to(node, target, through)
            if not options:
                steps = steps or self.reach(target, through)
                options = self._nearer(node, steps, through)
            node, hop = options[spread % len(options)]
            way.append(hop)
            way.extend(self._through_memory.get(node) or ())
        cables = self._between[node, target]
        return [*way, cables[spread % len(cables)]]

    def _next_to(self, node, target, through):
        """The nodes next to both, which pass on: most devices of a machine are on one switch."""
        passing = self._passing(through)
        return [
            (other, hop)
            for other, hop in self._near[node]
            if passing[other] and (other, target) in self._between
        ]

    def _nearer(self, node, steps, through):
        passing = self._passing(through)
        return [
            (other, hop)
            for other, hop in self._near[node]
            if passing[other] and steps.get(other) == steps[node] - 1
        ]

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

    def _near_parts(self, through):
        """Of each node, the parts that hang together through such nodes and that it is next to."""
        near = self._parts.get(through)
        if near is None:
            near = [set() for _ in self._kind]
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
            self._parts[through] = near
        return near

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
            steps = dict.fromkeys(ends, 0)
            frontier = sorted(ends)
            for node in frontier:
                for other, _ in self._near[node]:
                    if other not in steps and self._kind[other] in IN_NETWORK:
                        steps[other] = steps[node] + 1
                        frontier.append(other)
            self._networks[ends] = steps
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
