"""What the Fabric page is told: all wires, how busy they were, and who contended for them."""

import base64
import json
import re

import numpy as np
import pytest

from app.fabric.answer import answer_to
from app.fabric.names import Names
from app.fabric.results import MOST_WIRES, FabricRuns
from app.fabric.wires import MOST_SHARES
from app.share import read_query
from app.shell import create_app
from simcore import Scenario, run
from simcore.explain.channel_use import Flow
from tests.app.server.test_carried import ITEM, send

BUSY = {"batch_size": 64, "prompt_tokens": 2048, "chunk_tokens": 64, "prefill_nics": 2}
ASKED = {"seq": 3, "values": BUSY}


@pytest.fixture(scope="module")
def runs():
    return FabricRuns()


@pytest.fixture(scope="module")
def answer(runs):
    return answer_to(ASKED, runs)


def shares_of(use):
    """Means from 0 to 255, by the number of the channel."""
    told = np.frombuffer(base64.b64decode(use["shares"]), np.uint8).reshape(-1, use["means"])
    return {n: told[row] for n, row in zip(use["channels"], use["rows"], strict=True)}


def test_every_wire_and_gpu_is_drawn(answer, runs):
    fabric = runs.of(Scenario(**BUSY)).fabric
    assert [wire[0] for wire in answer["wires"]] == [wire.name for wire in fabric.wires]
    assert [tuple(wire[2:4]) for wire in answer["wires"]] == [wire.ends for wire in fabric.wires]
    assert answer["names"] == {node.number: node.name for node in fabric.nodes}
    gpus = [node[3:] for node in answer["drawing"]["nodes"] if node[2] == "gpu"]
    assert sorted(gpus) == sorted(
        [f"{pool[0].upper()}{stage}", pool, stage, -1]
        for pool in ("prefill", "decode")
        for stage in range(8)
    )


def names_of(wires):
    """The name of each channel, by its number."""
    return {
        number: f"{name} {way}"
        for name, *_, channels in wires
        for (number, _), way in zip(channels, ("out", "in"), strict=True)
    }


def test_shares_are_those_of_the_run(answer):
    use, result = answer["use"], run(Scenario(**BUSY))
    assert use["means"] * use["mean_s"] == pytest.approx(answer["end_s"])
    names = names_of(answer["wires"])
    used = result.metrics.channel_use
    carried = dict(zip(used["channel"], used["utilisation"], strict=True))
    shares = shares_of(use)
    assert {names[n] for n in shares} == {name for name, share in carried.items() if share}
    for number, row in shares.items():
        # Each mean is rounded up to the next of 255 steps.
        mean = carried[names[number]]
        assert mean - 1e-9 <= row.mean() / 255 <= mean + 1 / 255


def test_channels_alike_share_their_rows():
    """Eight ranks that each have a NIC of their own use it alike."""
    values = {"topology": "hgx-rail", "tp": 8, "pp": 2, "prefill_nics": 8,
              "decode_gpu": "NVIDIA H100"}  # fmt: skip
    told = answer_to({"seq": 1, "values": values}, FabricRuns())
    use, names = told["use"], names_of(told["wires"])
    rows = dict(zip(use["channels"], use["rows"], strict=True))
    nics = [n for n, name in names.items() if re.fullmatch(r"node 0 NIC \d cable out", name)]
    assert len(nics) == 8 and len({rows[n] for n in nics}) == 1
    assert len(set(use["rows"])) < len(use["channels"]) / 4
    [first] = [row for row in told["contended"] if row["channel"] == "node 0 NIC 0 cable out"]
    assert first["alike"] == "and 7 like it"
    gpus = [node for node in told["drawing"]["nodes"] if node[4:] == ["prefill", 1, 3]]
    assert [gpu[3] for gpu in gpus] == ["P1.3"]
    assert told["collectives"].startswith("Collectives as")


def test_an_answer_is_small_enough_to_be_sent_often(answer):
    assert len(json.dumps(answer)) < 150_000
    many = answer_to({"seq": 1, "values": {"pp": 64, "batch_size": 1}}, FabricRuns())
    assert len(base64.b64decode(many["use"]["shares"])) <= MOST_SHARES


