"""Topologies in files: what they may say, and what is refused with the place and a remedy."""

import re

import pytest

import gpu_catalog
from simcore.errors import ScenarioError
from simcore.topologies import NicMapping, NodeKind, Placement
from simcore.topologies.custom import CustomTopology
from simcore.topologies.drawing import drawing_in
from tests.topologies.fleets import decode, fleet, names, prefill

GOOD = """
name = "Pair"

[[machines]]
name = "a"
rack = "left"

[[machines]]
name = "b"
rack = "right"

[[devices]]
name = "a{}"
kind = "gpu"
machine = "a"
count = 3

[[devices]]
name = "b{}"
kind = "gpu"
machine = "b"
count = 3

[[devices]]
name = "a host"
kind = "host"
machine = "a"

[[devices]]
name = "b host"
kind = "host"
machine = "b"

[[devices]]
name = "a nic"
kind = "nic"
machine = "a"

[[devices]]
name = "b nic"
kind = "nic"
machine = "b"

[[wires]]
ends = ["a{}", "a host"]
link = "PCIe Gen5 x16"
count = 3

[[wires]]
ends = ["b{}", "b host"]
bandwidth_GBps = 20
latency_us = 1.5
full_duplex = false
group = "slow lanes"
count = 3

[[wires]]
ends = ["a host", "a nic"]
link = "PCIe5x16"

[[wires]]
ends = ["b host", "b nic"]
link = "PCIe Gen4"

[[wires]]
name = "cable"
ends = ["a nic", "b nic"]
link = "Ethernet 400G"
"""


def built(text=GOOD, **changes):
    changes = {"stages": 1, "ranks": 2, "nics": 1, **changes}
    return CustomTopology(drawing_in(text, "pair.toml"))(fleet(**changes))


def test_a_file_is_drawn_as_it_says():
    fabric = built()
    assert names(fabric.path(prefill(1), decode(0))) == [
        "a1 to a host out",
        "a host to a nic out",
        "cable out",
        "b host to b nic in",
        "b0 to b host",
    ]
    lane, nic, cable, _, slow = fabric.path(prefill(1), decode(0))
    gen5 = gpu_catalog.link("PCIe Gen5 x16")
    assert (lane.bandwidth_bps, lane.latency_s) == (gen5.bandwidth, gen5.latency)
    assert nic.bandwidth_bps == gen5.bandwidth
    assert (slow.bandwidth_bps, slow.latency_s) == (20e9, 1.5e-6)
    assert cable.bandwidth_bps == gpu_catalog.link("Ethernet 400G").bandwidth
    assert set(fabric.groups) == {"gpu to host", "slow lanes", "host to nic", "nic to nic"}
    assert fabric.links == ("PCIe Gen5 x16", "PCIe Gen4", "Ethernet 400G")
    assert {node.kind for node in fabric.nodes} == {NodeKind.GPU, NodeKind.HOST, NodeKind.NIC}


def test_all_wires_are_half_duplex_where_the_cost_model_has_them_so():
    assert all(wire.out is wire.into for wire in built(full_duplex=False).wires)


def test_a_file_may_say_who_serves_where():
    listed = 'prefill = ["b2", "a0"]\ndecode = ["a1", "b1"]\n' + GOOD
    fabric = built(listed)
    assert [fabric.nodes[fabric.places[p]].name for p in (prefill(0), prefill(1), decode(1))] == [
        "b2",
        "a0",
        "b1",
    ]
    with pytest.raises(ScenarioError, match=r"3 prefill GPUs.*the 2 that its file lists"):
        built(listed, ranks=3, decode_ranks=1)


@pytest.mark.parametrize(
    ("placement", "sizes", "expected"),
    [
        (Placement.ACROSS, (1, 3, 1, 2), ["a0", "a1", "a2", "b0", "b1"]),
        (Placement.SAME_NODE, (1, 2, 1, 1), ["a0", "a1", "a2"]),
        (Placement.ACROSS, (2, 1, 3, 1), ["a0", "a1", "b0", "b1", "b2"]),
    ],
)
def test_by_rule_ranks_follow_the_order_of_the_file(placement, sizes, expected):
    stages, ranks, decode_stages, decode_ranks = sizes
    fabric = built(
        placement=placement,
        stages=stages,
        ranks=ranks,
        decode_stages=decode_stages,
        decode_ranks=decode_ranks,
    )
    assert [fabric.nodes[number].name for number in fabric.places.values()] == expected


def test_a_stage_that_does_not_fit_begins_on_the_next_machine():
    one_rack = GOOD.replace('"right"', '"left"')
    fabric = built(
        one_rack,
        placement=Placement.SAME_NODE,
        stages=1,
        ranks=1,
        decode_ranks=2,
    )
    assert fabric.nodes[fabric.places[decode(1)]].name == "a2"
    fabric = built(one_rack, placement=Placement.SAME_RACK, ranks=2, decode_ranks=2)
    assert fabric.nodes[fabric.places[decode(0)]].name == "b0"


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"ranks": 7}, "topology", "7 prefill GPUs, 7 in each stage, are more than its 6"),
        ({"ranks": 3, "decode_ranks": 4}, "topology", "4 decode GPUs.*more than the 3 in racks"),
        ({"placement": Placement.SAME_NODE}, "placement", "no machine of Pair holds 2 prefill and"),
        ({"placement": Placement.SAME_RACK}, "placement", "no rack of Pair holds 2 prefill and 2"),
    ],
)
def test_more_ranks_than_gpus_are_refused(changes, field, told):
    with pytest.raises(ScenarioError, match=told) as refusal:
        built(**changes)
    assert refusal.value.field == field
    assert "; use " in str(refusal.value)


