"""What joins GPUs that work together, as cost models ask for it."""

import pytest

import gpu_catalog
from simcore.topologies import TOPOLOGIES, Joining
from tests.topologies.fleets import built, fleet, whole

NDR = gpu_catalog.link("Infiniband NDR")
NVLINK = gpu_catalog.link("NVLink")


def joining(fabric, count, first=0):
    return fabric.joining(tuple(whole(fabric, "prefill")[first : first + count]))


def test_gpus_on_one_nvswitch_have_their_nvlink():
    assert joining(built("hgx-rail"), 8) == Joining(
        bandwidth=NVLINK.bandwidth,
        rated=NVLINK.bandwidth,
        latency_s=pytest.approx(NVLINK.latency),
        switched=True,
        nodes=1,
    )


def test_the_trays_of_a_domain_are_one_machine():
    found = joining(built("nvl72", stages=2, ranks=18), 36)
    assert (found.nodes, found.switched) == (1, True)
    assert found.bandwidth == pytest.approx(gpu_catalog.link("NVLink 5").bandwidth)


def test_fully_wired_gpus_have_a_wire_for_each_peer():
    pair = gpu_catalog.link("xGMI MI300X")
    for count in (2, 4, 8):
        found = joining(built("mi300x"), count)
        assert found.bandwidth == pytest.approx((count - 1) * pair.bandwidth)
        assert (found.nodes, found.switched) == (1, False)


def test_gpus_of_several_machines_have_a_nic_each_or_share_one():
    own = joining(built("hgx-rail", nics=8), 32)
    assert own.bandwidth == pytest.approx(NDR.bandwidth)
    assert (own.nodes, own.switched) == (4, False)
    shared = joining(built("hgx-rail", nics=2), 32)
    assert shared.bandwidth == pytest.approx(NDR.bandwidth / 4)


def test_oversubscription_counts_between_machines_of_different_leaves():
    fabric = TOPOLOGIES["hgx-fat-tree"](fleet(stages=8, nics=8, oversubscription=4.0))
    ranks = whole(fabric, "prefill")
    machines = [ranks[first : first + 8] for first in range(0, 64, 8)]
    # Machines 0 to 3 are in one rack, 4 to 7 in the next: in turn, all sends leave their leaf.
    in_turn = [rank for number in (0, 4, 1, 5, 2, 6, 3, 7) for rank in machines[number]]
    assert fabric.joining(tuple(in_turn)).bandwidth == pytest.approx(NDR.bandwidth / 4)
    assert fabric.joining(tuple(ranks[:16])).bandwidth == pytest.approx(NDR.bandwidth)


def test_cards_of_a_server_are_joined_by_pcie_or_by_the_hosts_memory():
    lane = gpu_catalog.link("PCIe Gen4")
    peers = joining(built("pcie-p2p"), 8)
    assert peers.bandwidth == pytest.approx(lane.bandwidth) and not peers.switched
    # Eight ranks write and read at once: 16 times over one bus.
    assert joining(built("pcie-host"), 8).bandwidth == pytest.approx(307.2e9 / 16)


def test_a_bridge_joins_two_cards():
    fabric = TOPOLOGIES["pcie-p2p"](fleet("NVIDIA H100 PCIe", stages=2, ranks=2, nics=1))
    bridge, lane = gpu_catalog.link("NVLink bridge"), gpu_catalog.link("PCIe Gen5 x16")
    assert joining(fabric, 2).bandwidth == pytest.approx(bridge.bandwidth)
    assert joining(fabric, 2, first=1).bandwidth == pytest.approx(lane.bandwidth)


def test_one_gpu_is_joined_to_nothing():
    with pytest.raises(ValueError, match="give two or more"):
        joining(built("hgx-rail"), 1)


def test_what_is_made_faster_or_shared_with_others_counts():
    class Twice:
        def __init__(self, link):
            self.bandwidth, self.latency = 2 * link.bandwidth, link.latency

    faster = built("hgx-rail", link=lambda name: Twice(gpu_catalog.link(name)))
    found = joining(faster, 8)
    assert found.bandwidth == pytest.approx(2 * NVLINK.bandwidth)
    found = joining(built("hgx-rail").scaled({"NVLink": 0.7}), 8)
    assert found.bandwidth == pytest.approx(0.7 * NVLINK.bandwidth)


def test_a_wire_that_is_made_faster_or_shared_is_rated_as_it_was():
    plain = built("hgx-rail")
    twice = plain.scaled({"NVLink": 2.0})
    rest = twice.scaled({"NVLink": 0.25}).without(["node 0 NIC 0"])
    for fabric, factor in ((plain, 1.0), (twice, 2.0), (rest, 0.5)):
        found = joining(fabric, 8)
        assert found.bandwidth == pytest.approx(factor * NVLINK.bandwidth)
        assert found.rated == pytest.approx(NVLINK.bandwidth)
