"""What the Serving page is told: cards, figures, explanations and comparisons."""

import json

import numpy as np
import pytest

from app.serving import runs as runs_of_page
from app.serving.answer import CARDS, answer_to, compared
from app.serving.runs import COARSE_REQUESTS, ServingRuns, Wanted, run
from app.serving.settings import AGGREGATED, Settings, cluster_scenario, settings_of
from simcore.serving.results import simulate

SMALL = {"requests": 400, "rate": 16}


@pytest.fixture(scope="module")
def runs():
    return ServingRuns()


def body(**more):
    return {"seq": 5, "values": SMALL, "scheme": "light", "coarse": False} | more


@pytest.fixture(scope="module")
def answer(runs):
    return answer_to(body(), runs)


@pytest.fixture(scope="module")
def result(runs, answer):
    return runs.of(settings_of(SMALL))


def test_cards_are_the_figures_of_the_run(answer, result):
    assert set(answer["cards"]) == set(CARDS)
    figures = result.figures
    assert answer["cards"]["ttft_p99"][2] == figures.ttft_s.p99
    assert answer["cards"]["goodput"][2] == figures.goodput
    assert answer["cards"]["verdict"][0] == result.verdict.value
    assert "400 arrived = 400 completed" in answer["ledger"]
    assert answer["partial"] == ""
    json.dumps(answer, allow_nan=False)


def test_distributions_are_of_all_completed_requests(answer, result):
    [curve] = answer["figures"]["ttft"]["data"]
    shares, times = np.array(curve["y"]), np.array(curve["x"])
    assert (np.diff(times) >= 0).all() and shares[-1] == 1.0
    ttft = np.sort(result.columns["ttft_s"])
    for share, at in zip(shares[1:-1:20], times[1:-1:20], strict=True):
        # As the printed quantile lies between two requests, so does the share up to it.
        assert np.mean(ttft <= at * (1 + 1e-4)) == pytest.approx(share, abs=2 / len(ttft))
    [limit] = answer["figures"]["ttft"]["layout"]["shapes"]
    assert limit["x0"] == limit["x1"] == 1.0


def test_the_bars_of_a_request_add_up_to_its_ttft(answer, result):
    data = answer["figures"]["waterfall"]["data"]
    sums = np.sum([trace["x"] for trace in data], axis=0)
    slowest = np.sort(result.columns["ttft_s"])[::-1][: len(sums)]
    assert sums == pytest.approx(slowest, rel=1e-3)


def test_timelines_tell_of_no_more_replicas_or_blocks_than_there_are(answer, result):
    data = answer["figures"]["timelines"]["data"]
    names = {pool.name for pool in result.pools}
    work = [trace for trace in data if trace["yaxis"] == "y4"]
    assert {trace["name"] for trace in work} == names
    assert all(0 <= value <= 2 for trace in work for value in trace["y"])
    shares = [trace for trace in data if trace["yaxis"] in ("y3", "y5")]
    assert all(0 <= value <= 1 for trace in shares for value in trace["y"])
    assert any(max(trace["y"]) > 0 for trace in shares if trace["name"] not in names)


def test_while_one_drags_fewer_are_asked_and_less_is_drawn(runs):
    coarse = answer_to(body(coarse=True), runs)
    assert set(coarse["figures"]) == {"ttft", "tpot"}
    assert f"{COARSE_REQUESTS} arrived" in coarse["ledger"]


def test_a_run_out_of_time_is_partial_and_says_so(monkeypatch):
    monkeypatch.setattr(runs_of_page, "Wanted", lambda s, n: Wanted(s, n, 0.0))
    answer = answer_to(body(), ServingRuns())
    assert answer["partial"].startswith("Partial: 0 s of work")
    assert "0 in flight" not in answer["ledger"]


def test_a_run_with_a_limit_is_the_same():
    settings = Settings(requests=400)
    plain = simulate(cluster_scenario(settings))
    watched = run(Wanted(settings, 400, 1e9))
    assert not watched.partial
    assert (plain.columns["number"] == watched.columns["number"]).all()
    assert (plain.columns["ended_s"] == watched.columns["ended_s"]).all()


def test_both_arrangements_are_compared_term_by_term(runs):
    here = compared(body(), runs)
    there = compared(body(values={**SMALL, "arrangement": AGGREGATED}), runs)
    # It is the same comparison from either side.
    assert here["table"] == there["table"]
    assert here["said"] == there["said"]
    assert (here["name"], there["name"]) == ("aggregated", "disaggregated")
    assert here["said"].startswith("Disaggregated, the mean TTFT is")
    assert "0000" not in here["table"]
