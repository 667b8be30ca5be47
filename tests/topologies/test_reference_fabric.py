"""The specification's drawing: which channels lie between two GPUs, and which are shared."""

import pytest

import gpu_catalog
from simcore.errors import ScenarioError
from simcore.topologies import (
    TOPOLOGIES,
    Fleet,
    NicMapping,
    Place,
    Placement,
    PoolSize,
    ReferenceFabric,
)
from simcore.topologies.reference import LINKS

LANE, NDR, ETHERNET = "PCIe Gen5 x16", "Infiniband NDR", "Ethernet 100G"


def fabric(full_duplex=True, nics=2):
    return ReferenceFabric(
        prefill_gpus=4,
        decode_gpus=3,
        prefill_nics=nics,
        link=gpu_catalog.link,
        full_duplex=full_duplex,
    )


def prefill(rank):
    return Place("prefill", rank)


def decode(rank):
    return Place("decode", rank)


def names(path):
    return [channel.name for channel in path]


def test_prefill_activations_cross_two_lanes():
    path = fabric().path(prefill(1), prefill(2))
    assert names(path) == ["prefill GPU 1 lane out", "prefill GPU 2 lane in"]
    assert {c.bandwidth_bps for c in path} == {gpu_catalog.link(LANE).bandwidth}


def test_a_handoff_crosses_lane_nic_two_cables_nic_and_lane():
    path = fabric().path(prefill(3), decode(2))
    assert names(path) == [
        "prefill GPU 3 lane out",
        "prefill NIC 1 lane out",
        "prefill NIC 1 cable out",
        "decode 2 IB cable in",
        "decode 2 IB lane in",
        "decode GPU 2 lane in",
    ]
    links = [LANE, LANE, NDR, NDR, LANE, LANE]
    assert [c.bandwidth_bps for c in path] == [gpu_catalog.link(n).bandwidth for n in links]
    assert [c.latency_s for c in path] == [gpu_catalog.link(n).latency for n in links]


def test_decode_activations_go_over_ethernet():
    path = fabric().path(decode(0), decode(1))
    assert names(path) == [
        "decode GPU 0 lane out",
        "decode 0 Ethernet lane out",
        "decode 0 Ethernet cable out",
        "decode 1 Ethernet cable in",
        "decode 1 Ethernet lane in",
        "decode GPU 1 lane in",
    ]
    links = [LANE, LANE, ETHERNET, ETHERNET, LANE, LANE]
    assert [c.bandwidth_bps for c in path] == [gpu_catalog.link(n).bandwidth for n in links]


@pytest.mark.parametrize("nics", [1, 2, 3, 4])
def test_stage_r_hands_over_through_nic_r_mod_k(nics):
    machine = fabric(nics=nics)
    cables = [machine.path(prefill(r), decode(0))[2] for r in range(4)]
    for r in range(4):
        assert [r2 for r2 in range(4) if cables[r2] is cables[r]] == [
            r2 for r2 in range(4) if r2 % nics == r % nics
        ]


def test_full_duplex_directions_are_channels_of_their_own():
    machine = fabric()
    forth, back = machine.path(prefill(0), prefill(1)), machine.path(prefill(1), prefill(0))
    assert not set(forth) & set(back)
    # Receiving activations does not slow a stage's own sending.
    assert not set(forth) & set(machine.path(prefill(1), decode(0)))


def test_half_duplex_directions_share_a_channel():
    machine = fabric(full_duplex=False)
    forth, back = machine.path(prefill(0), prefill(1)), machine.path(prefill(1), prefill(0))
    assert set(forth) == set(back)
    assert set(forth) & set(machine.path(prefill(1), decode(0)))


@pytest.mark.parametrize("full_duplex", [True, False])
def test_every_channel_is_listed_once_and_paths_are_made_of_them(full_duplex):
    machine = fabric(full_duplex)
    wires = 4 + 2 + 2 + 3 + 3 + 3 + 3 + 3
    assert len(machine.channels) == wires * (2 if full_duplex else 1)
    assert len({c.name for c in machine.channels}) == len(machine.channels)
    ways = [(prefill(a), decode(b)) for a in range(4) for b in range(3)]
    ways += [(prefill(0), prefill(3)), (decode(2), decode(0))]
    for source, target in ways:
        path = machine.path(source, target)
        assert set(path) <= set(machine.channels)
        again = machine.path(source, target)
        assert all(a is b for a, b in zip(path, again, strict=True))


def test_the_way_back_takes_the_other_channels_of_the_same_wires():
    machine = fabric()
    other = {wire.out: wire.into for wire in machine.wires}
    other |= {wire.into: wire.out for wire in machine.wires}
    forth, back = machine.path(prefill(1), decode(0)), machine.path(decode(0), prefill(1))
    assert back == tuple(other[channel] for channel in reversed(forth))


def test_the_gpus_of_a_decode_stage_share_a_server():
    machine = ReferenceFabric(
        prefill_gpus=4,
        decode_gpus=4,
        decode_server_gpus=2,
        prefill_nics=1,
        link=gpu_catalog.link,
        full_duplex=True,
    )
    assert names(machine.path(decode(2), decode(3))) == [
        "decode GPU 2 lane out",
        "decode GPU 3 lane in",
    ]
    assert "decode 1 Ethernet cable in" in names(machine.path(decode(0), decode(3)))


def test_links_are_named_once_each():
    assert fabric().links == LINKS == (LANE, NDR, ETHERNET)


def test_pools_that_share_a_machine_are_refused():
    h100 = gpu_catalog.gpu("NVIDIA H100")
    pools = [PoolSize(name=name, gpu=h100, stages=2, ranks=1) for name in ("prefill", "decode")]
    fleet = Fleet(
        prefill=pools[0],
        decode=pools[1],
        placement=Placement.SAME_NODE,
        nics=1,
        mapping=NicMapping.MODULO,
        oversubscription=1.0,
        link=gpu_catalog.link,
        full_duplex=True,
    )
    with pytest.raises(ScenarioError, match="use across") as refusal:
        TOPOLOGIES["reference"](fleet)
    assert refusal.value.field == "placement"
