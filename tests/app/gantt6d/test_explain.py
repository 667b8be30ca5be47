"""Why the page says what it says: numbers of real runs, a slice of time at once, no exception."""

import itertools
import json
import re
import time

import numpy as np
import pytest

from app.gantt6d.breakdown import SHOWN, breakdown_of
from app.gantt6d.explain import METRICS, Studies, Study, explanation_of, step_key
from app.gantt6d.explain_layout import breakdown
from app.gantt6d.results import Pictures
from app.shell import create_app
from simcore import Scenario, run
from simcore.explain import bound_of, explain_metric, sensitivity
from simcore.pipelines.critical_path import PathKind
from simcore.topologies.reference import LINKS
from tests.app.figures.test_palette import (
    GRAPHIC_CONTRAST,
    LEAST_DIFFERENCE,
    SIGHT,
    contrast,
    lab,
    linear,
)

SMALL = {"pp": 4, "prompt_tokens": 2048, "chunk_tokens": 256}
EXAMPLES = [
    {},
    SMALL,
    {"pp": 4, "decode_pp": 6, "output_tokens": 3},
    {"cost_model": "reference"},
    {"prefill_nics": 1, "chunk_tokens": 2048, "batch_size": 8},
]


@pytest.fixture
def studies():
    return Studies(Pictures())


def complete(values, studies):
    """The answers until all is known."""
    answers = [explanation_of({"values": values}, studies)]
    while not answers[-1]["complete"]:
        answers.append(explanation_of({"values": values}, studies))
    return answers


@pytest.mark.parametrize("values", EXAMPLES)
def test_the_breakdown_is_the_critical_path(values):
    result = run(Scenario(**values))
    path, breakdown = result.critical_path, breakdown_of(result.critical_path)
    assert dict(zip(SHOWN, breakdown["ttds"], strict=True)) == path.seconds("ttds")
    step = dict(zip(SHOWN, breakdown["step"], strict=True))
    first_step = result.metrics.ttft_s - result.metrics.ttds_s
    assert sum(step.values()) == pytest.approx(first_step, rel=1e-9)
    # Each kind's name stands under the part that it is a share of.
    for kind, seconds in step.items():
        if SHOWN[kind].part != "step":
            assert seconds == pytest.approx(0, abs=1e-12)
    json.dumps(breakdown, allow_nan=False)


def test_every_kind_is_shown_once_with_a_meaning():
    assert set(SHOWN) == set(PathKind)
    assert len({kind.key for kind in SHOWN.values()}) == len(PathKind)
    assert all(kind.meaning.endswith(".") for kind in SHOWN.values())


def test_shares_stand_under_what_they_are_shares_of():
    """The kinds until decode starts sum to 100 % of one time, the others to 100 % of another."""
    page = getattr(breakdown("page"), "data-html")
    headings = re.split(r'<div class="breakdown-of"[^>]*>(.*?)</div>', page)[1:]
    groups = {
        heading: re.findall(r'<button[^>]* data-kind="([\w-]+)"', buttons)
        for heading, buttons in zip(headings[::2], headings[1::2], strict=True)
    }
    assert set(groups) == {"of TTDS", "of the first decode step"}
    assert groups["of the first decode step"] == [
        "decode-compute", "decode-collective", "decode-transfer"
    ]  # fmt: skip
    assert [*itertools.chain(*groups.values())] == [kind.key for kind in SHOWN.values()]


@pytest.mark.parametrize("values", [SMALL, {"pp": 2, "batch_size": 4}])
def test_rows_are_the_runs_of_the_sensitivity(values, studies):
    scenario = Scenario(**values)
    before = run(scenario).metrics
    answer = complete(values, studies)[-1]
    changes = {step_key(change.what, change.direction): change for change in sensitivity(scenario)}
    assert set(answer["rows"]) == set(changes)
    for key, row in answer["rows"].items():
        change = changes[key]
        if change.reason:
            assert row["reason"].lower().startswith(change.reason.lower())
            continue
        for cell, name in zip(row["cells"], METRICS, strict=True):
            share = getattr(change, name) / getattr(before, name) - 1
            assert cell["share"] == pytest.approx(share, abs=1e-6)
            assert_says(cell["text"], share)


def assert_says(text, share):
    """A change in words is the share, to its last digit shown."""
    if text in ("0", "≈ 0"):
        assert abs(share) < 5e-5
        return
    sign, number = re.fullmatch(r"([−+])([\d.\u202f]+) %", text).groups()
    value = float(number.replace("\u202f", "")) * (-1 if sign == "−" else 1)
    decimals = len(number.partition(".")[2])
    assert value == pytest.approx(100 * share, abs=0.5001 * 10**-decimals)


def test_steps_lead_where_a_scenario_can_go(studies):
    steps = complete({**SMALL, "batch_size": 1}, studies)[-1]["steps"]
    assert steps["pp:up"] == {"field": "pp", "value": 5, "label": "5"}
    assert "batch_size:down" not in steps
    for step in steps.values():
        Scenario(**SMALL).replace(**{step["field"]: step["value"]})


