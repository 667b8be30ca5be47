"""The machines that GPUs come in, and how they are wired inside.

HGX: eight GPUs on NVSwitches, and four PCIe switches with two GPUs and two NICs each, as DGX A100
and Dell PowerEdge XE9680 (H100) have them by their technical guides.
NVLink domain: all its GPUs on NVSwitches. A compute tray of GB200 NVL72 has four GPUs on Grace
processors, by NVLink-C2C of 450 GB/s in one direction, and a NIC for each GPU on a PCIe slot of the
processors (NVIDIA GB200 NVL72 data sheet); one of GH200 NVL32 has two.
Pairs: eight GPUs (four of MI300A) with a wire between any two, and the PCIe of an HGX machine: AMD
Instinct MI300X platform in the same PowerEdge.
PCIe server: eight cards. With peer-to-peer they are on two PCIe switches, as in the servers that
vendors call dual root; without, each is on a port of the processors, and what leaves one crosses
the host's memory to the next: 307.2 GB/s, of eight channels of DDR5-4800 (Intel, Xeon of the 4th
generation), which reading and writing share.

The processors of a machine are drawn as one: what joins two sockets is faster than the slots below.
A slot's lanes are of the GPU's PCIe generation, and so is the NIC in it: the fastest that such a
slot carries.
"""

from dataclasses import dataclass
from enum import Enum

from gpu_catalog import GPU
from simcore.errors import ScenarioError
from simcore.topologies.builder import Builder, Values
from simcore.topologies.graph import NodeKind
from simcore.topologies.seating import Chassis

LANES = {3: "PCIe Gen3 x16", 4: "PCIe Gen4", 5: "PCIe Gen5 x16", 6: "PCIe Gen6 x16"}
CABLES = {3: "Ethernet 100G", 4: "Infiniband HDR", 5: "Infiniband NDR", 6: "Infiniband XDR"}
"""By PCIe generation: catalog links of a slot's lanes, and of the NIC in it."""

NVLINKS = {300e9: "NVLink 3", 450e9: "NVLink", 900e9: "NVLink 5"}
XGMI_PEAK, XGMI = 64e9, "xGMI MI300X"
BRIDGE_PEAK, BRIDGE = 300e9, "NVLink bridge"
"""Peaks of one direction [byte/s], and the catalog's links of what transfers reach at these."""

GRACE = Values(bandwidth=450e9, latency=1e-6)
MEMORY = Values(bandwidth=307.2e9, latency=1e-7)

SERVER_GPUS = 8
TRAY_GPUS = {32: 2, 72: 4}
"""By GPUs of an NVLink domain, those of one machine."""
PCIE_SWITCHES, DUAL_ROOT = 4, 2


