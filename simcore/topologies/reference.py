"""The specification's drawing: one PCIe switch that prefills, single-GPU servers that decode.

Switches add nothing. Every GPU and NIC has a lane of its own, every NIC a cable of its own.
"""

from functools import cached_property

from simcore.engine.routes import RouteTable
from simcore.topologies.base import Place, Wire

LANE = "PCIe Gen5 x16"
HANDOFF_CABLE = "Infiniband NDR"
DECODE_CABLE = "Ethernet 100G"
LINKS = (LANE, HANDOFF_CABLE, DECODE_CABLE)


class ReferenceFabric:
    """Prefill GPUs on a switch with NICs of their own; a decode server per decode GPU.

    Parameters
    ----------
    prefill_gpus, decode_gpus, prefill_nics : how many there are
    link : returns the bandwidth and latency of a catalog link, by its name
    full_duplex : whether the two directions of a wire have a channel each
    """

    def __init__(self, *, prefill_gpus, decode_gpus, prefill_nics, link, full_duplex):
        def wires(kind, name, count):
            values = link(kind)
            return [Wire(name.format(i), values, full_duplex=full_duplex) for i in range(count)]

        self.routes = RouteTable()
        self._prefill_lane = wires(LANE, "prefill GPU {} lane", prefill_gpus)
        self._nic_lane = wires(LANE, "prefill NIC {} lane", prefill_nics)
        self._nic_cable = wires(HANDOFF_CABLE, "prefill NIC {} cable", prefill_nics)
        self._decode_cable = wires(HANDOFF_CABLE, "decode {} IB cable", decode_gpus)
        self._decode_nic_lane = wires(LANE, "decode {} IB lane", decode_gpus)
        self._decode_lane = wires(LANE, "decode GPU {} lane", decode_gpus)
        self._ethernet_lane = wires(LANE, "decode {} Ethernet lane", decode_gpus)
        self._ethernet_cable = wires(DECODE_CABLE, "decode {} Ethernet cable", decode_gpus)

    def path(self, source: Place, target: Place):
        """Channels from `source` to `target`; raises ValueError where nothing joins them."""
        a, b = source.rank, target.rank
        match source.pool, target.pool:
            case "prefill", "prefill":
                return self._prefill_lane[a].out, self._prefill_lane[b].into
            case "prefill", "decode":
                nic = a % len(self._nic_lane)
                return (
                    self._prefill_lane[a].out,
                    self._nic_lane[nic].out,
                    self._nic_cable[nic].out,
                    self._decode_cable[b].into,
                    self._decode_nic_lane[b].into,
                    self._decode_lane[b].into,
                )
            case "decode", "decode":
                return (
                    self._decode_lane[a].out,
                    self._ethernet_lane[a].out,
                    self._ethernet_cable[a].out,
                    self._ethernet_cable[b].into,
                    self._ethernet_lane[b].into,
                    self._decode_lane[b].into,
                )
        raise ValueError(f"the reference fabric has no way from {source} to {target}")

    @cached_property
    def channels(self):
        """Every channel, in a stable order."""
        return tuple(channel for group in self.groups.values() for channel in group)

    @cached_property
    def groups(self):
        """The channels of each kind of wire, in a stable order, by what people call the kind."""
        wires = {
            "prefill GPU lanes": self._prefill_lane,
            "prefill NIC lanes": self._nic_lane,
            "prefill NIC cables": self._nic_cable,
            "decode InfiniBand cables": self._decode_cable,
            "decode InfiniBand lanes": self._decode_nic_lane,
            "decode GPU lanes": self._decode_lane,
            "decode Ethernet lanes": self._ethernet_lane,
            "decode Ethernet cables": self._ethernet_cable,
        }
        return {
            name: tuple(dict.fromkeys(c for wire in group for c in (wire.out, wire.into)))
            for name, group in wires.items()
        }
