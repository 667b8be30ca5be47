"""What is down: what goes around it, and what is told where nothing does."""

import pytest

from simcore.errors import ScenarioError
from tests.topologies.fleets import built, decode, names, prefill


def test_a_dead_nic_is_replaced_by_the_next_one_of_its_machine():
    fabric = built("hgx-rail", stages=1, ranks=8, nics=8)
    rest = fabric.without(["node 0 NIC 3"])
    path = names(rest.path(prefill(3), decode(3)))
    assert "node 0 NIC 4 cable out" in path and "node 1 NIC 3 cable in" in path
    for i in (0, 1, 2, 4, 5, 6, 7):
        assert rest.path(prefill(i), decode(i)) == fabric.path(prefill(i), decode(i))


def test_a_dead_rail_moves_both_ends_to_another():
    fabric = built("hgx-rail", stages=1, ranks=8, nics=8)
    rest = fabric.without(["pod 0 rail 3 leaf"])
    path = names(rest.path(prefill(3), decode(3)))
    assert "node 0 NIC 4 cable out" in path


def test_a_dead_nvswitch_leaves_pcie():
    fabric = built("hgx-rail", stages=1, ranks=8)
    rest = fabric.without(["node 0 NVSwitch"])
    assert names(rest.path(prefill(0), prefill(1))) == [
        "node 0 GPU 0 lane out",
        "node 0 GPU 1 lane in",
    ]
    assert len(rest.path(prefill(0), prefill(2))) == 4


def test_a_dead_cable_to_a_spine_leaves_the_other_spines():
    fabric = built("hgx-fat-tree", stages=1, ranks=8, nics=8)
    [used] = {n for n in names(fabric.path(prefill(0), decode(5))) if n.startswith("rack 0 leaf")}
    rest = fabric.without([used.removesuffix(" out")])
    [instead] = {n for n in names(rest.path(prefill(0), decode(5))) if n.startswith("rack 0 leaf")}
    assert instead != used


def test_decode_servers_without_ethernet_use_infiniband():
    fabric = built("reference", stages=2, ranks=1)
    rest = fabric.without(["decode 0 Ethernet NIC"])
    assert names(rest.path(decode(0), decode(1))) == [
        "decode GPU 0 lane out",
        "decode 0 IB lane out",
        "decode 0 IB cable out",
        "decode 1 IB cable in",
        "decode 1 IB lane in",
        "decode GPU 1 lane in",
    ]


def test_a_card_without_peer_to_peer_whose_host_is_dead_reaches_nothing():
    fabric = built("pcie-host", stages=1, ranks=2)
    for what in ("node 0 host", "node 0 memory"):
        with pytest.raises(ScenarioError, match=f"restore {what}"):
            fabric.without([what]).path(prefill(0), prefill(1))


def test_what_is_unreachable_is_told_with_what_would_help():
    fabric = built("two-sites", stages=1, ranks=2)
    with pytest.raises(ScenarioError) as refusal:
        fabric.without(["WAN", "node 0 NIC 3"]).path(prefill(0), decode(1))
    assert str(refusal.value) == (
        "failures: prefill GPU 0 cannot reach decode GPU 1 while WAN, node 0 NIC 3 are down; "
        "restore WAN"
    )
    assert refusal.value.field == "failures"


def test_either_of_two_remedies_is_told_as_such():
    fabric = built("hgx-rail", stages=1, ranks=2, nics=2)
    dead = fabric.without(["node 0 NIC 0", "node 0 NIC 1"])
    with pytest.raises(ScenarioError, match=r"restore node 0 NIC 0 or node 0 NIC 1$"):
        dead.path(prefill(0), decode(0))


def test_remedies_that_are_needed_together_are_told_as_such():
    fabric = built("hgx-rail", stages=1, ranks=2, nics=1)
    dead = fabric.without(["node 0 NIC 0", "node 1 NIC 0 cable"])
    with pytest.raises(ScenarioError, match=r"restore node 0 NIC 0 and node 1 NIC 0 cable$"):
        dead.path(prefill(0), decode(0))


def test_what_is_restored_is_used_again():
    fabric = built("hgx-rail", stages=1, ranks=8, nics=8)
    again = fabric.without(["node 0 NIC 3"]).restored(["node 0 NIC 3"])
    assert again.path(prefill(3), decode(3)) == fabric.path(prefill(3), decode(3))


def test_failures_add_up():
    fabric = built("hgx-rail", stages=1, ranks=8, nics=8)
    rest = fabric.without(["node 0 NIC 3"]).without(["node 0 NIC 4"])
    assert rest.down == {"node 0 NIC 3", "node 0 NIC 4"}
    assert "node 0 NIC 5 cable out" in names(rest.path(prefill(3), decode(3)))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("node 0 NIC 33", "did you mean node 0 NIC"),
        ("node 0 GPU 1", "is a GPU"),
        ("NIC cables", "no NIC, switch or wire is called 'NIC cables'"),
    ],
)
def test_what_cannot_fail_is_refused(name, told):
    with pytest.raises(ScenarioError, match=told) as refusal:
        built("hgx-rail").without([name])
    assert refusal.value.field == "failures"
