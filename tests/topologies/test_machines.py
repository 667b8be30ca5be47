"""The wires inside machines: which links they are of, and what they carry."""

from dataclasses import replace

import pytest

import gpu_catalog
from simcore.errors import ScenarioError
from simcore.topologies import TOPOLOGIES, Placement
from tests.topologies.fleets import fleet, names, prefill


def one(name, gpu, ranks=8, **changes):
    return TOPOLOGIES[name](fleet(gpu, stages=1, ranks=ranks, **changes))


@pytest.mark.parametrize(
    ("gpu", "link"),
    [("NVIDIA A100-80GB", "NVLink 3"), ("NVIDIA H100", "NVLink"), ("NVIDIA B200", "NVLink 5")],
)
def test_two_gpus_on_nvswitches_exchange_what_was_measured_between_two(gpu, link):
    path = one("hgx-rail", gpu).path(prefill(0), prefill(5))
    link = gpu_catalog.link(link)
    assert [c.bandwidth_bps for c in path] == pytest.approx([link.bandwidth] * 2)
    assert sum(c.latency_s for c in path) == pytest.approx(link.latency)


def test_fewer_nvlinks_carry_their_share():
    """H800 has 200 of the 450 GB/s of H100; what is lost to protocols is lost in proportion."""
    fabric = one("hgx-rail", "NVIDIA H800")
    [channel, _] = fabric.path(prefill(0), prefill(1))
    assert 0.75 < channel.bandwidth_bps / 200e9 < 1


@pytest.mark.parametrize(
    ("gpu", "lane", "cable"),
    [
        ("NVIDIA A100-80GB", "PCIe Gen4", "Infiniband HDR"),
        ("NVIDIA H100", "PCIe Gen5 x16", "Infiniband NDR"),
        ("NVIDIA B300", "PCIe Gen6 x16", "Infiniband XDR"),
    ],
)
def test_lanes_and_nics_are_of_the_gpus_pcie_generation(gpu, lane, cable):
    fabric = one("hgx-rail", gpu)
    links = {wire.group: wire.link for wire in fabric.wires}
    assert links["GPU lanes"] == links["NIC lanes"] == links["PCIe uplinks"] == lane
    assert links["NIC cables"] == links["leaf uplinks"] == cable
    # The slot is no bottleneck of the NIC.
    assert gpu_catalog.link(lane).bandwidth >= gpu_catalog.link(cable).bandwidth


def test_two_mi300x_share_one_of_seven_links():
    fabric = one("mi300x", "AMD Instinct MI300X")
    [channel] = fabric.path(prefill(0), prefill(7))
    assert channel.bandwidth_bps == gpu_catalog.link("xGMI MI300X").bandwidth
    xgmi = [wire for wire in fabric.wires if wire.group == "xGMI"]
    assert len(xgmi) == 2 * 8 * 7 // 2


def test_a_gpu_that_is_wired_to_more_than_a_machine_holds_is_refused():
    """Of a file of one's own, whose numbers may be anything."""
    gpu = gpu_catalog.gpu("AMD Instinct MI300X")
    wide = replace(gpu, name="Mine", fabric=replace(gpu.fabric, gpus=5000))
    sized = fleet("AMD Instinct MI300X", stages=1, ranks=1, nics=1)
    pools = {"prefill": replace(sized.prefill, gpu=wide), "decode": replace(sized.decode, gpu=wide)}
    with pytest.raises(ScenarioError, match="no machine is known for Mine"):
        TOPOLOGIES["mi300x"](replace(sized, **pools))


def test_cards_on_different_switches_meet_at_the_host():
    fabric = one("pcie-p2p", "NVIDIA L40S")
    assert names(fabric.path(prefill(3), prefill(4))) == [
        "node 0 GPU 3 lane out",
        "node 0 PCIe switch 0 uplink out",
        "node 0 PCIe switch 1 uplink in",
        "node 0 GPU 4 lane in",
    ]


def test_without_peer_to_peer_the_hosts_memory_is_crossed_both_ways():
    fabric = one("pcie-host", "NVIDIA L40S")
    assert names(fabric.path(prefill(3), prefill(4))) == [
        "node 0 GPU 3 lane out",
        "node 0 memory bus",
        "node 0 memory bus",
        "node 0 GPU 4 lane in",
    ]


def test_bridged_cards_are_joined_in_twos():
    fabric = one("pcie-p2p", "NVIDIA H100 NVL", nics=1)
    assert names(fabric.path(prefill(0), prefill(1))) == ["node 0 GPU 0 to GPU 1 out"]
    assert len(fabric.path(prefill(1), prefill(2))) == 2


def test_the_trays_of_a_domain_are_on_one_nvswitch():
    fabric = one("nvl72", "NVIDIA GB200", ranks=72)
    assert names(fabric.path(prefill(0), prefill(71))) == [
        "node 0 GPU 0 NVLink out",
        "node 17 GPU 3 NVLink in",
    ]


def test_only_machines_in_use_are_drawn():
    fabric = one("nvl72", "NVIDIA GB200", ranks=2, placement=Placement.SAME_NODE)
    assert {node.machine for node in fabric.nodes} == {"node 0", ""}


def test_the_machines_of_a_rack_and_their_nics_are_labelled_for_a_drawing():
    fabric = one("hgx-rail", "NVIDIA H100", nics=8)
    labels = [node.label for node in fabric.nodes if node.machine == "node 1"]
    assert {"GPU 0", "GPU 7", "NIC 7", "PCIe 3", "host", "NVSwitch"} <= set(labels)
