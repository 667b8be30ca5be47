"""What both pools together can exchange: by hand, by maximum flow, and by the paths in use."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_flow

import gpu_catalog
from simcore.engine.fairness import allocate
from simcore.topologies import NodeKind
from tests.topologies.fleets import built, decode, prefill

MB = 1e6
NDR = gpu_catalog.link("Infiniband NDR").bandwidth
HDR = gpu_catalog.link("Infiniband HDR").bandwidth
WAN = gpu_catalog.link("Cross-DC (WAN)").bandwidth
MEMORY = 307.2e9

# Of pools of 32 GPUs: 4 machines each of 8 GPUs, or 8 trays of 4.
BY_HAND = [
    ("hgx-rail", 8, 1.0, 32 * NDR),
    ("hgx-rail", 8, 2.0, 32 * NDR / 2),
    ("hgx-rail", 2, 1.0, 8 * NDR),
    ("hgx-fat-tree", 8, 1.0, 32 * NDR),
    ("hgx-fat-tree", 8, 3.0, 32 * NDR / 3),
    ("hgx-fat-tree", 3, 1.0, 12 * NDR),
    ("nvl72", 4, 1.0, 32 * NDR),
    ("nvl72", 4, 4.0, 32 * NDR / 4),
    ("mi300x", 8, 1.0, 32 * NDR),
    ("pcie-p2p", 8, 1.0, 32 * HDR),
    # Bytes cross the memory twice on either side.
    ("pcie-host", 8, 1.0, 4 * MEMORY / 2),
    ("pcie-host", 2, 1.0, 8 * HDR),
    ("two-sites", 8, 1.0, WAN),
    # Four decode servers with a cable each.
    ("reference", 8, 1.0, 4 * NDR),
    ("reference", 1, 1.0, NDR),
]


def largest_flow(fabric) -> float:
    """From all prefill GPUs to all decode GPUs [byte/s]; GPUs and NICs pass on as they may."""
    entry = {node.number: 2 * node.number for node in fabric.nodes}
    edges = {}
    host_bus = {}
    for wire in fabric.wires:
        kinds = [fabric.nodes[end].kind for end in wire.ends]
        if NodeKind.MEMORY in kinds:
            host = wire.ends[1 - kinds.index(NodeKind.MEMORY)]
            host_bus[host] = wire.out.bandwidth_bps / 2
            continue
        for (a, b), channel in ((wire.ends, wire.out), (wire.ends[::-1], wire.into)):
            edges[entry[a] + 1, entry[b]] = channel.bandwidth_bps
    source, sink = 2 * len(fabric.nodes), 2 * len(fabric.nodes) + 1
    plenty = sum(edges.values())
    for node in fabric.nodes:
        inside = host_bus.get(node.number, plenty)
        if node.kind is not NodeKind.GPU:
            edges[entry[node.number], entry[node.number] + 1] = inside
    for place, number in fabric.places.items():
        if place.pool == "prefill":
            edges[source, entry[number] + 1] = plenty
        else:
            edges[entry[number], sink] = plenty
    rows, columns = np.array(list(edges)).T
    # Whole megabytes a second: the algorithm counts in whole numbers of 32 bits.
    capacity = np.minimum(np.array(list(edges.values())) / MB, 2**30).round().astype(np.int32)
    size = sink + 1
    graph = csr_matrix((capacity, (rows, columns)), shape=(size, size))
    return maximum_flow(graph, source, sink).flow_value * MB


@pytest.mark.parametrize(("name", "nics", "over", "by_hand"), BY_HAND)
def test_the_largest_flow_between_the_pools_is_as_by_hand(name, nics, over, by_hand):
    fabric = built(name, stages=4, ranks=8, nics=nics, oversubscription=over)
    # Half a megabyte a second is lost or won by rounding on each of the wires that bound it.
    assert largest_flow(fabric) == pytest.approx(by_hand, abs=0.5 * MB * len(fabric.wires))


@pytest.mark.parametrize("name", ["hgx-rail", "hgx-fat-tree", "mi300x", "pcie-p2p"])
@pytest.mark.parametrize("over", [1.0, 2.0, 4.0])
def test_namesakes_reach_it_with_a_nic_each(name, over):
    """Static routes attain the bisection bandwidth where every leaf sends to as many ports."""
    fabric = built(name, stages=4, ranks=8, nics=8, oversubscription=over)
    paths = [fabric.path(prefill(i), decode(i)) for i in range(32)]
    capacity = {channel: channel.bandwidth_bps for path in paths for channel in path}
    rates, _ = allocate(paths, [1] * 32, capacity)
    [by_hand] = {b for n, k, o, b in BY_HAND if (n, k, o) == (name, 8, 1.0)}
    assert sum(rates) == pytest.approx(by_hand / over)
