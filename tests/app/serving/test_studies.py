"""Runs at other rates, runs in full, and files."""

import json

import pytest

from app.serving.downloads import FILES, file_for
from app.serving.runs import ServingRuns
from app.serving.settings import settings_of
from app.serving.studies import bands, full, point
from simcore.errors import ScenarioError
from simcore.serving.results import band, simulate
from simcore.serving.scenario import ClusterScenario

BODY = {"seq": 1, "values": {"requests": 60, "seed": 3}, "scheme": "light"}


@pytest.fixture(scope="module")
def runs():
    return ServingRuns()


def test_a_point_has_its_rate_and_seed_of_its_own(runs):
    first, second = (point(BODY | {"point": 7, "number": n}, runs) for n in (0, 1))
    assert first["rate"] == second["rate"] == 16.0
    assert first["throughput"] != second["throughput"]
    assert 0 < first["goodput"] <= first["throughput"] * (1 + 1e-9)


def test_bands_are_confidence_intervals():
    found = bands({"seq": 1, "rows": [[1.0, 2.0, 4.0], [5.0], [None]]})["bands"]
    assert found[0] == [band([1.0, 2.0, 4.0]).mean, band([1.0, 2.0, 4.0]).half]
    assert found[1:] == [[5.0, None], [None, None]]


def test_a_run_in_full_tells_its_progress_and_then_everything():
    lines = [json.loads(line) for line in full(BODY | {"requests": 3000})]
    told = [line["done"] for line in lines[:-1]]
    assert told == sorted(told) and told[-1] > 0
    assert "3\u202f000 arrived = 3\u202f000 completed" in lines[-1]["answer"]["ledger"]


def test_whoever_stops_reading_ends_the_run():
    lines = full(BODY | {"requests": 20_000})
    assert json.loads(next(lines))["of"] == 20_000
    lines.close()


@pytest.mark.parametrize("requests", [0, 10**9, "many", None])
def test_a_run_in_full_has_its_bounds(requests):
    [line] = full(BODY | {"requests": requests})
    assert "whole number from 1 to 20" in json.loads(line)["wrong"]["message"]


@pytest.mark.parametrize("name", FILES)
def test_every_file_has_something_in_it(runs, name):
    file, content = file_for(BODY | {"file": name}, runs)
    assert len(content) > 100
    if file.media_type == "application/json":
        json.loads(content)


def test_the_requests_of_a_file_are_those_of_the_run(runs):
    _, content = file_for(BODY | {"file": "requests-csv"}, runs)
    assert content.decode().count("\n") == 61


def test_the_scenario_of_a_file_is_that_of_the_run(runs):
    _, content = file_for(BODY | {"file": "scenario"}, runs)
    again = simulate(ClusterScenario.from_text(content.decode()))
    same = runs.of(settings_of(BODY["values"]))
    assert again.figures == same.figures


def test_slices_of_the_trace_begin_and_end_in_pairs(runs):
    _, content = file_for(BODY | {"file": "perfetto"}, runs)
    open_at = {}
    for event in json.loads(content)["traceEvents"]:
        key = event.get("id"), event["name"], event["pid"]
        if event["ph"] == "b":
            open_at[key] = event["ts"]
        elif event["ph"] == "e":
            assert event["ts"] >= open_at.pop(key)
    assert not open_at


def test_no_other_file_is_made(runs):
    with pytest.raises(ScenarioError, match="`file` is one of"):
        file_for(BODY | {"file": "../secret"}, runs)
