"""What collectives take with their wires to themselves, against closed forms."""

import numpy as np
import pytest

from simcore.collectives import ALGORITHMS
from simcore.collectives.all_to_all import all_to_all
from simcore.collectives.alone import RoutedCollective, RoutedRound, RoutedSend
from simcore.collectives.ring import once_around
from simcore.engine import CommChannel

ALPHA, BETA = 3e-6, 50e9
SIZES = np.array([0.0, 1e3, 1e6, 3e9])


class Star:
    """Ranks on a switch that adds nothing; half of the latency on either side."""

    def __init__(self, ranks, bandwidth=BETA):
        def wires(way):
            return [CommChannel(f"{i} {way}", bandwidth, ALPHA / 2) for i in range(ranks)]

        self.out, self.into = wires("out"), wires("in")

    def path(self, i, j):
        return self.out[i], self.into[j]


def routed(rounds, wires, name="any"):
    known = {}
    for each in rounds:
        if each not in known:
            known[each] = RoutedRound(
                [RoutedSend(s.source, s.target, s.share, wires.path(s.source, s.target))
                 for s in each]
            )  # fmt: skip
    return RoutedCollective(name, tuple(known[each] for each in rounds))


def seconds(rounds, ranks):
    return routed(rounds, Star(ranks)).seconds(SIZES)


@pytest.mark.parametrize("p", [2, 3, 4, 7, 8, 16])
def test_a_ring_takes_2_p_less_1_startups_and_hops_of_a_pth(p):
    expected = 2 * (p - 1) * (ALPHA + SIZES / (p * BETA))
    assert seconds(ALGORITHMS["ring"].rounds(p), p) == pytest.approx(expected, rel=1e-12)
    assert seconds(once_around(p), p) == pytest.approx(expected / 2, rel=1e-12)


@pytest.mark.parametrize("log2_p", [1, 2, 3, 4])
def test_halving_and_doubling_takes_2_log_p_startups_and_the_bytes_of_a_ring(log2_p):
    p = 2**log2_p
    expected = 2 * log2_p * ALPHA + 2 * (p - 1) / p * SIZES / BETA
    assert seconds(ALGORITHMS["halving-doubling"].rounds(p), p) == pytest.approx(expected)


@pytest.mark.parametrize("p", [3, 5, 6, 7, 12])
def test_ranks_beyond_a_power_of_two_cost_two_more_rounds_of_the_whole(p):
    power = 2 ** int(np.log2(p))
    usual = 2 * int(np.log2(power)) * ALPHA + 2 * (power - 1) / power * SIZES / BETA
    expected = usual + 2 * (ALPHA + SIZES / BETA)
    assert seconds(ALGORITHMS["halving-doubling"].rounds(p), p) == pytest.approx(expected)


@pytest.mark.parametrize("p", [2, 3, 8])
def test_one_shot_takes_one_startup_and_all_of_every_other(p):
    expected = ALPHA + (p - 1) * SIZES / BETA
    assert seconds(ALGORITHMS["one-shot"].rounds(p), p) == pytest.approx(expected)


@pytest.mark.parametrize("p", [2, 3, 8])
def test_in_the_network_it_goes_up_once_and_down_once(p):
    assert seconds(ALGORITHMS["in-network"].rounds(p), p) == pytest.approx(ALPHA + SIZES / BETA)


def test_all_to_all_takes_as_long_as_the_fullest_port():
    even = ALPHA + 3 / 4 * SIZES / BETA
    assert seconds(all_to_all(4), 4) == pytest.approx(even)
    # Three senders' halves go into one port.
    skewed = ALPHA + 3 / 2 * SIZES / BETA
    assert seconds(all_to_all(4, (0.5, 0.25, 0.125, 0.125)), 4) == pytest.approx(skewed)


def reduced(rounds, p):
    """Whose contributions each rank has a part of."""
    has = [{i} for i in range(p)]
    for each in rounds:
        before = [set(known) for known in has]
        for send in each:
            has[send.target] |= before[send.source]
    return has


@pytest.mark.parametrize("p", [2, 3, 4, 5, 6, 7, 8, 13, 16])
@pytest.mark.parametrize("name", ["ring", "halving-doubling", "one-shot"])
def test_in_the_end_every_rank_has_heard_of_every_other(name, p):
    assert reduced(ALGORITHMS[name].rounds(p), p) == [set(range(p))] * p


@pytest.mark.parametrize("p", [2, 4, 8, 16])
@pytest.mark.parametrize("name", ["ring", "halving-doubling"])
def test_no_rank_sends_more_than_a_ring_needs(name, p):
    sent = dict.fromkeys(range(p), 0.0)
    for each in ALGORITHMS[name].rounds(p):
        for send in each:
            sent[send.source] += send.share
    assert list(sent.values()) == pytest.approx([2 * (p - 1) / p] * p)


def test_a_slow_hop_holds_up_each_round_of_a_ring():
    wires = Star(4)
    wires.out[2] = CommChannel("slow", BETA / 10, 10 * ALPHA)
    found = routed(ALGORITHMS["ring"].rounds(4), wires).seconds(SIZES)
    expected = 6 * np.maximum(ALPHA, 10.5 * ALPHA) + 6 * SIZES / 4 / (BETA / 10)
    assert found == pytest.approx(expected)


def test_sends_that_are_not_alike_but_meet_are_run():
    """Two into one port, one of which sends twice as much: the rest has the port to itself."""
    wires = Star(3)
    sends = [RoutedSend(0, 2, 1.0, wires.path(0, 2)), RoutedSend(1, 2, 2.0, wires.path(1, 2))]
    found = RoutedRound(sends).seconds(SIZES)
    assert found == pytest.approx(np.where(SIZES > 0, ALPHA + 3 * SIZES / BETA, ALPHA))