def test_only_as_many_nics_are_used_as_the_scenario_says():
    more = GOOD.replace(
        '[[wires]]\nname = "cable"',
        """[[devices]]
name = "a nic 2"
kind = "nic"
machine = "a"

[[wires]]
ends = ["a host", "a nic 2"]
link = "PCIe Gen4"

[[wires]]
ends = ["a nic 2", "b nic"]
link = "Ethernet 400G"

[[wires]]
name = "cable"\
""",
    )
    # Two cables are two networks: the first one that the file draws counts.
    assert "cable out" in names(built(more, nics=2).path(prefill(1), decode(0)))
    gone = built(more, nics=2).without(["cable"])
    assert "a nic 2 to b nic out" in names(gone.path(prefill(1), decode(0)))


def test_striped_over_the_nics_of_a_file(repository):
    path = repository / "examples" / "topologies" / "two-servers.toml"
    topology = CustomTopology(drawing_in(path.read_text(), path.name))
    for nics in (1, 2, 3):
        fabric = topology(fleet(stages=1, ranks=2, nics=nics, mapping=NicMapping.STRIPED))
        assert len(fabric.paths(prefill(0), decode(0))) == min(nics, 2)


BAD = [
    ("name =", "nom =", "unknown key 'nom'; use name"),
    ('name = "Pair"', "", "name = None; use a text in quotes"),
    ('name = "Pair"', 'name = "a; b"', "leave out ; and @"),
    ('name = "Pair"', 'name = "a  b"', "spaces at the ends or in a row"),
    ('name = "Pair"', f'name = "{"x" * 81}"', "80 printable characters at most"),
    ('name = "Pair"', 'name = "a\\u001b"', "80 printable characters at most"),
    ('name = "Pair"', "name = ", "this is not TOML"),
    ('name = "b"\nrack', 'name = "a"\nrack', "two machines are called 'a'; rename one"),
    ('kind = "host"\nmachine = "a"', 'kind = "host"\nmachine = "c"', "no machine is called 'c'"),
    ('kind = "host"\nmachine = "a"', 'kind = "host"', "a host is in a machine; say `machine`"),
    ('kind = "host"\nmachine = "a"', 'kind = "leaf"\nmachine = "a"', "a leaf is in no machine"),
    ('kind = "host"', 'kind = "router 7"', "kind = 'router 7'; use one of gpu, nvswitch"),
    (
        'name = "a host"',
        'name = "a1"',
        "a device is called 'a1' already, that of number 1 of devices[0]",
    ),
    ('kind = "gpu"', 'kind = "nic"', "fewer than two devices of kind"),
    ('ends = ["a{}", "a host"]', 'ends = ["a{}", "a hots"]', "leads nowhere.*mean 'a host'?"),
    ('ends = ["a{}", "a host"]', 'ends = ["a{}"]', "name two devices"),
    ('ends = ["a{}", "a host"]', 'ends = ["a{}", 3]', "leads nowhere: no device is called 3"),
    ('ends = ["a{}", "a host"]', 'ends = ["a host", "a host"]', "to itself; name another"),
    ('ends = ["a nic", "b nic"]', 'ends = ["a nic", "b nic"]\nlatency_us = 1', "say either `link`"),
    ('link = "PCIe Gen5 x16"', 'link = "PCIe Gen9"', "link: unknown link 'PCIe Gen9'; closest"),
    ('link = "PCIe Gen5 x16"', "", "say either `link`"),
    ("bandwidth_GBps = 20", "bandwidth_GBps = 0", "would never deliver; use a number above 0"),
    ("bandwidth_GBps = 20", "bandwidth_GBps = -1", "use a number from 0 to 100000"),
    ("bandwidth_GBps = 20", "bandwidth_GBps = nan", "use a number from 0 to 100000"),
    ("bandwidth_GBps = 20", "bandwidth_GBps = true", "use a number from 0 to 100000"),
    ("latency_us = 1.5", "latency_us = 1e9", "latency_us = 1000000000.0; use a number"),
    ("latency_us = 1.5", "", "latency_us = None; use a number"),
    ("full_duplex = false", "full_duplex = 0", "use true or false"),
    ("count = 3", "count = 0", "use a whole number from 1"),
    ("count = 3", "count = 1000000000", "use a whole number from 1"),
    ('name = "cable"', 'name = "a nic"', "'a nic' is the name of a wire and of a device"),
    ('name = "cable"', 'name = "a0 to a host"', "of a wire and of another wire"),
    ('name = "cable"', 'name = "cable"\ngroup = "cable"', "the group 'cable' is called like"),
    ('ends = ["a host", "a nic"]', 'ends = ["b host", "a nic"]\nname = "x"', "no wires join 'b0'"),
]


