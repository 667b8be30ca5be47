"""Sweeps of a pool's two degrees: lists of values, what stays as it is, rates beside times."""

import json
import math

import pandas as pd
import pytest

from app.pages.pptp_sweep import DECODE, PREFILL, SIBLINGS
from app.sweeps.axes import BadRequest
from app.sweeps.html import figures_of
from app.sweeps.slices import Worker, answer, read
from app.sweeps.terms import describe, filename_of, metrics_of
from simcore import SWEEPS, Scenario, ScenarioError, run
from simcore.sweep import cells, run_cell

PLANS = [SWEEPS["prefill-pptp"], SWEEPS["decode-pptp"]]
HERE = Worker()


def asked(plan, x, y, *, scenario=None, carried=None):
    base = {"scenario": scenario or {}, "carried": carried or {}}
    body = {**base, "axes": {plan.x: x, plan.y: y}, "first": 0}
    return read(json.dumps(body).encode(), plan)


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.name)
def test_a_cell_sets_the_degrees_of_its_pool_alone(plan):
    request = asked(plan, [1, 2], [4, 8])
    own, other = ("prefill_pool", "decode_pool")[:: 1 if plan.pool == "prefill" else -1]
    base = plan.base
    for cell in request.cells:
        scenario = cell.scenario()
        degrees = dict(cell.values)
        assert (getattr(scenario, own).pp, getattr(scenario, own).tp) == (
            degrees[plan.x],
            degrees[plan.y],
        )
        assert getattr(scenario, other) == getattr(base, other)


def test_a_decode_pool_that_follows_the_prefill_pool_is_held_as_it_is_elsewhere():
    plan = SWEEPS["prefill-pptp"]
    carried, own = {"pp": 2, "tp": 4}, {"decode_pp": None, "decode_tp": None}
    request = asked(plan, [1, 8], [1, 8], scenario=own, carried=carried)
    pools = {(cell.scenario().decode_pool.pp, cell.scenario().decode_pool.tp)
             for cell in request.cells}  # fmt: skip
    assert pools == {(2, 4)}
    # As other pages have it, it still follows.
    assert "dpp=" not in request.scenario_query and "dtp=" not in request.scenario_query


def test_the_values_of_a_cell_are_those_of_its_run():
    plan = SWEEPS["decode-pptp"]
    row = run_cell(cells(plan.base, {plan.x: (2,), plan.y: (8,)})[0])
    metrics = run(plan.base.replace(decode_pp=2, decode_tp=8)).metrics
    assert row["outcome"] == "done"
    for metric in metrics_of(plan).values():
        assert row[metric.field] == getattr(metrics, metric.field)
    assert metrics_of(plan)["rate"].field == "decode_tokens_per_s_per_gpu"


def test_a_degree_that_cannot_be_is_infeasible_and_says_why():
    plan = SWEEPS["decode-pptp"]
    request = asked(plan, [1], [3, 8])
    told = answer(request, HERE.compute(request, budget_s=100))
    wrong, right = told["rows"]
    assert (wrong["outcome"], right["outcome"]) == ("infeasible", "done")
    assert "3" in wrong["reason"] and wrong["ttft_s"] is None


def test_listed_values_are_put_in_order():
    assert asked(PLANS[0], [8, 1, 2], [4]).axes == {"pp": (1, 2, 8), "tp": (4,)}


@pytest.mark.parametrize("x", [[], [0], [1.5], ["x"], [2, 2], [10**9]])
def test_what_its_reader_can_put_right_is_said(x):
    with pytest.raises(ScenarioError) as refused:
        asked(PLANS[0], x, [1])
    assert refused.value.field == "pp"


@pytest.mark.parametrize("x", [None, 3, "1,2", {"from": 1, "to": 2, "step": 1}, [None], [[1]]])
def test_what_no_page_sends_is_refused(x):
    with pytest.raises((BadRequest, ScenarioError)):
        asked(PLANS[1], x, [1])


def test_one_cell_is_marked_and_every_metric_has_its_file():
    plan = SWEEPS["decode-pptp"]
    request = asked(plan, [1, 2], [4, 8])
    rows = HERE.compute(request, budget_s=100)
    for key, metric in metrics_of(plan).items():
        surface, heat = figures_of(pd.DataFrame(rows), plan, metric=metric)["light"]
        best = (max if metric.rate else min)(row[metric.field] for row in rows)
        among = [row for row in rows if math.isclose(row[metric.field], best, rel_tol=1e-9)]
        marked = min(among, key=lambda row: (row[plan.x] * row[plan.y], row[plan.y]))
        assert surface["data"][-1]["x"] == [marked[plan.x]]
        assert surface["data"][-1]["y"] == [marked[plan.y]]
        assert len(heat["data"][-1]["x"]) == 1
        assert heat["data"][-1]["name"] == "best decode PP and decode TP together"
        assert filename_of(plan, metric).startswith("PP_TP_decode_sweep_3d_"), key


def test_the_subtitle_tells_the_other_pool():
    assert describe(PLANS[0].base, PLANS[0])[2].startswith("decode TP 8 × PP 1, ")
    assert describe(PLANS[1].base, PLANS[1])[2].startswith("prefill TP 8 × PP 1, ")
    assert describe(PLANS[1].base, PLANS[1])[1] == "NVIDIA H100 → NVIDIA H100, hgx-rail, across"


def test_either_page_leads_to_the_other():
    assert set(SIBLINGS) == {PREFILL, DECODE} and DECODE.startswith(f"{PREFILL}/")
    assert Scenario() != PLANS[0].base
