"""Who is on a wire: those that fill it, and what holds them back."""

import pytest

from app.fabric.answer import answer_to
from app.fabric.on_wire import MOST_LISTED, on_wire
from app.fabric.results import FabricRuns
from simcore import Scenario

BUSY = {"batch_size": 64, "prompt_tokens": 2048, "chunk_tokens": 64, "prefill_nics": 2}
ASKED = {"seq": 1, "values": BUSY, "wire": "prefill NIC 0 cable", "from_s": 0.0, "to_s": 1e-6}


@pytest.fixture(scope="module")
def runs():
    return FabricRuns()


def test_those_on_a_full_wire_are_held_back_by_it(runs):
    """Of all the run, at the moment at which most are on it."""
    told = on_wire({**ASKED, "to_s": 1e9}, runs)
    out, into = told["directions"]
    uses = runs.of(Scenario(**BUSY)).contention.channels
    use = next(use for use in uses if use.channel.name == out["channel"])
    assert len(out["now"]) == use.most >= 3 and out["busy"] == pytest.approx(1.0)
    assert {one["held"] for one in out["now"]} == {"here"}
    assert all(one["share"].endswith("%") for one in out["now"])
    assert all(one["which"].startswith("chunk") for one in out["now"])
    assert into["channel"] == "prefill NIC 0 cable in" and into["busy"] == 0
    assert into["now"] == into["all"] == []


def test_before_all_nothing_moves_but_users_are_known(runs):
    told = on_wire(ASKED, runs)
    assert told["seq"] == 1 and told["wire"] == ASKED["wire"]
    out = told["directions"][0]
    assert out["now"] == [] and len(out["all"]) == 4
    assert {one["what"] for one in out["all"]} == {f"KV handoff P{n} → D{n}" for n in (0, 2, 4, 6)}


def test_a_list_has_an_end(runs):
    values = {"batch_size": 64, "prompt_tokens": 2048, "chunk_tokens": 64, "pp": 32}
    told = on_wire({**ASKED, "values": values}, runs)
    out = told["directions"][0]
    assert len(out["all"]) == MOST_LISTED and out["more"] == 32 - MOST_LISTED


@pytest.mark.parametrize("wire", [None, "", "no such wire", 3, ["prefill NIC 0 cable"]])
def test_a_wire_that_is_not_there_is_refused(runs, wire):
    assert "`wire`" in on_wire({**ASKED, "wire": wire}, runs)["wrong"]


@pytest.mark.parametrize("time", ["from_s", "to_s"])
@pytest.mark.parametrize("value", [None, "0", True, float("nan"), float("inf"), 10**400])
def test_a_time_that_is_none_is_refused(runs, time, value):
    assert "wrong" in on_wire({**ASKED, time: value}, runs)


def test_all_wires_of_a_fabric_can_be_asked_for(runs):
    wires = answer_to({"seq": 1, "values": BUSY}, runs)["wires"]
    for name, *_ in wires:
        assert len(on_wire({**ASKED, "wire": name, "to_s": 0.1}, runs)["directions"]) == 2
