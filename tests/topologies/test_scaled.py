"""Other bandwidths: of others' traffic on a wire, or of a faster one."""

import pytest

from simcore.errors import ScenarioError
from simcore.topologies import NicMapping
from tests.topologies.fleets import built, decode, names, prefill


def rates(fabric):
    return {channel.name: channel.bandwidth_bps for channel in fabric.channels}


def test_a_share_is_taken_from_a_channel_a_wire_or_a_kind():
    fabric = built("hgx-rail", stages=1, ranks=8)
    before = rates(fabric)
    after = rates(
        fabric.scaled({"node 0 NIC 0 cable out": 0.7, "node 1 NIC 1 cable": 0.5, "NVLink": 0.9})
    )
    changed = {name: after[name] / before[name] for name in before if after[name] != before[name]}
    nvlink = [name for name in before if " NVLink" in name]
    assert changed == pytest.approx(
        {
            "node 0 NIC 0 cable out": 0.7,
            "node 1 NIC 1 cable out": 0.5,
            "node 1 NIC 1 cable in": 0.5,
            **dict.fromkeys(nvlink, 0.9),
        }
    )


def test_what_several_names_mean_is_multiplied():
    fabric = built("hgx-rail", stages=1, ranks=8)
    after = rates(fabric.scaled({"NIC cables": 0.5, "node 0 NIC 0 cable": 0.5}))
    assert after["node 0 NIC 0 cable in"] == pytest.approx(
        rates(fabric)["node 0 NIC 0 cable in"] / 4
    )


def test_paths_are_as_before_and_untouched_channels_the_same_objects():
    fabric = built("hgx-rail", stages=1, ranks=8, mapping=NicMapping.NEAREST)
    scaled = fabric.scaled({"NIC cables": 0.5})
    forth, then = fabric.path(prefill(1), decode(6)), scaled.path(prefill(1), decode(6))
    assert names(forth) == names(then)
    assert [a is b for a, b in zip(forth, then, strict=True)] == [
        "cable" not in name for name in names(forth)
    ]


def test_a_half_duplex_wire_keeps_its_one_channel():
    fabric = built("pcie-host", stages=1, ranks=2).scaled({"node 0 memory bus": 0.5})
    [wire] = [wire for wire in fabric.wires if wire.name == "node 0 memory bus"]
    assert wire.out is wire.into and wire.out.bandwidth_bps == pytest.approx(307.2e9 / 2)


def test_failures_and_shares_hold_together():
    fabric = built("hgx-rail", stages=1, ranks=8).without(["node 0 NIC 0"]).scaled({"NVLink": 0.5})
    assert fabric.down == {"node 0 NIC 0"}


def test_a_name_of_nothing_is_refused():
    with pytest.raises(ScenarioError, match=r"did you mean .*node 0 NIC 0 cable") as refusal:
        built("hgx-rail").scaled({"node 0 NIC 0 cabel": 0.5})
    assert refusal.value.field == "background"
