"""Sensitivity is what running the changed scenario gives, and nothing else."""

from itertools import islice

import pytest

import gpu_catalog
from simcore import Scenario, run
from simcore.explain import changes, sensitivity
from simcore.explain.sensitivity import CONTROLS
from simcore.topologies.reference import LINKS

SMALL = Scenario(prompt_tokens=2048, chunk_tokens=512, pp=8)


def by_name(found):
    return {(change.what, change.direction): change for change in found}


@pytest.mark.parametrize("cost_model", ["physical", "reference"])
def test_each_change_is_the_run_of_the_changed_scenario(cost_model):
    scenario = SMALL.replace(cost_model=cost_model)
    found = sensitivity(scenario)
    assert len(by_name(found)) == len(found)
    for change in found:
        gpu = change.what.endswith("_gpu")
        if gpu and cost_model == "reference" and not gpu_catalog.gpu(change.value).reference:
            assert "the specification has no values for it" in change.reason
            continue
        assert change.reason == ""
        if change.link:
            metrics = run(scenario, faster={change.what: change.value}).metrics
        else:
            metrics = run(scenario.replace(**{change.what: change.value})).metrics
        for name in ("ttds_s", "tpot_s", "ttft_s"):
            assert getattr(change, name) == getattr(metrics, name)


def test_every_control_goes_up_and_down_and_every_link_is_twice_as_fast():
    found = by_name(sensitivity(SMALL))
    gpus = [gpu.name for gpu in gpu_catalog.gpus()]
    place = gpus.index("NVIDIA H100")
    assert found["prefill_gpu", "up"].value == gpus[place + 1]
    assert found["prefill_gpu", "down"].value == gpus[place - 1]
    assert (found["pp", "up"].value, found["pp", "down"].value) == (9, 7)
    assert found["batch_size", "up"].value == 2
    assert (found["prompt_tokens", "up"].value, found["prompt_tokens", "down"].value) == (
        3072,
        1024,
    )
    assert (found["chunk_tokens", "up"].value, found["chunk_tokens", "down"].value) == (544, 480)
    expected = {(field, way) for field in CONTROLS for way in ("up", "down")}
    expected |= {(link, "up") for link in LINKS}
    # No batch is smaller than one request.
    assert set(found) == expected - {("batch_size", "down")}
    assert all(found[link, "up"].value == 2.0 for link in LINKS)


def test_steps_out_of_range_are_left_out():
    gpus = [gpu.name for gpu in gpu_catalog.gpus()]
    ends = SMALL.replace(
        prefill_gpu=gpus[-1], decode_gpu=gpus[0], prompt_tokens=1024, chunk_tokens=32
    )
    found = by_name(sensitivity(ends))
    for absent in (
        ("prefill_gpu", "up"),
        ("decode_gpu", "down"),
        ("prompt_tokens", "down"),
        ("chunk_tokens", "down"),
    ):
        assert absent not in found


def test_what_cannot_run_says_why():
    tight = Scenario(pp=2, prompt_tokens=1024, chunk_tokens=512)
    change = by_name(sensitivity(tight))["pp", "down"]
    assert (change.ttds_s, change.tpot_s, change.ttft_s) == (None, None, None)
    assert "does not fit" in change.reason
    bounded = by_name(sensitivity(SMALL, max_events=150))
    assert "more than 150" in bounded["chunk_tokens", "down"].reason


def test_a_run_that_takes_too_long_says_so():
    found = sensitivity(SMALL, time_limit_s=0.0)
    assert found
    assert {change.ttds_s for change in found} == {None}
    assert all("0 s" in change.reason for change in found)


def test_a_caller_may_stop_early():
    first = list(islice(changes(SMALL), 3))
    assert first == sensitivity(SMALL)[:3]


def test_twice_the_bandwidth_helps_what_waits_for_it():
    """Decode activations cross Ethernet uncontended: twice the bandwidth halves their payload."""
    change = by_name(sensitivity(SMALL))["Ethernet 100G", "up"]
    usual = run(SMALL).metrics
    ethernet = gpu_catalog.link("Ethernet 100G").bandwidth
    saved = 7 * 2 * 8192 / ethernet / 2
    assert usual.tpot_s - change.tpot_s == pytest.approx(saved, rel=1e-6)
