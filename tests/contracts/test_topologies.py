"""What every topology keeps to, whatever it draws."""

from collections import Counter
from itertools import permutations

import pytest

import gpu_catalog
from simcore.engine.fairness import allocate
from simcore.errors import ScenarioError
from simcore.topologies import TOPOLOGIES, NicMapping, NodeKind, Placement, load_topology
from simcore.topologies.graph import IN_NETWORK
from tests.topologies.fleets import GPUS, built, decode, fleet, names, prefill, whole

NAMES = TOPOLOGIES.names()


@pytest.fixture(params=NAMES)
def topology(request):
    return built(request.param, stages=3, ranks=4)


def group_of(fabric):
    """The kind of wire of each channel."""
    return {channel: wire.group for wire in fabric.wires for channel in wire.channels}


def test_there_is_a_path_between_any_two_gpus_and_it_is_the_same_at_every_call(topology):
    for source, target in permutations(topology.places, 2):
        path = topology.path(source, target)
        assert path and set(path) <= set(topology.channels)
        assert topology.path(source, target) is path
        assert topology.paths(source, target) == (path,)


def test_a_path_is_an_unbroken_walk(topology):
    ends = {wire.out: wire.ends for wire in topology.wires}
    ends |= {wire.into: wire.ends[::-1] for wire in topology.wires if wire.into is not wire.out}
    shared = {wire.out for wire in topology.wires if wire.into is wire.out}
    for source, target in permutations(topology.places, 2):
        here = topology.places[source]
        for channel in topology.path(source, target):
            a, b = ends[channel]
            # A half-duplex wire is gone from whichever end one stands at.
            if channel in shared and here == b:
                a, b = b, a
            assert a == here, f"{channel.name} does not begin where the path stands"
            here = b
        assert here == topology.places[target]


def test_no_path_passes_a_gpu_or_crosses_a_full_duplex_wire_twice(topology):
    lanes = {}
    for wire in topology.wires:
        for channel in wire.channels:
            lanes[channel] = wire
    gpus = {node.number for node in topology.nodes if node.kind is NodeKind.GPU}
    for source, target in permutations(topology.places, 2):
        path = topology.path(source, target)
        own = {topology.places[source], topology.places[target]}
        assert not {end for c in path for end in lanes[c].ends} & gpus - own
        twice = [c for c, count in Counter(path).items() if count > 1]
        assert all(lanes[c].out is lanes[c].into for c in twice)


def test_the_two_directions_of_full_duplex_wires_share_no_channel(topology):
    # What a host without peer-to-peer passes on crosses its memory, whose bus is half duplex.
    buses = {wire.out for wire in topology.wires if wire.out is wire.into}
    assert {group_of(topology)[bus] for bus in buses} <= {"host memory"}
    for source, target in permutations(topology.places, 2):
        both = set(topology.path(source, target)) & set(topology.path(target, source))
        assert both <= buses


@pytest.mark.parametrize("name", NAMES)
def test_the_two_directions_of_half_duplex_wires_share_their_channel(name):
    fabric = built(name, stages=2, ranks=2, full_duplex=False)
    for wire in fabric.wires:
        assert wire.out is wire.into
    # The same wires unless spines are chosen, which is by who receives.
    forth, back = fabric.path(prefill(0), prefill(1)), fabric.path(prefill(1), prefill(0))
    assert set(forth) == set(back)


def test_the_way_back_is_over_wires_of_the_same_kinds(topology):
    groups = group_of(topology)
    for source, target in permutations(topology.places, 2):
        forth = [groups[channel] for channel in topology.path(source, target)]
        back = [groups[channel] for channel in topology.path(target, source)]
        assert forth == back[::-1]


def test_channels_nodes_and_wires_have_names_of_their_own(topology):
    assert len({c.name for c in topology.channels}) == len(topology.channels)
    assert len({wire.name for wire in topology.wires}) == len(topology.wires)
    assert len({node.name for node in topology.nodes}) == len(topology.nodes)
    assert sum(map(len, topology.groups.values())) == len(topology.channels)
    for wire in topology.wires:
        assert topology.channels_called(wire.name) == wire.channels
        assert set(wire.channels) <= set(topology.channels_called(wire.group))


