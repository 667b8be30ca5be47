"""Which NICs a GPU can use, of which network, and in which order of preference."""

from dataclasses import dataclass
from functools import cached_property

from simcore.topologies.base import NicMapping
from simcore.topologies.graph import IN_MACHINE, IN_NETWORK, Node, NodeKind, Wire
from simcore.topologies.ways import Ways


@dataclass(frozen=True, slots=True)
class Nic:
    """A NIC as a GPU sees it.

    Attributes
    ----------
    node : its number in the graph
    steps : wires between the two
    """

    node: int
    steps: int


class NicChoice:
    """The NICs of each GPU in order of preference, as if nothing were down.

    Where two machines are on several networks, the one counts whose first switch was named first.

    Parameters
    ----------
    ways : over all wires
    most : how many NICs of a network a GPU may use, the first ones by number; None for all
    """

    def __init__(
        self, nodes: tuple[Node, ...], wires: tuple[Wire, ...], ways: Ways, most: int | None
    ):
        self._nodes = nodes
        self._ways = ways
        self._most = most
        self._networks = _networks_of_nics(nodes, wires)
        self._place = _places_in_machines(nodes)
        self._ports = _ports(nodes, wires)

    def networks(self, gpu: int, other: int) -> list[int]:
        """The networks that both GPUs can reach, the preferred one first."""
        return sorted(self._of(gpu).keys() & self._of(other).keys())

    def count(self, gpu: int, network: int) -> int:
        """NICs of that network which the GPU can reach."""
        return len(self._of(gpu)[network])

    def ordered(self, gpu: int, network: int, mapping: NicMapping, turn: int = 0) -> list[int]:
        """The numbers of the NICs of that network, the preferred one first.

        With `NEAREST`, those on fewest wires come first, and GPUs that are equally near to the same
        ones take them in turn. Else GPU i begins with NIC i mod K. Striped transfers begin with NIC
        number `turn` mod K.
        """
        nics, place = self._of(gpu)[network], self._place[gpu]
        match mapping:
            case NicMapping.NEAREST:
                least = min(nic.steps for nic in nics)
                near = [nic.node for nic in nics if nic.steps == least]
                far = sorted(
                    (nic for nic in nics if nic.steps > least), key=lambda n: (n.steps, n.node)
                )
                return _from(near, place) + [nic.node for nic in far]
            case NicMapping.STRIPED:
                return _from([nic.node for nic in nics], turn)
            case NicMapping.MODULO:
                return _from([nic.node for nic in nics], place)

    def port(self, nic: int) -> int:
        """Its place among the NICs of its first switch."""
        return self._ports[nic]

    def _of(self, gpu):
        return self._nics.get(gpu, {})

    @cached_property
    def _nics(self):
        """By GPU and network, the NICs that it can use, in the order of their numbers."""
        found: dict[int, dict[int, list[Nic]]] = {}
        for number, networks in self._networks.items():
            for node, steps in self._ways.reach(number, IN_MACHINE).items():
                if self._nodes[node].kind is not NodeKind.GPU:
                    continue
                for network in networks:
                    nics = found.setdefault(node, {}).setdefault(network, [])
                    if self._most is None or len(nics) < self._most:
                        nics.append(Nic(number, steps))
        return found


def _from(items, first):
    first %= len(items)
    return items[first:] + items[:first]


def _networks_of_nics(nodes, wires):
    """The networks that each NIC is on, by the lowest number of their switches.

    A cable between two NICs is a network, too, of its lower end's number.
    """
    near = {node.number: [] for node in nodes if node.kind in IN_NETWORK}
    nics = {node.number: [] for node in nodes if node.kind is NodeKind.NIC}
    for a, b in (wire.ends for wire in wires):
        for one, other in (a, b), (b, a):
            if one in near and other in near:
                near[one].append(other)
            elif one in nics and (other in near or other in nics):
                nics[one].append(other)
    network = {}
    for switch in near:
        if switch not in network:
            frontier = [switch]
            for here in frontier:  # it grows
                if here not in network:
                    network[here] = switch
                    frontier.extend(near[here])
    return {
        nic: sorted({network.get(other, min(nic, other)) for other in others})
        for nic, others in nics.items()
    }


def _places_in_machines(nodes):
    """The place of each GPU among those of its machine."""
    count, place = {}, {}
    for node in nodes:
        if node.kind is NodeKind.GPU:
            place[node.number] = count.get(node.machine, 0)
            count[node.machine] = place[node.number] + 1
    return place


def _ports(nodes, wires):
    count, port = {}, {}
    for a, b in (wire.ends for wire in wires):
        for one, other in (a, b), (b, a):
            if nodes[one].kind is NodeKind.NIC and nodes[other].kind in IN_NETWORK:
                if one not in port:
                    port[one] = count.get(other, 0)
                count[other] = count.get(other, 0) + 1
    return {node.number: 0 for node in nodes if node.kind is NodeKind.NIC} | port
