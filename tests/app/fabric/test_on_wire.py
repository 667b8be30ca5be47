"""Who is on a wire: those that fill it, and what holds them back."""

import pytest

from app.fabric.answer import answer_to
from app.fabric.on_wire import MOST_LISTED, on_wire
from app.fabric.results import FabricRuns
from simcore import Scenario

BUSY = {"batch_size": 64, "prompt_tokens": 2048, "chunk_tokens": 64, "prefill_nics": 2}
ASKED = {"seq": 1, "values": BUSY, "wire": "prefill NIC 0 cable", "at_s": 0.0}


@pytest.fixture(scope="module")
def runs():
    return FabricRuns()


def busiest(runs):
    """A moment at which several are on NIC 0's cable."""
    contention = runs.of(Scenario(**BUSY)).contention
    channel = next(
        u.channel for u in contention.channels if u.channel.name.startswith(ASKED["wire"])
    )
    moments = [contention.end_s * n / 400 for n in range(400)]
    return max(moments, key=lambda at: len(contention.crossing(channel, at)))


def test_those_on_a_full_wire_are_held_back_by_it(runs):
    told = on_wire({**ASKED, "at_s": busiest(runs)}, runs)
    out, into = told["directions"]
    assert len(out["now"]) >= 3 and out["busy"] == pytest.approx(1.0)
    assert {one["held"] for one in out["now"]} == {"here"}
    assert all(
        one["share"].endswith("%") and one["which"].startswith("chunk") for one in out["now"]
    )
    assert into == {"channel": "prefill NIC 0 cable in", "now": [], "more_now": 0, "busy": 0,
                    "all": [], "more": 0}  # fmt: skip


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


@pytest.mark.parametrize("at_s", [None, "0", True, float("nan"), float("inf"), 10**400])
def test_a_time_that_is_none_is_refused(runs, at_s):
    assert "wrong" in on_wire({**ASKED, "at_s": at_s}, runs)


def test_all_wires_of_a_fabric_can_be_asked_for(runs):
    wires = answer_to({"seq": 1, "values": BUSY}, runs)["drawing"]["wires"]
    for name, *_ in wires:
        assert len(on_wire({**ASKED, "wire": name, "at_s": 0.1}, runs)["directions"]) == 2
