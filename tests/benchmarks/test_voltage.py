"""The study of Voltage says what it says of simulated runs."""

import pytest

from benchmarks import voltage
from simcore.distributed.algorithms.closed_forms import ring_all_gather_s
from simcore.distributed.algorithms.position_wise import closed_form_parts


@pytest.fixture(scope="module")
def rows():
    return {row["algorithm"]: row for row in voltage.side_by_side(100e9)}


def test_what_kilovolts_hides_is_the_shorter_of_gathering_and_queries(rows):
    """(L−1)·min(A, q) of the largest piece; the ranks with less wait for it."""
    settings = voltage.settings_for(flops_per_s=100e9)
    parts = closed_form_parts(settings, voltage.NETWORK, gathering_s=ring_all_gather_s)
    gain = 15 * min(parts["gathering"], parts["queries"])
    simulated = rows["voltage"]["simulated_s"] - rows["kilovolts"]["simulated_s"]
    assert simulated == pytest.approx(gain, rel=0.01)


def test_one_latency_instead_of_three_saves_two_in_each_of_fifteen_gatherings(rows):
    saved = rows["voltage"]["simulated_s"] - rows["voltage-direct"]["simulated_s"]
    assert saved == pytest.approx(15 * 2 * 10e-3, rel=1e-3)
    assert 0.20 < rows["voltage-direct"]["saved"] < 0.26


def test_nowhere_on_the_grid_does_hiding_queries_save_much(monkeypatch):
    """A coarser grid that holds the best point of the fine one."""
    monkeypatch.setattr(voltage, "GRID_TOKENS", (64, 512, 4096))
    best = voltage.most_gained()
    assert 0.03 < best["saved"] < 0.06
    assert best["simulated"] == pytest.approx(best["saved"], rel=1e-6)
    assert best["tokens"] == 512


def test_a_core_is_measured():
    assert 1e8 < voltage.core_flops_per_s(16) < 1e13
