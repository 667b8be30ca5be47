"""What joins the GPUs, and what else is on the wires."""

from dataclasses import dataclass

from simcore.parameters import Choice, Group, Number, Text, parameter
from simcore.topologies import TOPOLOGIES, NicMapping, Placement
from simcore.topologies.trouble import written_background, written_failures


@dataclass(frozen=True, kw_only=True)
class FabricFields:
    """Topology, placement, NICs, background traffic and failures."""

    topology: str = parameter(
        Choice(
            key="topo",
            symbol="",
            label="Topology",
            help="How GPUs, NICs and switches are joined.",
            options=TOPOLOGIES.names,
            # Those that ship are known without the user's files.
            named=lambda name: name if name in TOPOLOGIES.registered else None,
            group=Group.FABRIC,
        ),
        "reference",
    )
    placement: str = parameter(
        Choice(
            key="place",
            symbol="",
            label="Placement",
            help="Where the decode pool is: on the nodes of the prefill pool, beside them, or "
            "behind the network's core.",
            options=lambda: tuple(each.value for each in Placement),
            group=Group.FABRIC,
        ),
        Placement.ACROSS.value,
    )
    nic_mapping: str = parameter(
        Choice(
            key="nicmap",
            symbol="",
            label="NIC mapping",
            help="modulo: GPU i through NIC i mod K. nearest: through the NIC on its PCIe switch. "
            "striped: through all K, an equal part each.",
            options=lambda: tuple(each.value for each in NicMapping),
            group=Group.FABRIC,
        ),
        NicMapping.MODULO.value,
    )
    oversubscription: float = parameter(
        Number(
            key="over",
            symbol="",
            label="Oversubscription",
            unit="to 1",
            help="Bandwidth that a leaf switch has towards its nodes, over that towards the core.",
            low=1,
            high=8,
            step=0.5,
            least=1,
            most=64,
            whole=False,
            group=Group.FABRIC,
        ),
        1.0,
    )
    background: str | None = parameter(
        Text(
            key="bg",
            symbol="",
            label="Background traffic",
            help="What others send over a channel or a kind of wire: a share of its bandwidth, or "
            "so many GB from a moment on.",
            optional="none",
            example="prefill NIC cables: 30 %; decode 0 IB cable in: 2 GB @ 0.1 s",
            written=written_background,
            group=Group.FABRIC,
        ),
        None,
    )
    failures: str | None = parameter(
        Text(
            key="fail",
            symbol="",
            label="Failures",
            help="NICs and wires that fail, from the start or at a moment.",
            optional="none",
            example="prefill NIC 0; decode 1 IB cable @ 0.2 s",
            written=written_failures,
            group=Group.FABRIC,
        ),
        None,
    )
