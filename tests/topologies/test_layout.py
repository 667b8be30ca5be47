"""Where a drawing puts nodes."""

from itertools import pairwise

from simcore.topologies import NodeKind
from simcore.topologies.layout import ROWS
from tests.topologies.fleets import built


def test_rows_are_in_order_from_the_network_down_to_nvlink():
    fabric = built("hgx-rail", nics=8)
    height = {node.kind: y for node, (_, y) in zip(fabric.nodes, fabric.positions, strict=True)}
    drawn = [kind for row in ROWS for kind in row if kind in height]
    assert drawn == sorted(drawn, key=height.get)
    assert height[NodeKind.SPINE] < height[NodeKind.NIC] < height[NodeKind.GPU]


def test_the_devices_of_a_machine_are_together_and_machines_do_not_overlap():
    fabric = built("hgx-rail", stages=4, ranks=8, nics=8)
    span = {}
    for node, (x, _) in zip(fabric.nodes, fabric.positions, strict=True):
        if node.machine:
            left, right = span.get(node.machine, (x, x))
            span[node.machine] = min(left, x), max(right, x)
    in_order = sorted(span.values())
    assert list(span.values()) == in_order
    assert all(one[1] < other[0] for one, other in pairwise(in_order))


def test_a_switch_of_many_machines_is_in_the_middle_of_its_gpus():
    fabric = built("nvl72", stages=1, ranks=8)
    for wire in fabric.wires:
        if wire.group == "NVLink":
            gpu, switch = wire.ends
            assert abs(fabric.positions[gpu][0] - fabric.positions[switch][0]) < 0.3
