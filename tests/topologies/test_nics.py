"""Through which NIC a GPU sends and receives, by mapping, machine and network."""

import pytest

from simcore.errors import ScenarioError
from simcore.topologies import TOPOLOGIES, NicMapping
from tests.topologies.fleets import built, decode, fleet, names, prefill


def nic_of(path, node):
    """The number of the NIC of `node` that a path crosses."""
    [number] = {
        name.split(" NIC ")[1].split()[0] for name in names(path) if name.startswith(f"{node} NIC ")
    }
    return int(number)


@pytest.mark.parametrize("nics", [1, 2, 3, 5, 8])
def test_modulo_gives_gpu_i_nic_i_mod_k(nics):
    fabric = built("hgx-rail", stages=1, ranks=8, nics=nics)
    for i in range(8):
        path = fabric.path(prefill(i), decode(7 - i))
        assert nic_of(path, "node 0") == i % nics
        assert nic_of(path, "node 1") == (7 - i) % nics


def test_nearest_takes_the_nic_on_the_same_pcie_switch():
    # Four switches, with two GPUs each; eight NICs are two on each switch, four one.
    for nics, expected in ((8, [0, 1, 2, 3, 4, 5, 6, 7]), (4, [0, 0, 1, 1, 2, 2, 3, 3])):
        fabric = built("hgx-rail", stages=1, ranks=8, nics=nics, mapping=NicMapping.NEAREST)
        paths = [fabric.path(prefill(i), decode(0)) for i in range(8)]
        assert [nic_of(path, "node 0") for path in paths] == expected
        assert not any("uplink" in name for path in paths for name in names(path)[:2])


def test_nearest_falls_back_to_the_host_where_no_switch_has_a_nic():
    fabric = built("hgx-rail", stages=1, ranks=8, nics=2, mapping=NicMapping.NEAREST)
    path = fabric.path(prefill(2), decode(0))
    assert names(path)[:3] == [
        "node 0 GPU 2 lane out",
        "node 0 PCIe switch 1 uplink out",
        "node 0 PCIe switch 0 uplink in",
    ]


def test_a_distant_nic_is_reached_over_the_host():
    fabric = built("hgx-rail", stages=1, ranks=8, nics=4)
    path = fabric.path(prefill(1), decode(0))
    assert names(path)[:4] == [
        "node 0 GPU 1 lane out",
        "node 0 PCIe switch 0 uplink out",
        "node 0 PCIe switch 1 uplink in",
        "node 0 NIC 1 lane out",
    ]


def test_stripes_go_from_each_nic_to_its_namesake():
    fabric = built("hgx-rail", stages=1, ranks=8, nics=4, mapping=NicMapping.STRIPED)
    paths = fabric.paths(prefill(5), decode(2))
    assert [(nic_of(p, "node 0"), nic_of(p, "node 1")) for p in paths] == [
        (0, 0), (1, 1), (2, 2), (3, 3)
    ]  # fmt: skip
    # A small transfer is not spread, and within a machine nothing is.
    assert nic_of(fabric.path(prefill(5), decode(2)), "node 0") == 5 % 4
    assert fabric.paths(prefill(0), prefill(1)) == (fabric.path(prefill(0), prefill(1)),)


def test_stripes_of_unequal_machines_use_all_nics_of_the_larger():
    fabric = TOPOLOGIES["nvl72"](
        fleet("NVIDIA GB200", "NVIDIA H100", ranks=4, stages=1, nics=8, mapping=NicMapping.STRIPED)
    )
    paths = fabric.paths(prefill(0), decode(0))
    assert [nic_of(path, "node 0") for path in paths] == [0, 1, 2, 3, 0, 1, 2, 3]
    assert [nic_of(path, "node 1") for path in paths] == list(range(8))


def test_stripes_leave_out_a_nic_that_is_down():
    fabric = built("hgx-rail", stages=1, ranks=8, nics=4, mapping=NicMapping.STRIPED)
    rest = fabric.without(["node 0 NIC 1"])
    paths = rest.paths(prefill(0), decode(0))
    assert {nic_of(path, "node 0") for path in paths} == {0, 2, 3}
    assert len(set(paths)) == len(paths)


def test_neighbours_receive_over_different_spines():
    fabric = built("hgx-fat-tree", stages=4, ranks=8, nics=8)
    spines = {
        name
        for i in range(32)
        for name in names(fabric.path(prefill(i), decode(i)))
        if "rack 1 leaf to spine" in name
    }
    assert len(spines) == 32


def test_more_nics_than_gpus_are_refused():
    with pytest.raises(ScenarioError, match="prefill_nics = 9: these machines have 8") as refusal:
        built("hgx-rail", nics=9)
    assert refusal.value.field == "prefill_nics"
