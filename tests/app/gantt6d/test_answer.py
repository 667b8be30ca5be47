"""What the Gantt page is told: the numbers of `run`, or what is wrong; never an exception."""

import base64
import json
import re
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.figures.strip import CRITICAL
from app.gantt6d.answer import COARSE_BARS, FULL_BARS, answer_to
from app.gantt6d.results import MOST_RANKS, Pictures
from app.shell import create_app
from simcore import Scenario, expected_errors_of, memory_of, run

PICTURE = "/gantt6d/picture"


def asked(values=None, **changes):
    request = {"seq": 1, "values": values or {}, "window": None, "pixels": 900, "coarse": False}
    return {**request, "scheme": "light", **changes}


@pytest.fixture(scope="module")
def pictures():
    return Pictures()


@pytest.fixture(scope="module")
def client():
    return create_app().server.test_client()


@pytest.mark.parametrize(
    "values", [{}, {"pp": 4, "decode_pp": 6}, {"cost_model": "reference", "chunk_tokens": 512}]
)
def test_the_numbers_are_those_of_run(pictures, values):
    answer = answer_to(asked(values), pictures)
    metrics = run(Scenario(**values)).metrics
    shown = {name: raw for name, (_, _, raw) in answer["cards"].items()}
    assert shown == {
        "ttds": metrics.ttds_s,
        "tpot": metrics.tpot_s,
        "ttft": metrics.ttft_s,
        "bubble": metrics.bubble,
    }
    assert answer["seq"] == 1
    json.dumps(answer, allow_nan=False)


@pytest.mark.parametrize("cost_model", ["calibrated", "physical", "reference"])
def test_each_time_comes_with_its_expected_error(pictures, cost_model):
    values = {"cost_model": cost_model, "chunk_tokens": 2048}
    bands = answer_to(asked(values), pictures)["bands"]
    expected = expected_errors_of(Scenario(**values))
    assert bands == {
        name: [expected[field].short, expected[field].reason]
        for name, field in (("ttds", "ttds_s"), ("tpot", "tpot_s"), ("ttft", "ttft_s"))
    }


def bars_drawn(answer):
    drawn = int(answer["drawn"].partition(" bars")[0].replace("\u202f", ""))
    assert len(decoded(answer["bars"]["state"])) == drawn
    return drawn


def decoded(array):
    return np.frombuffer(base64.b64decode(array["bdata"]), array["dtype"])


def test_few_bars_while_dragging_and_more_at_rest(pictures):
    values = {"pp": 16, "chunk_tokens": 32}
    coarse = bars_drawn(answer_to(asked(values, coarse=True), pictures))
    full = bars_drawn(answer_to(asked(values), pictures))
    assert coarse <= COARSE_BARS < full <= FULL_BARS


@pytest.mark.parametrize(
    "values, coarse",
    [
        ({}, False),
        ({"pp": 32, "prompt_tokens": 16384, "chunk_tokens": 32}, False),
        ({"pp": 32, "prompt_tokens": 16384, "chunk_tokens": 32}, True),
        ({"llm": "LLaMA-3.1-405B", "pp": 126, "chunk_tokens": 128}, False),
        ({"llm": "LLaMA-3.1-405B", "pp": 126, "output_tokens": 50}, False),
    ],
)
@pytest.mark.parametrize("window", [None, [0.1, 0.2]])
def test_no_answer_is_larger_than_30_kB(client, values, coarse, window):
    answer = client.post(PICTURE, json=asked(values, coarse=coarse, window=window, pixels=2400))
    assert "bars" in answer.json
    assert len(answer.data) <= 30_000


def test_the_page_says_how_many_bars_stand_for_how_many_events(pictures):
    whole = answer_to(asked({"pp": 32, "prompt_tokens": 16384, "chunk_tokens": 32}), pictures)
    assert re.fullmatch(
        r"1.\d{3} bars for 48.703 jobs and transfers \(80.990 events\)", whole["drawn"]
    )
    part = answer_to(asked(window=[0.1, 0.11]), pictures)
    assert re.fullmatch(
        r"\d+ bars for \d+ of 1.487 jobs and transfers \(2.454 events\)", part["drawn"]
    )