def test_every_link_in_use_is_one_of_the_catalog(topology):
    assert topology.links
    for link in topology.links:
        assert gpu_catalog.link(link).name == link


@pytest.mark.parametrize("name", NAMES)
def test_it_is_built_the_same_every_time(name):
    one, other = built(name), built(name)
    assert names(one.channels) == names(other.channels)
    assert [c.bandwidth_bps for c in one.channels] == [c.bandwidth_bps for c in other.channels]
    for source, target in permutations(list(one.places)[::5], 2):
        assert names(one.path(source, target)) == names(other.path(source, target))


def test_every_rank_sits_on_a_gpu_of_its_own(topology):
    assert len(topology.places) == 24
    assert len(set(topology.places.values())) == 24
    for number, node in enumerate(topology.nodes):
        assert node.number == number
        # Only switches of networks and of NVLink domains are in no machine.
        assert node.machine or node.kind in IN_NETWORK or node.kind is NodeKind.NVSWITCH
    assert all(topology.nodes[n].kind is NodeKind.GPU for n in topology.places.values())


@pytest.mark.parametrize("over", [1.0, 1.5, 2.0, 5.0])
@pytest.mark.parametrize("name", NAMES)
def test_what_a_leaf_has_below_over_what_it_has_above_is_the_oversubscription(name, over):
    fabric = built(name, oversubscription=over)
    below, above = Counter(), Counter()
    for wire in fabric.wires:
        kinds = {fabric.nodes[end].kind: end for end in wire.ends}
        if NodeKind.LEAF in kinds and NodeKind.NIC in kinds:
            below[kinds[NodeKind.LEAF]] += wire.out.bandwidth_bps
        if NodeKind.LEAF in kinds and NodeKind.SPINE in kinds:
            above[kinds[NodeKind.LEAF]] += wire.out.bandwidth_bps
    for leaf, bandwidth in above.items():
        assert below[leaf] / bandwidth == pytest.approx(over, rel=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_shards_between_namesakes_get_as_much_as_the_network_has(name):
    """Every rank sends to its namesake at once: with enough above the leaves, NICs are the limit.

    Only one shard each crosses a NIC, so their rates are those of NICs, or of a slower wire that
    several share by design: a WAN, the bus of a host without peer-to-peer, a decode server's cable.
    """
    fabric = built(name, stages=2, ranks=4)
    paths = [fabric.path(prefill(i), decode(i)) for i in range(8)]
    capacity = {channel: channel.bandwidth_bps for path in paths for channel in path}
    rates, bottlenecks = allocate(paths, [1] * len(paths), capacity)
    shared = Counter(channel for path in paths for channel in path)
    groups = group_of(fabric)
    for path, rate, bottleneck in zip(paths, rates, bottlenecks, strict=True):
        assert rate == pytest.approx(min(c.bandwidth_bps / shared[c] for c in path))
        assert groups[bottleneck] not in {"leaf uplinks", "site uplinks"}


@pytest.mark.parametrize("name", NAMES)
def test_a_dead_switch_or_nic_is_gone_around_or_named(name):
    """Whatever fails, either a path avoids it or an error names what is unreachable."""
    fabric = built(name, stages=2, ranks=2, nics=2)
    for node in fabric.nodes:
        if node.kind is NodeKind.GPU:
            continue
        rest = fabric.without([node.name])
        dead = {c for wire in fabric.wires if node.number in wire.ends for c in wire.channels}
        for source, target in permutations(fabric.places, 2):
            try:
                path = rest.path(source, target)
            except ScenarioError as error:
                assert str(source) in str(error) and str(target) in str(error)
                assert f"restore {node.name}" in str(error)
                assert error.field == "failures"
            else:
                assert not set(path) & dead
                assert set(path) <= set(fabric.channels)


@pytest.mark.parametrize("name", NAMES)
def test_what_does_not_cross_a_dead_nic_goes_as_before(name):
    fabric = built(name, stages=2, ranks=4, nics=4)
    nic = next(node for node in fabric.nodes if node.kind is NodeKind.NIC)
    dead = {c for wire in fabric.wires if nic.number in wire.ends for c in wire.channels}
    rest = fabric.without([nic.name])
    pairs = list(permutations(fabric.places, 2))
    spared = [pair for pair in pairs if not set(fabric.path(*pair)) & dead]
    assert len(spared) > 0
    assert all(rest.path(*pair) == fabric.path(*pair) for pair in spared)


@pytest.mark.parametrize("mapping", NicMapping)
@pytest.mark.parametrize("name", NAMES)
def test_striped_paths_are_disjoint_between_the_nics(name, mapping):
    fabric = built(name, stages=1, ranks=8, nics=4, mapping=mapping)
    paths = fabric.paths(prefill(1), decode(6))
    assert len(paths) == (4 if mapping is NicMapping.STRIPED else 1)
    cables = [
        channel
        for wire in fabric.wires
        if {fabric.nodes[end].kind for end in wire.ends} & IN_NETWORK
        for channel in (wire.out,)
        if any(fabric.nodes[end].kind is NodeKind.NIC for end in wire.ends)
    ]
    sent = [next(c for c in path if c in cables) for path in paths]
    assert len(set(sent)) == len(paths)


@pytest.mark.parametrize("placement", Placement)
@pytest.mark.parametrize("name", NAMES)
def test_a_placement_is_kept_or_refused(name, placement):
    try:
        fabric = built(name, stages=2, ranks=2, placement=placement)
    except ScenarioError as error:
        assert error.field == "placement" and "use across" in str(error)
        assert name in ("reference", "two-sites")
        return
    machines, racks = ({p: set() for p in ("prefill", "decode")} for _ in range(2))
    for place, number in fabric.places.items():
        machines[place.pool].add(fabric.nodes[number].machine)
        racks[place.pool].add(fabric.nodes[number].rack)
    domains = sum(node.kind is NodeKind.NVSWITCH for node in fabric.nodes)
    match placement:
        case Placement.SAME_NODE:
            # An NVLink domain of many machines counts as one.
            assert machines["prefill"] == machines["decode"] or domains == 1
        case Placement.SAME_RACK:
            assert racks["prefill"] == racks["decode"] and len(racks["decode"]) == 1
            assert not machines["prefill"] & machines["decode"]
        case Placement.ACROSS if name != "reference":
            assert not racks["prefill"] & racks["decode"]
    # In order of rank, GPU by GPU.
    for pool in ("prefill", "decode"):
        numbers = [fabric.places[place] for place in whole(fabric, pool)]
        assert numbers == sorted(numbers)


@pytest.mark.parametrize("name", NAMES)
def test_any_two_gpus_of_the_catalog_are_joined_or_refused_in_words(name):
    for gpu in gpu_catalog.gpus():
        for other in GPUS:
            try:
                fabric = TOPOLOGIES[name](fleet(gpu.name, other, stages=1, ranks=2, nics=1))
            except ScenarioError as error:
                assert error.field == "topology"
                assert gpu.name in str(error) or other in str(error)
            else:
                assert fabric.path(prefill(0), decode(1))


def test_the_example_of_the_documentation_keeps_to_it_too(repository, monkeypatch):
    monkeypatch.setenv(gpu_catalog.TOPOLOGIES_VARIABLE, "")
    name = load_topology(repository / "examples" / "topologies" / "two-servers.toml")
    fabric = TOPOLOGIES[name](fleet(stages=2, ranks=2, nics=2))
    test_there_is_a_path_between_any_two_gpus_and_it_is_the_same_at_every_call(fabric)
    test_a_path_is_an_unbroken_walk(fabric)
    test_no_path_passes_a_gpu_or_crosses_a_full_duplex_wire_twice(fabric)
    test_the_way_back_is_over_wires_of_the_same_kinds(fabric)
    test_channels_nodes_and_wires_have_names_of_their_own(fabric)
