"""The specification's drawing: one PCIe switch that prefills, servers on their own that decode.

Every GPU and NIC has a lane of its own, every NIC a cable of its own; switches add nothing. The
prefill pool is one machine with K InfiniBand NICs, of which GPU i uses number i mod K. Each decode
stage is a machine with one InfiniBand and one Ethernet NIC, and with one GPU, as the specification
has it, or with several on one PCIe switch. Handoffs go over InfiniBand, decode activations over
Ethernet.

The two pools are on different machines of one network: `same rack` and `across` mean the same here,
and `same node` is refused. It has no switches above others, so there is no oversubscription.
"""

from simcore.errors import ScenarioError
from simcore.topologies.base import TOPOLOGIES, Fleet, NicMapping, Place, Placement
from simcore.topologies.builder import Builder
from simcore.topologies.fabric import Fabric
from simcore.topologies.graph import NodeKind
from simcore.topologies.seating import refuse_too_many

REFERENCE = "reference"
"""Its name."""

LANE = "PCIe Gen5 x16"
HANDOFF_CABLE = "Infiniband NDR"
DECODE_CABLE = "Ethernet 100G"
LINKS = (LANE, HANDOFF_CABLE, DECODE_CABLE)


@TOPOLOGIES.register(REFERENCE)
def reference(fleet: Fleet) -> Fabric:
    """The drawing for a fleet; raises ScenarioError where the pools are to share a machine."""
    refuse_too_many(fleet)
    if fleet.placement is Placement.SAME_NODE:
        raise ScenarioError(
            "placement = same node: the reference topology has a server for each decode stage; "
            "use across, or another topology",
            field="placement",
        )
    return ReferenceFabric(
        prefill_gpus=fleet.prefill.gpus,
        decode_gpus=fleet.decode.gpus,
        decode_server_gpus=fleet.decode.ranks,
        prefill_nics=fleet.nics or 1,
        link=fleet.link,
        full_duplex=fleet.full_duplex,
        mapping=fleet.mapping,
    )


class ReferenceFabric(Fabric):
    """Prefill GPUs on a switch with NICs of their own; a decode server per decode stage.

    Parameters
    ----------
    prefill_gpus, decode_gpus, prefill_nics : how many there are
    link : returns the bandwidth and latency of a catalog link, by its name
    full_duplex : whether the two directions of a wire have a channel each
    decode_server_gpus : GPUs of each decode server
    """

    def __init__(
        self,
        *,
        prefill_gpus,
        decode_gpus,
        prefill_nics,
        link,
        full_duplex,
        decode_server_gpus=1,
        mapping=NicMapping.MODULO,
    ):
        build = Builder(link=link, full_duplex=full_duplex)
        # Before all else: where both networks join two servers, the one that is named first counts.
        ethernet = build.node(NodeKind.LEAF, "Ethernet switch")
        infiniband = build.node(NodeKind.LEAF, "InfiniBand switch")
        places = _prefill_server(build, prefill_gpus, prefill_nics, infiniband)
        places |= _decode_servers(build, decode_gpus, decode_server_gpus, infiniband, ethernet)
        super().__init__(tuple(build.nodes), tuple(build.wires), places, mapping)


def _prefill_server(build, gpus, nics, infiniband):
    where = {"machine": "prefill server", "rack": "rack"}
    switch = build.node(NodeKind.PCIE_SWITCH, "prefill PCIe switch", label="PCIe switch", **where)
    places = {}
    for i in range(gpus):
        gpu = build.node(NodeKind.GPU, f"prefill GPU {i}", label=f"GPU {i}", **where)
        places[Place("prefill", i)] = gpu
        build.wire(f"prefill GPU {i} lane", "prefill GPU lanes", gpu, switch, LANE)
    found = [
        build.node(NodeKind.NIC, f"prefill NIC {i}", label=f"NIC {i}", **where) for i in range(nics)
    ]
    for i, nic in enumerate(found):
        build.wire(f"prefill NIC {i} lane", "prefill NIC lanes", switch, nic, LANE)
    for i, nic in enumerate(found):
        name = f"prefill NIC {i} cable"
        build.wire(name, "prefill NIC cables", nic, infiniband, HANDOFF_CABLE)
    return places


def _decode_servers(build, gpus, per_server, infiniband, ethernet):
    servers = range(-(-gpus // per_server))
    switches, nics, cards = [], [], []
    for i in servers:
        where = {"machine": f"decode server {i}", "rack": "rack"}
        name = f"decode {i} PCIe switch"
        switches.append(build.node(NodeKind.PCIE_SWITCH, name, label="PCIe switch", **where))
        nics.append(build.node(NodeKind.NIC, f"decode {i} IB NIC", label="IB", **where))
        cards.append(build.node(NodeKind.NIC, f"decode {i} Ethernet NIC", label="Eth", **where))
    for i in servers:
        name = f"decode {i} IB cable"
        build.wire(name, "decode InfiniBand cables", nics[i], infiniband, HANDOFF_CABLE)
    for i in servers:
        build.wire(f"decode {i} IB lane", "decode InfiniBand lanes", switches[i], nics[i], LANE)
    places = {}
    for i in range(gpus):
        server = f"decode server {i // per_server}"
        gpu = build.node(
            NodeKind.GPU, f"decode GPU {i}", label=f"GPU {i}", machine=server, rack="rack"
        )
        places[Place("decode", i)] = gpu
        build.wire(f"decode GPU {i} lane", "decode GPU lanes", gpu, switches[i // per_server], LANE)
    for i in servers:
        build.wire(
            f"decode {i} Ethernet lane", "decode Ethernet lanes", switches[i], cards[i], LANE
        )
    for i in servers:
        name = f"decode {i} Ethernet cable"
        build.wire(name, "decode Ethernet cables", cards[i], ethernet, DECODE_CABLE)
    return places