def test_the_critical_path_is_in_the_picture_however_many_events_there_are(pictures):
    for values in ({}, {"pp": 32, "prompt_tokens": 16384, "chunk_tokens": 32}):
        bars = answer_to(asked(values, coarse=True), pictures)["bars"]
        critical = decoded(bars["state"]) >= CRITICAL
        covered = decoded(bars["length"])[critical].sum()
        # The path has no gap, and its merged bars cover it; the end of the axis is a little later.
        assert covered == pytest.approx(1, abs=0.01)


def test_a_zoom_a_pan_and_other_colours_simulate_nothing():
    pictures = Pictures()
    whole = answer_to(asked(), pictures)
    zoomed = answer_to(asked(window=[0.1, 0.11], scheme="dark"), pictures)
    answer_to(asked(window=[-0.1, 0.2], pixels=400), pictures)
    assert pictures.runs == 1
    assert zoomed["cards"] == whole["cards"]
    assert bars_drawn(zoomed) < bars_drawn(whole)
    assert zoomed["window"] == (0.1, 0.11)


def test_what_does_not_fit_names_its_field_its_remedies_and_how_much_is_missing(pictures):
    answer = answer_to(asked({"pp": 1}), pictures)
    wrong = answer["wrong"]
    assert wrong["field"] == "pp"
    assert "does not fit" in wrong["message"]
    assert wrong["remedies"][0]["field"] == "pp"
    remedied = answer_to(asked({"pp": wrong["remedies"][0]["value"]}), pictures)
    assert "bars" in remedied
    prefill, _ = answer["meters"]
    assert not prefill["fits"]
    assert prefill["limit"] + prefill["over"] == pytest.approx(100)
    assert prefill["excess"] == 0
    assert "buffers" not in prefill["detail"]


def test_a_meter_shows_all_that_the_limit_is_held_against(pictures):
    # Chunks of whole long prompts: their activations do not fit beside the limit.
    values = {"tp": 2, "batch_size": 8, "chunk_tokens": 16384, "prompt_tokens": 16384}
    prefill, _ = answer_to(asked(values), pictures)["meters"]
    memory = memory_of(Scenario(**values))[0]
    scale = 100 / max(memory.capacity, memory.need)
    assert prefill["excess"] == pytest.approx(memory.excess * scale)
    assert prefill["excess"] > 0
    parts = prefill["weights"] + prefill["kv"] + prefill["excess"]
    assert parts == pytest.approx(memory.need * scale)
    assert "GiB activations and buffers beyond the reserve" in prefill["detail"]


@pytest.mark.parametrize(
    "values, field",
    [
        ({"prompt_tokens": 1e12}, "prompt_tokens"),
        ({"prompt_tokens": "1e12"}, "prompt_tokens"),
        ({"prompt_tokens": 2**20, "chunk_tokens": 1}, "chunk_tokens"),
        ({"output_tokens": 8192, "pp": 80}, "output_tokens"),
        ({"pp": 81}, "pp"),
        ({"pp": ""}, "pp"),
        ({"pp": None}, "pp"),
        ({"pp": "eight"}, "pp"),
        ({"pp": "9" * 5000}, "pp"),
        ({"pp": "1e999"}, "pp"),
        ({"pp": True}, "pp"),
        ({"pp": [8]}, "pp"),
        ({"llm": "GPT-9"}, "llm"),
        ({"llm": {}}, "llm"),
        ({"nothing": 1}, None),
    ],
)
def test_what_cannot_be_run_is_refused_at_once(client, values, field):
    began = time.perf_counter()
    answer = client.post(PICTURE, json=asked(values))
    assert time.perf_counter() - began < 1.0
    assert answer.status_code == 200
    assert answer.json["seq"] == 1
    assert answer.json["wrong"]["field"] == field
    assert answer.json["wrong"]["message"].endswith(".")