def test_more_wires_than_can_be_seen_are_not_drawn(answer, runs, monkeypatch):
    """Those of the table can be chosen all the same."""
    monkeypatch.setattr("app.fabric.results.MOST_WIRES", 10)
    told = answer_to(ASKED, FabricRuns())
    assert told["drawing"] is None and "wires" in told["undrawn"]
    assert told["contended"] == answer["contended"]
    wires = {wire[0] for wire in told["wires"]}
    assert wires == {row["wire"] for row in told["contended"]}
    assert set(told["use"]["channels"]) <= set(names_of(told["wires"]))
    assert MOST_WIRES > 1000


def test_what_is_down_says_since_when():
    values = {**BUSY, "pp": 4, "failures": "prefill NIC 1"}
    told = answer_to({"seq": 1, "values": values}, FabricRuns())
    down = {told["wires"][place][0]: at for place, at in told["down"]}
    assert down == {"prefill NIC 1 lane": 0.0, "prefill NIC 1 cable": 0.0}
    assert not any("NIC 1" in row["channel"] for row in told["contended"])
    later = answer_to({"seq": 1, "values": {**values, "failures": "prefill NIC 1 @ 3 s"}},
                      FabricRuns())  # fmt: skip
    assert {at for _, at in later["down"]} == {3.0}
    assert any("NIC 1" in row["channel"] for row in later["contended"])


def test_the_table_begins_with_what_cost_most(answer, runs):
    first, *_ = answer["contended"]
    channels = runs.of(Scenario(**BUSY)).contention.channels
    assert [row["channel"] for row in answer["contended"]] == [
        use.channel.name for use in channels[: len(answer["contended"])]
    ]
    assert first["wire"] in first["channel"] and first["most"] == channels[0].most
    assert [kind["kind"] for kind in first["sharers"]] == ["handoff"]
    assert f"due to {first['group']}, first of all {first['channel']}" in answer["said"]


def test_where_nothing_is_shared_it_says_so(runs):
    alone = answer_to({"seq": 1, "values": {"pp": 8, "prefill_nics": 8, "decode_pp": 8,
                                            "chunk_tokens": 8192}}, runs)  # fmt: skip
    assert "longer" in alone["said"]
    assert all(row["sharers"] for row in alone["contended"])


def test_the_address_is_that_of_the_scenario(answer):
    assert read_query(answer["query"]).scenario == Scenario(**BUSY)


def test_what_cannot_be_run_is_told_at_its_control(runs):
    told = answer_to({"seq": 4, "values": {"pp": 1}}, runs)
    assert told["seq"] == 4 and told["wrong"]["field"] == "pp"
    assert "does not fit" in told["wrong"]["message"] and told["wrong"]["remedies"]
    assert answer_to({"values": {}}, runs)["wrong"]["message"].startswith("A request is")


def test_items_that_a_session_brings_are_known():
    client = create_app().server.test_client()
    body = {"seq": 1, "values": {"prefill_gpu": "My GPU", "pp": 8}}
    assert "drawing" in send(client, [ITEM], body, "/fabric/picture").get_json()
    wrong = client.post("/fabric/picture", json=body).get_json()["wrong"]
    assert wrong["field"] == "prefill_gpu"


@pytest.mark.parametrize(
    "flow, text",
    [
        (Flow("handoff", 1, 2), "P1 → D2"),
        (Flow("handoff", 1, 2, 3, 0), "P1.3 → D2"),
        (Flow("handoff", 1, 2, -1, -1, 8), "P1 → D2 ×8"),
        (Flow("activations", 0, 1), "P0 → P1"),
        (Flow("decode activations", 0, 1, 0, 0), "D0 → D1"),
        (Flow("collective", 4, -1, 0, 1), "P4.0 → P4.1"),
        (Flow("decode collective", 4, -1, -1, -1), "D4"),
        (Flow("background"), ""),
    ],
)
def test_flows_are_told_by_their_ends(flow, text):
    """GPUs that are alone in their stage, here those of the decode pool, have no rank."""
    assert Names(frozenset({"prefill"})).where(flow) == text