def test_a_step_that_does_not_fit_says_so_and_why(studies):
    # 70 billion parameters in BF16 on two 80 GB GPUs; one is too few.
    row = complete({"pp": 2, "prompt_tokens": 2048}, studies)[-1]["rows"]["pp:down"]
    assert row["short"] == "does not fit"
    assert "GiB" in row["reason"]
    assert "cells" not in row


def test_the_sentence_and_the_formulas_are_those_of_simcore(studies):
    answer = complete(SMALL, studies)[-1]
    result = run(Scenario(**SMALL))
    bound = bound_of(result)
    assert answer["bound"] == bound.text
    remedy = answer["remedy"]
    assert (remedy and remedy["value"]) == (bound.remedy and bound.remedy.value)
    for name, shown in answer["formulas"].items():
        told = explain_metric(result, name)
        assert (shown["formula"], shown["values"]) == (told.formula, told.values)
        assert shown["where"] == told.where


def test_a_slice_of_time_ends_and_the_next_one_goes_on():
    """With no time at all each answer still brings one run more, until all are there."""
    result = run(Scenario(**SMALL))
    study = Study(result, slice_s=0.0)
    answers = [study.advance()]
    while not answers[-1]["complete"]:
        answers.append(study.advance())
        assert len(answers) < 60
    counts = [len(answer["rows"]) for answer in answers]
    assert counts == sorted(counts)
    assert all(after - before <= 1 for before, after in itertools.pairwise(counts))
    assert counts[0] == 0
    assert not answers[0]["bounded"]
    whole = Study(result, slice_s=60.0).advance()
    assert whole["complete"]
    assert answers[-1] == whole


def test_what_takes_too_long_by_itself_says_so():
    answer = Study(run(Scenario(**SMALL)), slice_s=60.0, run_s=0.0).advance()
    assert answer["complete"]
    assert answer["bounded"]
    assert len(answer["rows"]) > 10
    assert all("takes longer than" in row["reason"] for row in answer["rows"].values())
    assert answer["remedy"] is None


def test_time_that_a_request_has_spent_before_counts():
    study = Study(run(Scenario(**SMALL)), slice_s=0.01)
    told = study.advance(spent_s=0.02)
    assert not told["bounded"]
    assert told["rows"] == {}
    assert not told["complete"]


def test_a_large_scenario_is_known_in_the_end(studies, no_garbage_of_others):
    """41,000 events and as many for each change: a second for each answer, but every row."""
    values = {"pp": 32, "prompt_tokens": 8192, "chunk_tokens": 32}
    begun, answers = time.thread_time(), []
    while not (answers and answers[-1]["complete"]):
        answers.append(explanation_of({"values": values}, studies))
        took, begun = time.thread_time() - begun, time.thread_time()
        assert took < 1.0
    assert set(answers[-1]["rows"]) == {
        *answers[-1]["steps"], *(step_key(link, "up") for link in LINKS)
    }  # fmt: skip


def test_a_scenario_is_studied_once():
    pictures = Pictures()
    studies = Studies(pictures)
    first = complete(SMALL, studies)[-1]
    assert explanation_of({"values": dict(SMALL)}, studies) == first
    assert pictures.runs == 1


@pytest.mark.parametrize(
    "asked",
    [None, [], {}, {"values": None}, {"values": {"pp": "x"}}, {"values": {"pp": 1}},
     {"values": {"prompt_tokens": 2**20, "chunk_tokens": 1}}],
)  # fmt: skip
def test_what_cannot_be_explained_is_refused(asked, studies):
    assert set(explanation_of(asked, studies)) == {"wrong"}


def test_the_route_answers():
    client = create_app().server.test_client()
    answer = client.post("/gantt6d/explain", json={"values": SMALL})
    assert answer.status_code == 200
    assert answer.json["bound"].endswith(".")
    assert len(answer.data) < 30_000


@pytest.fixture(scope="module", params=["light", "dark"])
def colours(request, repository):
    """The page's colour, and those of the kinds."""
    css = (repository / "assets/pages/gantt6d/explain.css").read_text()
    light, _, dark = css.partition('="dark"]')
    rules = {"light": light, "dark": dark}[request.param].partition("}")[0]
    found = dict(re.findall(r"--path-([a-z-]+): (#[0-9a-f]{6});", rules))
    assert set(found) == {kind.key for kind in SHOWN.values()}
    return {"light": "#ffffff", "dark": "#14181f"}[request.param], found


def test_kinds_stand_out_from_the_page_and_from_each_other(colours):
    page, kinds = colours
    for key, colour in kinds.items():
        assert contrast(colour, page) >= GRAPHIC_CONTRAST, key
    for sight, matrix in SIGHT.items():
        seen = {key: lab(np.clip(matrix @ linear(kinds[key]), 0, 1)) for key in kinds}
        # Collectives look alike in either pool, as in the chart.
        assert kinds["decode-collective"] == kinds["collective"]
        del seen["decode-collective"]
        for one, other in itertools.combinations(seen, 2):
            difference = np.linalg.norm(seen[one] - seen[other])
            assert difference >= LEAST_DIFFERENCE, f"{sight}: {one} and {other}"
