"""A topology as a graph, and the one rule by which transfers find their way through it.

1. Two GPUs of one NVLink domain, or with a wire between them, use that.
2. Two GPUs of one machine use PCIe: the shortest way over its switches and its host.
3. Others go over a network, from a NIC of the one to a NIC of the other; the mapping chooses both.

Of several networks that both are on, that whose switches were named first is used. Of equally short
ways between two NICs the one is taken whose place among them is that of the receiving NIC among the
NICs of its switch, modulo their number, so that neighbours receive over different spines (Zahavi,
"D-Mod-K routing providing non-blocking traffic for shift permutations on real life fat trees",
Technion CCIT report 776, 2010). What is down is gone around, in the same order of preference.
"""

from collections.abc import Collection, Mapping
from functools import cached_property
from itertools import pairwise

from simcore.engine import CommChannel
from simcore.topologies import facts
from simcore.topologies.base import Joining, NicMapping, Place
from simcore.topologies.changes import checked_down, nothing_joins, rescaled, unknown
from simcore.topologies.graph import IN_MACHINE, Node, NodeKind, Wire
from simcore.topologies.nics import NicChoice
from simcore.topologies.ways import Ways, back, forth

NVLINK = frozenset({NodeKind.NVSWITCH})

Path = tuple[CommChannel, ...]


