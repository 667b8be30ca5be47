"""Runs with faster links: only what is asked for changes, and nonsense is refused."""

import math

import pytest

import gpu_catalog
from simcore import Scenario, ScenarioError, run
from simcore.machine import topology_of
from simcore.run import cost_model_of

ROOMY = {"prefill_gpu": "NVIDIA B200", "decode_gpu": "NVIDIA B200"}
SMALL = Scenario(prompt_tokens=2048, chunk_tokens=512, pp=8)
# The one NIC of eight stages is busy with the traffic of others.
HANDED_OVER = SMALL.replace(batch_size=8, background="prefill NIC cables: 95 %", **ROOMY)


def test_a_factor_of_one_and_none_change_nothing():
    usual = run(SMALL)
    for faster in (None, {}, {"Infiniband NDR": 1}):
        assert run(SMALL, faster=faster).trace.equals(usual.trace)


def test_only_channels_of_that_link_are_faster():
    costs = cost_model_of(SMALL)
    usual = topology_of(SMALL, costs).channels
    faster = topology_of(SMALL, costs, (("Infiniband NDR", 3.0),)).channels
    ndr = gpu_catalog.link("Infiniband NDR").bandwidth
    changed = 0
    for a, b in zip(usual, faster, strict=True):
        assert (a.name, a.latency_s) == (b.name, b.latency_s)
        cable = a.bandwidth_bps == ndr
        changed += cable
        assert b.bandwidth_bps == a.bandwidth_bps * (3.0 if cable else 1.0)
    assert changed == 2 * (1 + 8)  # both directions of a cable a NIC


def test_a_what_if_run_does_not_change_the_runs_after_it():
    before = run(SMALL).trace
    slower = run(SMALL, faster={"Infiniband NDR": 0.01})
    assert slower.metrics.ttds_s > run(SMALL).metrics.ttds_s
    assert slower.faster == (("Infiniband NDR", 0.01),)
    assert run(SMALL).trace.equals(before)


def test_one_wire_or_a_kind_of_wire_may_be_faster():
    names = ("prefill NIC 0 cable out", "prefill NIC 0 cable", "prefill NIC cables")
    times = {name: run(HANDED_OVER, faster={name: 2}).metrics.ttds_s for name in names}
    assert len(set(times.values())) == 1  # there is one, and nothing comes in over it
    assert times[names[0]] < run(HANDED_OVER).metrics.ttds_s


def test_what_others_take_is_taken_of_the_faster_wire():
    twice = run(HANDED_OVER, faster={"prefill NIC cables": 20}).metrics.ttds_s
    assert twice == pytest.approx(run(HANDED_OVER.replace(background=None)).metrics.ttds_s)


@pytest.mark.parametrize(
    ("faster", "says"),
    [
        ({"Infiniband HDR": 2}, "no link or wire in use is called 'Infiniband HDR'; .* are PCIe"),
        ({7: 2}, "no name of a link"),
        ({"Ethernet 100G": "2"}, "not a number"),
        ({"Ethernet 100G": True}, "not a number"),
        ({"Ethernet 100G": 0}, "not from 0.001 to 1000"),
        ({"Ethernet 100G": -1}, "not from"),
        ({"Ethernet 100G": math.nan}, "not from"),
        ({"Ethernet 100G": math.inf}, "not from"),
        ({"Ethernet 100G": 10**400}, "not from"),
        (["Ethernet 100G"], "no mapping"),
    ],
)
def test_nonsense_is_refused(faster, says):
    with pytest.raises(ScenarioError, match=says):
        run(SMALL, faster=faster)
