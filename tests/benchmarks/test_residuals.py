"""The picture of a miss shows every row, where it is and how far off."""

import dataclasses
import json
import re

import pandas as pd
import pytest

from benchmarks import residuals
from benchmarks._misses import Miss, other_degree
from benchmarks._residual_figure import HIGHEST, figure


@pytest.fixture
def miss():
    points = pd.DataFrame(
        {
            "x": [0.1, 0.2, 0.4, 0.8],
            "error": [0.1, -0.3, 9.0, 0.2],
            "group": ["A", "B", "A", "A"],
            "panel": ["one", "one", "two", "one"],
            "seen": [False, False, False, True],
            "text": ["a", "b", "<c>", "d"],
        }
    )
    return Miss(
        name="made-up", title="Made-up rows", goal=0.08, points=points, explains="a share [%]"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_row_is_in_the_panel_and_the_group_that_it_belongs_to(miss, scheme):
    drawn = figure(miss, scheme)["data"]
    found = {
        (text, trace["name"], trace["xaxis"], x, y)
        for trace in drawn
        for text, x, y in zip(trace["text"], trace["x"], trace["y"], strict=True)
    }
    assert found == {
        ("a", "A", "x", 0.1, 0.1),
        ("b", "B", "x", 0.2, -0.3),
        ("d", "A", "x", 0.8, 0.2),
        ("<c>", "A", "x2", 0.4, HIGHEST),
    }


def test_the_legend_names_each_group_once(miss):
    named = [trace["name"] for trace in figure(miss, "light")["data"] if trace["showlegend"]]
    assert sorted(named) == ["A", "B"]


def test_the_error_told_is_that_of_the_rows_not_seen(miss):
    assert miss.error == pytest.approx((0.1 + 0.3 + 9.0) / 3)
    assert "313.3 %, goal 8 %" in figure(miss, "light")["layout"]["title"]["text"]


def test_the_file_holds_the_figures_of_all_misses_and_asks_nothing_of_others(miss):
    other = dataclasses.replace(miss, title="Others")
    page = residuals.html_of([miss, other])
    held = json.loads(re.search(r'id="figures">(.*?)</script>', page)[1])
    for scheme in ("light", "dark"):
        titles = [drawn["layout"]["title"]["text"] for drawn in held[scheme]]
        assert ["Made-up rows" in titles[0], "Others" in titles[1]] == [True, True]
    assert "default-src 'none'" in page
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=", page)


def test_an_unseen_tp_degree_is_drawn_beside_the_one_it_is_predicted_from(repository):
    data = repository.parent / "shared" / "data"
    if not data.is_dir():
        pytest.skip("no measurements here")
    found = other_degree(data)
    seen, unseen = found.points[found.points["seen"]], found.unseen
    # No step of TP 2 has as many all-reduces as any that its constants were fitted to.
    assert unseen["x"].max() < seen["x"].min()
    assert seen["error"].abs().mean() < found.error