class Fabric:
    """GPUs, switches and wires, and the paths between the GPUs.

    Parameters
    ----------
    places : the number of the node of each GPU in use
    mapping : through which NICs large transfers go
    down : names of nodes and wires that do not work
    nics : how many of the NICs that a GPU reaches on a network it may use; None for all
    choice : the NICs of each GPU, where they are known from the same nodes and ends of wires
    rated : of channels that were given another bandwidth, the one that they had [byte/s]
    """

    def __init__(
        self,
        nodes: tuple[Node, ...],
        wires: tuple[Wire, ...],
        places: Mapping[Place, int],
        mapping: NicMapping,
        down: Collection[str] = (),
        nics: int | None = None,
        choice: NicChoice | None = None,
        rated: Mapping[CommChannel, float] | None = None,
    ):
        self.nodes = nodes
        self.wires = wires
        self.places = places
        self.mapping = mapping
        self.down = frozenset(down)
        self.nics = nics
        self.rated = dict(rated or {})
        self._ways = Ways(nodes, wires, self.down)
        whole = Ways(nodes, wires, ()) if down and choice is None else self._ways
        self._nics = choice or NicChoice(nodes, wires, whole, nics)
        self._legs = {}
        self._joinings: dict[tuple[Place, ...], Joining] = {}
        self._found: dict[tuple[Place, Place], tuple[Path, ...]] = {}
        self._single: dict[tuple[Place, Place], Path] = {}

    def path(self, source: Place, target: Place) -> Path:
        """Channels from `source` to `target`, in order; the same objects at every call.

        Where transfers are striped, that of a small one, which goes as with `MODULO`. Raises
        ScenarioError where nothing joins the two.
        """
        pair = source, target
        path = self._single.get(pair)
        if path is None:
            path = self._single[pair] = self._one(source, target)
        return path

    def paths(self, source: Place, target: Place) -> tuple[Path, ...]:
        """The paths over which a large transfer is spread, an equal part each.

        More than one where transfers are striped and go over a network: as many as the machine of
        more NICs has. Raises ScenarioError where nothing joins the two.
        """
        if self.mapping is not NicMapping.STRIPED:
            return (self.path(source, target),)
        pair = source, target
        if pair not in self._found:
            a, b = self._node(source), self._node(target)
            self._found[pair] = tuple(self._striped(a, b)) or (self.path(source, target),)
        return self._found[pair]

    def joining(self, places: tuple[Place, ...]) -> Joining:
        """What joins these GPUs, of which there are two or more."""
        if places not in self._joinings:
            self._joinings[places] = facts.joining(self, places)
        return self._joinings[places]

    def scaled(self, factors: Mapping[str, float]) -> "Fabric":
        """The same with other bandwidths.

        Parameters
        ----------
        factors : on the bandwidth, by the names of channels, wires and groups; what several name is
            multiplied by each

        Raises ScenarioError for a name that is none of these. What keeps its bandwidth is the same
        object.
        """
        wires, rated = rescaled(self, factors)
        return self._changed(wires, self.down, rated)

    def without(self, names: Collection[str]) -> "Fabric":
        """The same while NICs, switches and wires of these names are down, too.

        Its channels are the same objects. Raises ScenarioError for a name that is none of these.
        """
        return self._changed(self.wires, self.down | checked_down(self, names))

    def restored(self, names: Collection[str]) -> "Fabric":
        """The same with NICs, switches and wires of these names at work again."""
        return self._changed(self.wires, self.down - set(names))

    def joined(self, source: Place, target: Place) -> bool:
        """Whether anything joins the two."""
        a, b = self._node(source), self._node(target)
        return self._inside(a, b) is not None or self._outside(a, b, self.mapping) is not None

    @cached_property
    def channels(self) -> Path:
        """Every channel, in a stable order."""
        return tuple(channel for group in self.groups.values() for channel in group)

    @cached_property
    def groups(self) -> Mapping[str, Path]:
        """The channels of each kind of wire, in a stable order, by what people call the kind."""
        groups: dict[str, list[CommChannel]] = {}
        for wire in self.wires:
            groups.setdefault(wire.group, []).extend(wire.channels)
        return {name: tuple(channels) for name, channels in groups.items()}

    def channels_called(self, name: str, *, field: str | None = None) -> Path:
        """The channels of a wire or of a group of that name, or the one channel.

        Raises ScenarioError, of the scenario's `field`, where there is none.
        """
        found = self._by_name.get(name)
        if found is None:
            raise unknown(name, self._by_name, "channel, wire or kind of wire", field)
        return found

    @cached_property
    def _by_name(self):
        found: dict[str, Path] = {}
        for wire in self.wires:
            if wire.link:
                found[wire.link] = (*found.get(wire.link, ()), *wire.channels)
        found.update(self.groups)
        for wire in self.wires:
            found[wire.name] = wire.channels
            found.update((channel.name, (channel,)) for channel in wire.channels)
        return found

    @cached_property
    def links(self) -> tuple[str, ...]:
        """Names of the catalog's links that it is made of, in the order of its wires."""
        return tuple(dict.fromkeys(wire.link for wire in self.wires if wire.link))

    @cached_property
    def nvswitch_of(self) -> Mapping[int, int]:
        """By number of a GPU's node, that of the NVLink switch that it is on, where both work."""
        return facts.nvswitches(self)

    def _changed(self, wires, down, rated=None):
        return Fabric(
            self.nodes,
            wires,
            self.places,
            self.mapping,
            down,
            self.nics,
            choice=self._nics,
            rated=self.rated if rated is None else rated,
        )

    def _node(self, place):
        try:
            return self.places[place]
        except KeyError:
            raise ValueError(f"there is no {place} in this topology") from None

    def _one(self, source, target):
        a, b = self._node(source), self._node(target)
        if a == b:
            return ()
        path = self._inside(a, b)
        if path is None:
            mapping = self.mapping
            if mapping is NicMapping.STRIPED:
                mapping = NicMapping.MODULO
            path = self._outside(a, b, mapping)
        if path is None:
            raise nothing_joins(self, source, target)
        return path

    def _inside(self, a, b):
        """The path within an NVLink domain or a machine; None if there is none."""
        for through in (NVLINK, IN_MACHINE):
            way = self._ways.way(a, b, through, b)
            if way is not None:
                return forth(way)
        return None

    def _outside(self, a, b, mapping, turn=0):
        """The path over a network; None if there is none."""
        for network in self._nics.networks(a, b):
            for sender in self._nics.ordered(a, network, mapping, turn):
                for receiver in self._nics.ordered(b, network, mapping, turn):
                    path = self._over(a, sender, receiver, b)
                    if path is not None:
                        return path
        return None

    def _striped(self, a, b):
        """The different paths over the NICs of both, where they lead over a network."""
        if self._inside(a, b) is not None:
            return {}
        for network in self._nics.networks(a, b):
            count = max(self._nics.count(a, network), self._nics.count(b, network))
            found = (self._outside(a, b, NicMapping.STRIPED, turn) for turn in range(count))
            if paths := dict.fromkeys(path for path in found if path is not None):
                return paths
        return {}

    def _over(self, a, sender, receiver, b):
        legs = [self._leg(*ends) for ends in pairwise((a, sender, receiver, b))]
        return None if None in legs else legs[0] + legs[1] + legs[2]

    def _leg(self, start, end):
        """The channels between a GPU and a NIC of its own, or between two NICs."""
        if (start, end) not in self._legs:
            self._legs[start, end] = self._new_leg(start, end)
        return self._legs[start, end]

    def _new_leg(self, start, end):
        if start == end:
            return ()
        if self.nodes[start].kind is self.nodes[end].kind:
            way = self._ways.over_network(start, end, self._nics.port(end))
            return None if way is None else forth(way)
        outward = self.nodes[start].kind is NodeKind.GPU
        gpu, nic = (start, end) if outward else (end, start)
        # Found from the GPU, so that it receives the way it sends.
        way = self._ways.way(gpu, nic, IN_MACHINE, nic)
        if way is None:
            return None
        return forth(way) if outward else back(way)