@pytest.mark.parametrize(
    "values, query, said",
    [
        (
            {"pp": "1", "decode_pp": ""},
            "v=3&pp=1",
            "it fits with PP = 2 or TP = 2. Nor does the decode pool",
        ),
        ({"pp": 1, "decode_pp": 8}, "v=3&pp=1&dpp=8", "it fits with PP = 2 or TP = 2."),
        ({"decode_pp": 0}, "v=3&dpp=0", "Decode PP = 0 is out of range"),
        ({"prompt_tokens": 1e12}, "v=3&t=1000000000000", "from 1 to 1\u202f048\u202f576 tokens"),
        (
            {"prompt_tokens": 2**20, "chunk_tokens": 1},
            "v=3&t=1048576&m=1",
            "raise M or lower T or PP",
        ),
        ({"llm": "\ud800"}, "v=3&llm=%3F", "is unknown"),
        # Boxes that are empty.
        ({"pp": 1, "decode_pp": 8, "background": "", "failures": ""}, "v=3&pp=1&dpp=8", "PP = 2"),
    ],
)
def test_a_refusal_has_the_address_of_what_the_controls_say(pictures, values, query, said):
    answer = answer_to(asked(values), pictures)
    assert answer["query"] == query
    assert said in answer["wrong"]["message"]
    assert ("Nor does" in answer["wrong"]["message"]) == ("Nor does" in said)


def test_the_end_of_the_run_is_its_own(pictures):
    answer = answer_to(asked(), pictures)
    assert answer["run_end_s"] == run(Scenario()).metrics.ttft_s < answer["end_s"]


def test_an_empty_box_is_none_where_none_is_a_value(pictures):
    assert answer_to(asked({"decode_pp": ""}), pictures)["query"] == ""


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
PARTS = ("seq", "values", "window", "pixels", "coarse", "scheme")


@given(changes=st.dictionaries(st.sampled_from(PARTS), ODD, max_size=3))
def test_whatever_is_asked_has_an_answer_in_json(changes):
    pictures = Pictures()
    answer = answer_to(asked({"pp": 2, "prompt_tokens": 512}, **{}) | changes, pictures)
    assert ("wrong" in answer) != ("bars" in answer)
    json.dumps(answer, allow_nan=False)


@given(body=ODD)
def test_whatever_is_posted_is_answered_or_refused(client, body):
    answer = client.post(PICTURE, data=json.dumps(body), content_type="application/json")
    assert answer.status_code in (200, 400)
    assert "Traceback" not in answer.text


STAGES = {
    "pp": 2, "tp": 2, "decode_gpu": "NVIDIA H100", "topology": "hgx-rail", "prompt_tokens": 1024,
}  # fmt: skip


def test_ranks_are_shown_of_the_stages_that_are_open(client):
    closed, opened, beyond = (
        client.post(PICTURE, json=asked(STAGES) | {"opened": stages}).json
        for stages in (None, [[1], []], [[1, 200], [7]])
    )
    assert (closed["opened"], opened["opened"]) == ([[], []], [[1], []])
    assert beyond["opened"] == opened["opened"] and beyond["lanes"] == opened["lanes"]
    assert closed["ranks"] == opened["ranks"] == [2, 2]
    assert [head[:2] for head in closed["lanes"]["heads"]] == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert opened["overview"] == closed["overview"]
    assert "by rank" in opened["drawn"] and "by rank" not in closed["drawn"]


def test_as_what_collectives_are_run_is_said_where_there_are_any(client):
    assert client.post(PICTURE, json=asked({})).json["collectives"] == ""
    chosen = STAGES | {"collectives": "aggregated"}
    said = client.post(PICTURE, json=asked(chosen)).json["collectives"]
    assert said == "Collectives as one job for each pass, as chosen."


@pytest.mark.parametrize("opened", [[], [[]], [[0], [-1]], [[0], ["0"]], [[True], []], {"a": 1}, 7])
def test_what_names_no_stages_is_refused(client, opened):
    answer = client.post(PICTURE, json=asked({}) | {"opened": opened}).json
    assert "`opened` is two lists of stages" in answer["wrong"]["message"]


def test_only_so_many_ranks_are_shown():
    scenario = Scenario(**STAGES | {"pp": 8, "tp": 8})
    picture = Pictures().of(scenario)
    every = (tuple(range(8)), tuple(range(8)))
    assert picture.opened(every).lanes.opened_stages == tuple(map(list, every))
    wide = Pictures().of(scenario.replace(pp=20))
    prefill, decode = wide.opened((tuple(range(20)), tuple(range(20)))).lanes.opened_stages
    assert 8 * (len(prefill) + len(decode)) == MOST_RANKS