class Board(Enum):
    """What a GPU is mounted on."""

    HGX = "HGX machines"
    DOMAIN = "NVLink domains"
    PAIRS = "machines with a wire between any two GPUs"
    CARDS = "PCIe servers"


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine, as a network sees it.

    Attributes
    ----------
    nics : the numbers of its NICs
    cable : the catalog's link of their cables
    """

    nics: list[int]
    cable: str


def board_of(gpu: GPU) -> Board:
    """What `gpu` is mounted on; raises ScenarioError where nothing here describes it."""
    if gpu.pcie not in LANES:
        raise _unknown(gpu, "the catalog does not say which PCIe it has")
    match gpu.fabric and gpu.fabric.wiring:
        case None | "bridge":
            return Board.CARDS
        case "pairs" if gpu.fabric.gpus <= SERVER_GPUS:
            return Board.PAIRS
        case "switch":
            return Board.HGX if gpu.fabric.gpus <= SERVER_GPUS else Board.DOMAIN
    raise _unknown(
        gpu,
        f"{gpu.fabric.name}, which joins {gpu.fabric.gpus}, is none of the fabrics that are known "
        "here",
    )


def _unknown(gpu, why):
    return ScenarioError(
        f"topology: no machine is known for {gpu.name}: {why}; use the reference topology, or one "
        "of your own",
        field="topology",
    )


def chassis_of(gpu: GPU) -> Chassis:
    """How many of them a machine and an NVLink domain hold."""
    match board_of(gpu):
        case Board.DOMAIN:
            size = gpu.fabric.gpus
            return Chassis(unit=size, machine=TRAY_GPUS.get(size, 4), units_in_rack=1)
        case Board.HGX | Board.PAIRS:
            return Chassis(unit=gpu.fabric.gpus, machine=gpu.fabric.gpus)
    return Chassis(unit=SERVER_GPUS, machine=SERVER_GPUS)


def nvlink(build: Builder, gpu: GPU) -> Values:
    """Of the wire between a GPU and its NVSwitch.

    The catalog's rates are those of a transfer between two GPUs, of the NVLink of nearest peak, in
    proportion to the GPU's; each of the two wires has half its latency.
    """
    peak = gpu.fabric.bandwidth
    known = min(NVLINKS, key=lambda each: abs(each - peak))
    return build.values(NVLINKS[known]).times(bandwidth=peak / known, latency=0.5)


def add_machine(
    build: Builder, gpu: GPU, name: str, rack: str, gpus: range, *, nics: int, peers: bool
) -> tuple[Machine, dict[int, int]]:
    """Adds a machine full of `gpu`, without what joins it to others.

    Parameters
    ----------
    gpus : the numbers of its GPUs in their unit
    nics : how many are used; no more than there are GPUs
    peers : whether PCIe cards can send to each other

    Returns the machine, and the number of each GPU's node by its number in the unit.
    """
    where = {"machine": name, "rack": rack}
    board = board_of(gpu)
    lane, cable = LANES[gpu.pcie], CABLES[gpu.pcie]
    nodes = {
        seat: build.node(NodeKind.GPU, f"{name} GPU {i}", label=f"GPU {i}", **where)
        for i, seat in enumerate(gpus)
    }
    cards = list(nodes.values())
    host = build.node(NodeKind.HOST, f"{name} host", label="host", **where)
    count = {Board.HGX: PCIE_SWITCHES, Board.PAIRS: PCIE_SWITCHES, Board.DOMAIN: 0}.get(
        board, DUAL_ROOT if peers else 0
    )
    hubs = []
    for i in range(count):
        hub = build.node(
            NodeKind.PCIE_SWITCH, f"{name} PCIe switch {i}", label=f"PCIe {i}", **where
        )
        build.wire(f"{name} PCIe switch {i} uplink", "PCIe uplinks", hub, host, lane)
        hubs.append(hub)
    hubs = hubs or [host]
    slot, group = ("C2C", "NVLink-C2C") if board is Board.DOMAIN else ("lane", "GPU lanes")
    for i, card in enumerate(cards):
        hub = hubs[i * len(hubs) // len(cards)]
        values = GRACE if board is Board.DOMAIN else lane
        build.wire(f"{name} GPU {i} {slot}", group, card, hub, values)
    if board is Board.CARDS and not peers:
        memory = build.node(NodeKind.MEMORY, f"{name} memory", label="memory", **where)
        build.wire(f"{name} memory bus", "host memory", host, memory, MEMORY, full_duplex=False)
    _join(build, gpu, board, name, cards, where)
    found = []
    for i in range(nics):
        nic = build.node(NodeKind.NIC, f"{name} NIC {i}", label=f"NIC {i}", **where)
        build.wire(f"{name} NIC {i} lane", "NIC lanes", hubs[i * len(hubs) // nics], nic, lane)
        found.append(nic)
    return Machine(found, cable), nodes


def _join(build, gpu, board, name, cards, where):
    """What joins the GPUs of one machine beside PCIe; an NVLink domain is joined by its unit."""
    match board:
        case Board.HGX:
            switch = build.node(NodeKind.NVSWITCH, f"{name} NVSwitch", label="NVSwitch", **where)
            join_by_nvlink(build, gpu, switch, cards)
        case Board.PAIRS:
            peak = gpu.fabric.bandwidth / (gpu.fabric.gpus - 1)
            values = build.values(XGMI).times(bandwidth=peak / XGMI_PEAK)
            for i, a in enumerate(cards):
                for j in range(i + 1, len(cards)):
                    build.wire(f"{name} GPU {i} to GPU {j}", "xGMI", a, cards[j], values)
        case Board.CARDS if gpu.fabric:
            values = build.values(BRIDGE).times(bandwidth=gpu.fabric.bandwidth / BRIDGE_PEAK)
            for i in range(0, len(cards) - 1, 2):
                bridge = f"{name} GPU {i} to GPU {i + 1}"
                build.wire(bridge, "NVLink bridges", cards[i], cards[i + 1], values)


def join_by_nvlink(build: Builder, gpu: GPU, switch: int, cards: list[int]) -> None:
    """Wires GPUs to their NVSwitch."""
    values = nvlink(build, gpu)
    for card in cards:
        build.wire(f"{build.nodes[card].name} NVLink", "NVLink", card, switch, values)
