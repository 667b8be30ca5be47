"""Collectives against the algorithms they stand for."""

import numpy as np
import pytest

from simcore.costs.constants import FabricConstants, shipped
from simcore.costs.operators.collectives import (
    Collective,
    DirectConstants,
    Protocols,
    between_nodes_seconds,
    direct_seconds,
    peer_seconds,
    ring_seconds,
)

ALPHA = 1e-6
# The quick protocol is as good as none: its bandwidth is a millionth.
PLAIN = Protocols(
    quick_s=0.1,
    quick_hop_s=0.0,
    quick_share=1e-6,
    full_s=2 * ALPHA,
    full_hop_s=ALPHA,
    full_share=1.0,
    sharpness=100.0,
    few=0.0,
    gain=1.0,
)


def ring(kind, ranks, size):
    return ring_seconds(kind=kind, ranks=ranks, size=size, bandwidth=1e11, constants=PLAIN)


@pytest.mark.parametrize("ranks", [2, 4, 8])
def test_a_ring_all_reduce_takes_2_p_minus_1_hops_of_a_pth_each(ranks):
    """2 (p - 1) (α + n / (p β)): Patarasuk & Yuan, 2009."""
    expected = 2 * (ranks - 1) * (ALPHA + 1e8 / ranks / 1e11)
    assert ring(Collective.ALL_REDUCE, ranks, 1e8) == pytest.approx(expected, rel=1e-6)


def test_an_all_reduce_is_a_reduce_scatter_and_an_all_gather():
    both = ring(Collective.REDUCE_SCATTER, 8, 1e9) + ring(Collective.ALL_GATHER, 8, 1e9)
    assert ring(Collective.ALL_REDUCE, 8, 1e9) == pytest.approx(both, rel=1e-3)


def test_a_rank_alone_waits_for_no_one():
    assert ring(Collective.ALL_REDUCE, 1, 1e9) == 0.0
    constants = DIRECT
    assert direct_seconds(ranks=1, size=1e6, bandwidth=1e11, constants=constants, ring=PLAIN) == 0


def test_an_all_to_all_keeps_its_own_share():
    time = peer_seconds(
        kind=Collective.ALL_TO_ALL, ranks=4, size=1e9, bandwidth=1e11, constants=PLAIN
    )
    assert time == pytest.approx(0.75 * 1e9 / 1e11, rel=1e-2)


def test_between_machines_every_port_carries_its_share_of_a_ring():
    one = between_nodes_seconds(
        kind=Collective.ALL_REDUCE, ranks=2, nodes=2, size=1e9, bandwidth=1e11, constants=PLAIN
    )
    eight = between_nodes_seconds(
        kind=Collective.ALL_REDUCE, ranks=16, nodes=2, size=1e9, bandwidth=1e11, constants=PLAIN
    )
    assert one == pytest.approx(1e9 / 1e11, rel=1e-2)
    assert eight / one == pytest.approx((15 / 16) / 8 / (1 / 2), rel=0.05)


DIRECT = DirectConstants(
    startup_s=2e-6,
    peer_s=0.0,
    share=1.0,
    few=0.0,
    second_s=3e-6,
    host_s=1e-12,
    one_shot_of_2=1e9,
    one_shot_of_4=5e5,
    one_shot_of_8=2.5e5,
    largest_of_2=8e6,
    largest=8e6,
)


def test_direct_all_reduce_reads_all_in_one_shot_and_shares_in_two():
    def direct(ranks, size):
        return direct_seconds(ranks=ranks, size=size, bandwidth=1e11, constants=DIRECT, ring=PLAIN)

    assert direct(8, 1e5) == pytest.approx(2e-6 + 7e5 / 1e11, rel=1e-3)
    assert direct(8, 4e6) == pytest.approx(5e-6 + 2 * 7 / 8 * 4e6 / 1e11, rel=1e-3)
    assert direct(8, 1e9) == pytest.approx(float(ring(Collective.ALL_REDUCE, 8, 1e9)), rel=1e-3)


@pytest.mark.parametrize("name", sorted(shipped(FabricConstants, "fabrics")))
def test_no_shipped_fabric_beats_its_wires_and_more_bytes_take_no_less(name):
    constants = shipped(FabricConstants, "fabrics")[name]
    sizes = 2.0 ** np.arange(9, 31)
    for library, protocols in constants.rings.items():
        times = ring_seconds(
            kind=Collective.ALL_GATHER,
            ranks=4,
            size=sizes,
            bandwidth=constants.bandwidth,
            constants=protocols,
        )
        assert (np.diff(times) > 0).all(), (name, library)
        # A share above 1 is allowed to links whose peak nobody states.
        assert (times > 0.75 * 0.75 * sizes / constants.bandwidth).all(), (name, library)
