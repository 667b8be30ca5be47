"""Which rank sits where: placement, stages that stay together, and what does not fit."""

import pytest

from simcore.errors import ScenarioError
from simcore.topologies import TOPOLOGIES, Placement
from tests.topologies.fleets import built, decode, fleet, prefill, whole


def machines(fabric, pool):
    """The machine of each rank."""
    return [fabric.nodes[fabric.places[place]].machine for place in whole(fabric, pool)]


def test_ranks_fill_machines_stage_by_stage():
    fabric = built("hgx-rail", stages=4, ranks=4)
    assert machines(fabric, "prefill") == ["node 0"] * 8 + ["node 1"] * 8
    assert machines(fabric, "decode") == ["node 2"] * 8 + ["node 3"] * 8


def test_a_stage_that_does_not_fit_into_the_rest_begins_on_the_next_machine():
    fabric = built("hgx-rail", stages=3, ranks=3)
    assert machines(fabric, "prefill") == ["node 0"] * 6 + ["node 1"] * 3


def test_a_stage_larger_than_a_machine_is_spread_over_whole_ones():
    fabric = built("hgx-rail", stages=2, ranks=12)
    assert machines(fabric, "prefill") == (
        ["node 0"] * 8 + ["node 1"] * 4 + ["node 2"] * 8 + ["node 3"] * 4
    )


def test_a_stage_may_use_all_of_an_nvlink_domain():
    fabric = TOPOLOGIES["nvl72"](fleet("NVIDIA GB200", stages=2, ranks=36))
    assert len(set(machines(fabric, "prefill"))) == 18
    assert len({fabric.nodes[n].rack for p, n in fabric.places.items() if p.pool == "prefill"}) == 1


def test_on_one_machine_the_decode_pool_follows_the_prefill_pool():
    fabric = built("hgx-rail", stages=1, ranks=3, decode_ranks=5, placement=Placement.SAME_NODE)
    assert set(machines(fabric, "prefill") + machines(fabric, "decode")) == {"node 0"}
    assert fabric.nodes[fabric.places[decode(0)]].label == "GPU 3"
    assert len(fabric.path(prefill(0), decode(0))) == 2


def test_in_one_domain_the_decode_pool_begins_on_a_tray_of_its_own():
    fabric = built("nvl72", stages=1, ranks=6, placement=Placement.SAME_RACK)
    assert machines(fabric, "prefill")[-1] == "node 1"
    assert machines(fabric, "decode")[0] == "node 2"
    assert len(fabric.path(prefill(0), decode(0))) == 2


def test_each_pool_stands_in_the_machines_that_its_gpus_come_in():
    fabric = TOPOLOGIES["hgx-rail"](fleet("NVIDIA H100", "NVIDIA RTX PRO 6000", stages=1))
    groups = {wire.group for wire in fabric.wires if fabric.nodes[wire.ends[0]].machine == "node 1"}
    assert "NVLink" not in groups and "GPU lanes" in groups


@pytest.mark.parametrize(
    ("name", "changes", "told"),
    [
        (
            "hgx-rail",
            {"ranks": 5, "stages": 1, "placement": Placement.SAME_NODE},
            "placement = same node: 5 and 5 GPUs do not fit into the 8 of a machine; "
            "use same rack or across, or fewer stages or GPUs",
        ),
        (
            "hgx-rail",
            {"ranks": 8, "stages": 4, "placement": Placement.SAME_RACK},
            "placement = same rack: 8 machines are more than the 4 of a rack; use across, or "
            "fewer stages or GPUs",
        ),
        (
            "hgx-rail",
            {"decode": "NVIDIA H200", "stages": 1, "ranks": 1, "placement": Placement.SAME_NODE},
            "placement = same node: one machine holds one kind of GPU, not NVIDIA H100 and NVIDIA "
            "H200; use same rack or across, or fewer stages or GPUs",
        ),
        (
            "nvl72",
            {
                "prefill": "NVIDIA GB200",
                "ranks": 36,
                "stages": 1,
                "decode_ranks": 37,
                "placement": Placement.SAME_RACK,
            },
            "placement = same rack: 36 and 37 GPUs do not fit into the 72 of an NVLink domain; use "
            "across, or fewer stages or GPUs",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_what_does(name, changes, told):
    with pytest.raises(ScenarioError) as refusal:
        TOPOLOGIES[name](fleet(**changes))
    assert str(refusal.value) == told
    assert refusal.value.field == "placement"


@pytest.mark.parametrize("name", ["hgx-rail", "reference"])
def test_more_gpus_than_are_drawn_are_refused(name):
    with pytest.raises(ScenarioError, match="4,097 GPUs are more than 4,096") as refusal:
        TOPOLOGIES[name](fleet(stages=256, ranks=8, decode_stages=2049, decode_ranks=1))
    assert refusal.value.field == "topology"


@pytest.mark.parametrize(
    ("name", "gpu", "told"),
    [
        ("hgx-rail", "NVIDIA L40S", "NVIDIA L40S does not come in HGX machines; choose a GPU like"),
        ("nvl72", "NVIDIA H100", "NVIDIA H100 does not come in NVLink domains"),
        ("mi300x", "NVIDIA H100", "choose a GPU like AMD Instinct MI300X"),
        ("pcie-host", "NVIDIA H100", "NVIDIA H100 does not come in PCIe servers"),
        ("two-sites", "Google TPU v5e", "no machine is known for Google TPU v5e"),
        (
            "hgx-rail",
            "Google TPU v6e",
            "ports, which joins 256, is none of the fabrics",
        ),
    ],
)
def test_gpus_that_do_not_come_in_such_machines_are_refused(name, gpu, told):
    with pytest.raises(ScenarioError, match=told) as refusal:
        TOPOLOGIES[name](fleet(gpu, stages=1, ranks=1, nics=1))
    assert refusal.value.field == "topology"
