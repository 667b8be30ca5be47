"""The current scenario beside its pins: names, results, and which is best."""

import json
import time

import pytest

from app.gantt6d.compare import NOTHING, PENDING, comparison, difference, result_rows
from app.gantt6d.results import Pictures
from app.share import MOST_PINS, read_query
from simcore import Scenario, run

PINS = [{"chunk_tokens": 512}, {"pp": 4, "decode_gpu": "AMD Instinct MI300X"}]


@pytest.fixture(scope="module")
def pictures():
    return Pictures()


def compared(pictures, pins=PINS, base=1, values=None):
    return comparison({"seq": 3, "values": values or {}, "pins": pins, "base": base}, pictures)


def test_pins_have_the_results_of_run(pictures):
    answer = compared(pictures)
    assert answer["seq"] == 3
    for pin, values in zip(answer["pins"], PINS, strict=True):
        metrics = run(Scenario(**values)).metrics
        assert pin["cards"] == {
            "ttds": metrics.ttds_s,
            "tpot": metrics.tpot_s,
            "ttft": metrics.ttft_s,
            "bubble": metrics.bubble,
        }
        assert pin["values"] == Scenario(**values).to_dict()
    json.dumps(answer, allow_nan=False)


def test_what_there_is_no_time_for_is_found_when_asked_again():
    """Five scenarios of 98,000 events: none of the answers takes a second."""
    asked = {
        "values": {"pp": 32, "prompt_tokens": 19_800, "chunk_tokens": 32},
        "pins": [
            {"pp": 32, "prompt_tokens": 19_800 - n, "chunk_tokens": 32} for n in range(1, MOST_PINS)
        ],
        "base": 0,
    }
    pictures, answers = Pictures(), []
    while not (answers and answers[-1]["complete"]):
        begun = time.thread_time()
        answers.append(comparison({**asked, "seq": len(answers)}, pictures))
        assert time.thread_time() - begun < 1.0
        assert len(answers) <= MOST_PINS
    assert len(answers) > 1
    waiting = [pin for pin in answers[0]["pins"] if pin["wrong"] == PENDING]
    assert waiting
    assert all(pin["cards"] is None for pin in waiting)
    assert not any(pin["wrong"] for pin in answers[-1]["pins"])


def test_the_address_says_all_of_it(pictures):
    link = read_query(compared(pictures, values={"batch_size": 2})["query"])
    assert link.scenario == Scenario(batch_size=2)
    assert link.pins == tuple(Scenario(**pin) for pin in PINS)
    assert (link.base, link.ignored) == (1, ())


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({}, ""),
        ({"chunk_tokens": 2048, "prompt_tokens": 4096}, "T 4\u202f096, M 2\u202f048"),
        ({"prefill_gpu": "NVIDIA H200"}, "prefill NVIDIA H200"),
        ({"decode_pp": 4, "vram_limit_ratio": 0.29}, "decode PP 4, VRAM share 29 %"),
        ({"llm": "Mixtral-8x22B", "cost_model": "reference"}, "Mixtral-8x22B, reference costs"),
    ],
)
def test_a_pin_is_named_for_what_differs(values, name):
    assert difference(Scenario(**values), Scenario()) == name


def test_the_table_has_the_fields_that_differ_and_no_others(pictures):
    rows = {row["label"]: row["cells"] for row in compared(pictures)["scenario"]}
    assert rows == {
        "Decode GPU": ["NVIDIA RTX PRO 6000", "NVIDIA RTX PRO 6000", "AMD Instinct MI300X"],
        "Pipeline stages PP": ["8", "8", "4"],
        "Prefill chunk M": ["128", "512", "128"],
    }


def test_the_least_is_the_best(pictures):
    rows = {row["label"]: row for row in compared(pictures)["results"]}
    scenarios = [Scenario(), *(Scenario(**pin) for pin in PINS)]
    ttds = [run(scenario).metrics.ttds_s for scenario in scenarios]
    assert rows["TTDS"]["best"] == [ttds.index(min(ttds))]
    # A small bubble and little memory are no aims: few stages have the one, many the other.
    for label in ("Pipeline bubble", "Prefill memory", "Decode memory"):
        assert len(set(rows[label]["cells"])) > 1
        assert rows[label]["best"] == []


def test_a_pin_that_is_what_is_shown_is_named_by_itself(pictures):
    def name(**values):
        return compared(pictures, [values], base=0, values=values)["pins"][0]["name"]

    assert name() == "the default scenario"
    assert name(pp=4, chunk_tokens=512) == "PP 4, M 512"


def test_where_all_read_alike_none_is_the_best(pictures):
    picture = pictures.of(Scenario())
    assert all(row["best"] == [] for row in result_rows([picture, picture]))
    assert all(row["best"] == [] for row in result_rows([picture]))


def test_a_pin_that_cannot_be_run_says_why_and_has_no_results(pictures):
    answer = compared(pictures, [{"pp": 1}, {}], base=0)
    assert "does not fit" in answer["pins"][0]["wrong"]
    assert answer["pins"][0]["cards"] is None
    assert [row["cells"][1] for row in answer["results"]] == [NOTHING] * len(answer["results"])
    assert all(row["best"] == [] for row in answer["results"])


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (None, "`seq`"),
        ({"seq": 1}, "`values`"),
        ({"seq": 1, "values": {}}, "`pins`"),
        ({"seq": 1, "values": {}, "pins": [1]}, "`pins`"),
        ({"seq": 1, "values": {}, "pins": [{}] * (MOST_PINS + 1)}, "at most 4 pins"),
        ({"seq": 1, "values": {}, "pins": [{"pp": 0}], "base": 0}, "pp = 0"),
        ({"seq": 1, "values": {}, "pins": [{}], "base": 1}, "`base`"),
        ({"seq": 1, "values": {}, "pins": [{}], "base": True}, "`base`"),
    ],
)
def test_what_is_no_comparison_is_refused(pictures, asked, said):
    assert said in comparison(asked, pictures)["error"]