@pytest.mark.parametrize(("old", "new", "told"), BAD)
def test_what_is_wrong_is_told_with_place_and_remedy(old, new, told):
    assert old in GOOD
    text = GOOD.replace(old, new) if "kind" in old else GOOD.replace(old, new, 1)
    with pytest.raises(ScenarioError) as refusal:
        drawing_in(text, "pair.toml")
    message = str(refusal.value)
    assert re.search(told.replace("[", r"\[").replace("?", r"\?"), message), message
    assert message.startswith("pair.toml: ") and "\n" not in message
    assert refusal.value.field == "topology"


@pytest.mark.parametrize(
    ("listed", "told"),
    [
        ('prefill = ["a0"]', "prefill and decode go together"),
        ('prefill = ["a0"]\ndecode = ["a0"]', "'a0' serves twice"),
        ('prefill = ["a00"]\ndecode = ["a1"]', "no GPU is called 'a00'; did you mean 'a0'"),
        ('prefill = ["a host"]\ndecode = ["a0"]', "no GPU is called 'a host'"),
        ("prefill = []\ndecode = []", "list the names of GPUs"),
        ("prefill = 3\ndecode = 4", "prefill = 3; list the names of GPUs"),
    ],
)
def test_a_list_of_gpus_that_is_wrong_is_refused(listed, told):
    with pytest.raises(ScenarioError, match=told):
        drawing_in(listed + GOOD, "pair.toml")


@pytest.mark.parametrize(
    ("added", "told"),
    [
        ('ends = ["a0", "b nic"]\nlink = "PCIe Gen4"\nname = "x"', None),
        ('ends = ["mem", "a0"]\nlink = "PCIe Gen4"', "cannot join a memory and a gpu"),
        ('ends = ["mem", "a nic"]\nlink = "PCIe Gen4"', "cannot join a memory and a nic"),
    ],
)
def test_kinds_that_no_wire_joins_are_refused(added, told):
    memory = '\n[[devices]]\nname = "mem"\nkind = "memory"\nmachine = "a"\n'
    text = GOOD + (memory if told else "") + f"\n[[wires]]\n{added}\n"
    if told is None:
        drawing_in(text, "pair.toml")
    else:
        with pytest.raises(ScenarioError, match=told):
            drawing_in(text, "pair.toml")


def test_a_gpu_does_not_reach_a_switch_of_a_network_but_through_a_nic():
    added = """
[[devices]]
name = "leaf"
kind = "leaf"

[[wires]]
ends = ["a0", "leaf"]
link = "Ethernet 400G"
"""
    with pytest.raises(ScenarioError, match="GPUs reach a network through a nic"):
        drawing_in(GOOD + added, "pair.toml")


def test_gpus_that_only_another_gpu_joins_are_told_when_they_are_to_send():
    fabric = built(GOOD.replace('ends = ["b host", "b nic"]', 'ends = ["b1", "b nic"]'))
    assert names(fabric.path(prefill(0), decode(1)))[-1] == "b1 to b nic in"
    with pytest.raises(ScenarioError, match="nothing joins prefill GPU 0 and decode GPU 0; add a"):
        fabric.path(prefill(0), decode(0))


def test_a_memory_is_on_one_host_alone():
    memory = '\n[[devices]]\nname = "mem"\nkind = "memory"\nmachine = "a"\n'
    wire = '\n[[wires]]\nends = ["mem", "a host"]\nbandwidth_GBps = 100\nlatency_us = 0\n'
    assert drawing_in(GOOD + memory + wire, "pair.toml")
    for text in (memory, memory + wire + wire.replace("[[wires]]", '[[wires]]\nname = "2"')):
        with pytest.raises(ScenarioError, match="the memory 'mem' needs one wire, to its host"):
            drawing_in(GOOD + text, "pair.toml")


def test_too_much_is_not_read_to_its_end():
    many = GOOD.replace("count = 3", "count = 30000", 1)
    with pytest.raises(ScenarioError, match="more than 8,192 devices"):
        drawing_in(many, "pair.toml")
    with pytest.raises(ScenarioError, match="at most 1 MiB"):
        drawing_in("#" * (2**20 + 1), "pair.toml")


def test_the_documentation_shows_messages_that_are_told(repository):
    """Each message of the how-to, is that of the example with a slip."""
    example = (repository / "examples" / "topologies" / "two-servers.toml").read_text()
    text = (repository / "docs" / "howto-topology.md").read_text()
    shown = [line.strip() for line in text.splitlines() if line.startswith("    mine.toml: ")]
    slips = [
        example.replace('ends = ["new GPU {}", ', 'ends = ["new GPU 4", '),
        example.replace('name = "new PCIe switch"', 'name = "new GPU 0"'),
    ]
    assert len(shown) == len(slips)
    for slip, message in zip(slips, shown, strict=True):
        with pytest.raises(ScenarioError) as refusal:
            drawing_in(slip, "mine.toml")
        assert str(refusal.value) == message
