"""Where a fabric's nodes are drawn: apart, machines on their sides, the network between them."""

from itertools import pairwise

import pytest

from app.figures.fabric import Dot, places


def machine(name, pool, gpus):
    """A PCIe switch with GPUs and a NIC; the NIC is the last."""
    dots = [Dot("pcie-switch", name, "")]
    dots += [Dot("gpu", name, pool) for _ in range(gpus)]
    return [*dots, Dot("nic", name, "")]


def fabric(*machines):
    """Machines on one leaf switch, which comes last."""
    dots, wires, nics = [], [], []
    for name, pool, gpus in machines:
        first = len(dots)
        dots += machine(name, pool, gpus)
        wires += [(first, first + 1 + n) for n in range(gpus + 1)]
        nics.append(len(dots) - 1)
    dots.append(Dot("leaf", "", ""))
    return dots, wires + [(nic, len(dots) - 1) for nic in nics]


def test_what_goes_from_prefill_to_decode_goes_downwards():
    dots, wires = fabric(("a", "prefill", 3), ("b", "decode", 2))
    at = places(dots, wires)
    y = {(dot.kind, dot.machine): height for dot, height in zip(dots, at.y, strict=True)}
    way = [("gpu", "a"), ("pcie-switch", "a"), ("nic", "a"), ("leaf", ""), ("nic", "b"),
           ("pcie-switch", "b"), ("gpu", "b")]  # fmt: skip
    assert all(y[before] < y[after] for before, after in pairwise(way))


def test_where_machines_serve_both_pools_all_are_above():
    dots, wires = fabric(("a", "prefill", 2), ("b", "prefill", 2))
    dots[2] = Dot("gpu", "a", "decode")
    at = places(dots, wires)
    assert max(at.y[:-1]) < at.y[-1]


def test_a_fabric_that_only_decodes_is_not_upside_down():
    dots, wires = fabric(("a", "decode", 2))
    at = places(dots, wires)
    assert at.y[1] < at.y[0] < at.y[3] < at.y[4]


@pytest.mark.parametrize("gpus", [1, 2, 8])
def test_nodes_of_a_row_stand_apart_inside_the_drawing(gpus):
    machines = [(f"p{n}", "prefill", gpus) for n in range(4)]
    machines += [(f"d{n}", "decode", gpus) for n in range(3)]
    dots, wires = fabric(*machines)
    at = places(dots, wires)
    spots = sorted(zip(at.y, at.x, strict=True))
    for (row, left), (other_row, right) in pairwise(spots):
        assert row != other_row or right - left >= 0.99
    assert min(at.x) > 0 and max(at.x) < at.width
    assert min(at.y) > 0 and max(at.y) < at.height
    frames = {box.machine: box for box in at.boxes}
    assert set(frames) == {name for name, *_ in machines}
    for dot, x, y in zip(dots, at.x, at.y, strict=True):
        if dot.machine:
            box = frames[dot.machine]
            assert box.left <= x <= box.right and box.top <= y <= box.bottom


def test_switches_stand_in_the_order_of_what_they_join():
    """Leaves whose machines are from right to left cross no wires."""
    dots, wires = fabric(("a", "prefill", 2), ("b", "prefill", 2), ("c", "prefill", 2))
    nics = [number for number, dot in enumerate(dots) if dot.kind == "nic"]
    first = len(dots) - 1
    dots += [Dot("leaf", "", ""), Dot("leaf", "", "")]
    wires = [wire for wire in wires if first not in wire]
    wires += list(zip(nics, [first + 2, first + 1, first], strict=True))
    at = places(dots, wires)
    assert at.x[first] > at.x[first + 1] > at.x[first + 2]


def test_the_switches_of_each_side_are_on_it():
    dots, wires = fabric(("a", "prefill", 1), ("b", "decode", 1))
    nics = [number for number, dot in enumerate(dots) if dot.kind == "nic"]
    leaf = len(dots) - 1
    dots += [Dot("leaf", "", ""), Dot("router", "", ""), Dot("router", "", "")]
    wires = [wire for wire in wires if leaf not in wire]
    way = [nics[0], leaf, leaf + 2, leaf + 3, leaf + 1, nics[1]]
    at = places(dots, wires + list(pairwise(way)))
    assert all(at.y[before] < at.y[after] for before, after in pairwise(way))


def test_an_nvlink_domain_over_machines_of_both_pools_is_between_them():
    dots = [Dot("gpu", "a", "prefill"), Dot("gpu", "b", "decode"), Dot("nvswitch", "", "")]
    at = places(dots, [(0, 2), (1, 2)])
    assert at.y[0] < at.y[2] < at.y[1]


def test_wires_along_a_row_have_room_for_arcs_on_the_far_side():
    dots, wires = fabric(("a", "prefill", 3), ("b", "decode", 3))
    gpus = [number for number, dot in enumerate(dots) if dot.kind == "gpu"]
    past = [(gpus[0], gpus[2]), (gpus[5], gpus[3])]
    flat, arched = places(dots, wires), places(dots, [*wires, *past, gpus[:2]])
    assert arched.arcs == [*(False for _ in wires), True, True, False]
    assert arched.height > flat.height + 1
    above, below = arched.boxes
    assert above.top < min(arched.y[number] for number in gpus[:3]) - 0.5
    assert below.bottom > max(arched.y[number] for number in gpus[3:]) + 0.5
    assert above.top > 0 and below.bottom < arched.height
    assert places(dots, [*wires, gpus[:2]]).height == flat.height
    assert flat.height < places(dots, [*wires, past[0]]).height < arched.height
