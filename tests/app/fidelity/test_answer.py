"""What the page Fidelity is told: pictures and tables of the points asked for."""

import io
import json
import re

import pandas as pd
import pytest

from app.fidelity.answer import answer_to, csv_of
from app.fidelity.asked import read
from app.fidelity.errors import furthest, table_of, within
from app.fidelity.shown import AGAINST, COST_MODELS, FILTERS, GROUPINGS, points_of, values_of
from simcore.calibration.accuracy import accuracy
from simcore.calibration.points import UNSEEN, predicted_points
from simcore.errors import PdscopeError


def body(**changes):
    usual = {"seq": 7, "cost_model": "calibrated", "by": "quantity", "against": "measured_s"}
    return usual | {name: [] for name in FILTERS.values()} | {"scheme": "light"} | changes


def drawn(figure):
    """The places of the points that a figure draws."""
    return sorted(place for trace in figure["data"] for place in trace.get("text", ()))


@pytest.mark.parametrize("cost_model", COST_MODELS)
def test_every_predicted_point_is_drawn_once_with_its_text(cost_model):
    answer = answer_to(body(cost_model=cost_model))
    points = predicted_points(cost_model)
    known = int(points["predicted_s"].notna().sum())
    assert answer["seq"] == 7
    for figure in answer["figures"].values():
        assert drawn(figure) == list(range(known))
    assert len(answer["hovers"]) == known
    json.dumps(answer, allow_nan=False)


@pytest.mark.parametrize("by", GROUPINGS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_groups_of_any_kind_have_a_colour_and_a_row(by, scheme):
    asked = read(body(by=by, scheme=scheme))
    groups = table_of(asked)[1:]
    assert len(groups) > 2 or by == "use"
    assert [group.number for group in groups] == list(range(len(groups)))
    assert sum(group.points for group in groups) == len(asked.points())
    html = answer_to(body(by=by, scheme=scheme))["errors"]
    assert html.count("<tr>") == len(groups) + 2


def test_the_table_has_the_errors_of_the_points(cost_model="calibrated"):
    asked = read(body(quantities=["decode step"], by="gpu"))
    points = asked.points()
    table = {group.name: group for group in table_of(asked)}
    assert table[""].accuracy == accuracy(points["predicted_s"], points["measured_s"])
    h100 = points[points["gpu"] == "NVIDIA H100"]
    assert table["NVIDIA H100"].accuracy == accuracy(h100["predicted_s"], h100["measured_s"])
    other = asked.points("physical")
    expected = accuracy(other["predicted_s"], other["measured_s"]).mape
    assert table[""].others["physical"] == expected
    assert set(table[""].others) == set(COST_MODELS) - {"calibrated"}


def test_points_are_the_same_whatever_predicts_them():
    first, *others = (points_of(model) for model in COST_MODELS)
    for other in others:
        assert other["what"].equals(first["what"])
        assert other["measured_s"].equals(first["measured_s"])


def test_calibration_gains_on_every_gpu_and_engine():
    for by in ("gpu", "engine", "quantity"):
        for group in table_of(read(body(by=by))):
            if group.accuracy is not None:
                assert group.accuracy.median < group.others["physical"], group.name


@pytest.mark.parametrize("grouping", FILTERS)
def test_filters_leave_the_points_that_were_chosen(grouping):
    for value in values_of(grouping):
        asked = read(body(**{FILTERS[grouping]: [value]}))
        column = asked.points()[GROUPINGS[grouping].column]
        assert set(column) == {value}
    both = list(values_of(grouping)[:2])
    expected = points_of("calibrated")[GROUPINGS[grouping].column].isin(both).sum()
    assert len(read(body(**{FILTERS[grouping]: both})).points()) == expected


def test_a_choice_without_points_says_what_to_take_away():
    answer = answer_to(body(quantities=["TPOT"], gpus=["NVIDIA H800"]))
    assert "figures" not in answer
    assert answer["said"] == "No measured point is of all these."
    assert "Quantity: TPOT; GPU: NVIDIA H800" in answer["nothing"]


def test_a_choice_that_nothing_is_predicted_of_says_why():
    points = points_of("reference")
    lacking = points[points["predicted_s"].isna()].groupby("model").size()
    some = points.groupby("model").size()
    names = [name for name in lacking.index if lacking[name] == some[name]]
    answer = answer_to(body(cost_model="reference", models=names))
    assert "figures" not in answer and "None of these points can be predicted" in answer["nothing"]


@pytest.mark.parametrize("against", AGAINST)
def test_residuals_are_over_what_was_asked_for(against):
    figure = answer_to(body(against=against))["figures"]["residuals"]
    points = points_of("calibrated")
    known = points[points["predicted_s"].notna() & (points[against] > 0)]
    assert len(drawn(figure)) == len(known)
    assert figure["layout"]["xaxis"]["type"] == "log"


def test_residuals_over_what_no_point_has_are_not_drawn():
    figures = answer_to(body(quantities=["prefill step"], against="bytes"))["figures"]
    assert figures["residuals"] is None and figures["scatter"] is not None


def test_what_points_at_a_point_tells_all_of_it():
    known = points_of("calibrated").query("predicted_s > 0").reset_index(drop=True)
    one = known.query("quantity == 'KV transfer' and context == 128 and gpu == 'NVIDIA H800'")
    [place] = one.index
    text = answer_to(body())["hovers"][place]
    for part in (
        "KV transfer",
        "NVIDIA H800",
        "Qwen3-8B",
        "measured 540 µs",
        "predicted",
        "fitted",
    ):
        assert part in re.sub("<br>", " ", text)
    assert "Source: kvcache-ai/Mooncake @" in text


def test_the_worst_are_listed_with_their_source():
    points = points_of("calibrated")
    worst = furthest(points, 3)
    assert worst["error"].abs().is_monotonic_decreasing
    assert worst["error"].abs().iloc[0] == points["error"].abs().max()
    far = answer_to(body())["far"]
    assert worst["source"].iloc[0] in far
    assert "Not predicted:" in far


def test_the_share_within_a_band_is_of_the_predicted():
    table = pd.DataFrame({"error": [0.0, -0.1, 0.2, -0.5, None]})
    assert within(table, 0.1) == 0.5
    assert within(table, 0.25) == 0.75


def test_the_csv_holds_the_points_that_are_shown():
    table = pd.read_csv(io.StringIO(csv_of(body(gpus=["NVIDIA H200"], cost_model="physical"))))
    expected = points_of("physical").query("gpu == 'NVIDIA H200'")
    assert table["measured_s"].tolist() == pytest.approx(expected["measured_s"].tolist())
    assert set(table["use"]) == {UNSEEN}
    assert {"quantity", "predicted_s", "error", "note", "source"} <= set(table.columns)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"seq": None}, "seq"),
        ({"seq": True}, "seq"),
        ({"cost_model": "guess"}, "cost_model"),
        ({"by": ["gpu"]}, "by"),
        ({"against": "predicted_s"}, "against"),
        ({"scheme": "sepia"}, "scheme"),
        ({"gpus": "NVIDIA H100"}, "gpus"),
        ({"gpus": ["NVIDIA H99"]}, "gpus"),
        ({"models": [["LLaMA-3.1-70B"]]}, "models"),
        ({"quantities": ["TPOT"] * 101}, "quantities"),
    ],
)
def test_what_is_no_request_is_refused_by_name(changes, named):
    with pytest.raises(PdscopeError, match=f"`{named}`"):
        read(body(**changes))
    assert f"`{named}`" in answer_to(body(**changes))["wrong"]
