"""The sweep's heat map: cells of one size, hatched where there is no result."""

from dataclasses import replace

import pandas as pd
import pytest

from app.figures.grid import THEMES, Grid
from app.figures.heatmap import MOST_WRAPPED, figure
from app.figures.surface import figure as surface_figure
from app.sweeps.terms import axis_of, metrics_of
from simcore import SWEEPS
from simcore.sweep import table as rows_table
from tests.app.figures.sweep_tables import DECODE, PAIRS, PREFILL, REASON, SMALL, T, grid, table

CELLS, SKIPPED, INFEASIBLE, HERE, BEST = range(5)


def pairs(**options):
    return figure(grid(PAIRS, x=DECODE, y=PREFILL), **options)


def test_cells_are_equally_large_whatever_their_values():
    cells = figure(grid(SMALL))["data"][CELLS]
    assert (cells["x"], cells["y"]) == ([0, 1, 2], [0, 1])
    assert cells["z"] == [[0.1, 0.3, None], [0.4, 0.2, 0.5]]
    assert "texttemplate" not in cells


def test_it_shows_what_the_surface_shows_in_the_same_colours():
    cells, heights = figure(grid(SMALL))["data"][CELLS], surface_figure(grid(SMALL))["data"][0]
    assert cells["z"] == heights["z"]
    assert cells["colorscale"] == heights["colorscale"]


def test_a_cell_without_a_result_is_hatched_and_says_why():
    layout, traces = figure(grid(SMALL))["layout"], figure(grid(SMALL))["data"]
    skipped = traces[SKIPPED]
    assert (skipped["x"], skipped["base"], skipped["y"], skipped["width"]) == ([2], [-0.5], [1], 1)
    assert skipped["hovertext"] == [f"M 1,536<br>T 1,024<br>{REASON}"]
    assert traces[INFEASIBLE]["x"] == []
    shapes = [traces[n]["marker"]["pattern"]["shape"] for n in (SKIPPED, INFEASIBLE)]
    assert "" not in shapes and len(set(shapes)) == 2
    assert layout["barmode"] == "overlay"


def test_the_best_of_each_row_is_marked_in_its_cell():
    best = figure(grid(SMALL))["data"][BEST]
    assert (best["x"], best["y"]) == ([0, 1], [0, 1])
    assert best["text"][0].startswith("TTDS 0.1 s<br>M 64<br>T 1,024")


def test_few_enough_ticks_name_the_values():
    many = table(*((m, 1024, m / 1e3) for m in range(10, 1010, 10)))
    axis = figure(grid(many))["layout"]["xaxis"]
    assert len(axis["tickvals"]) <= 8
    assert [10 * (1 + n) for n in axis["tickvals"]] == [
        int(text.replace(",", "")) for text in axis["ticktext"]
    ]
    assert axis["range"] == [-0.5, 99.5]


def test_names_keep_their_order_and_each_cell_tells_its_value():
    drawn = pairs()
    cells = drawn["data"][CELLS]
    assert cells["z"] == [[0.1, 0.1], [0.3, None]]
    assert cells["text"] == [["0.1 s", "0.1 s"], ["0.3 s", None]]
    assert cells["texttemplate"] == "%{text}"
    assert drawn["layout"]["xaxis"]["ticktext"] == ["B", "A"]
    # The first name is at the top, as in a table.
    assert drawn["layout"]["yaxis"]["range"] == [1.5, -0.5]


def test_of_names_all_that_are_equally_good_are_marked_but_not_over_their_values():
    best = pairs()["data"][BEST]
    assert best["name"] == "best"
    assert [round(x) for x in best["x"]] == [0, 1]
    assert [round(y) for y in best["y"]] == [0, 0]
    assert all(x != round(x) for x in best["x"])


def test_a_long_name_leaves_room_for_the_cells():
    name = "NVIDIA RTX PRO 6000"
    rows = PAIRS.replace({"decode_gpu": {"B": name}})
    axis = figure(grid(rows, x=DECODE, y=PREFILL))["layout"]["xaxis"]
    assert axis["ticktext"][0] == "NVIDIA RTX<br>PRO 6000"


@pytest.mark.parametrize(("names", "breaks"), [(MOST_WRAPPED, 1), (MOST_WRAPPED + 1, 0)])
def test_names_of_many_rows_have_a_line_each(names, breaks):
    row = PAIRS.iloc[[0]]
    rows = pd.concat([row.assign(prefill_gpu=f"GPU of kind {n}") for n in range(names)])
    axis = figure(grid(rows, x=DECODE, y=PREFILL))["layout"]["yaxis"]
    assert [text.count("<br>") for text in axis["ticktext"]] == [breaks] * names


def test_a_scheme_changes_colours_only():
    light, dark = (pairs(theme=theme) for theme in THEMES)
    assert light["layout"]["paper_bgcolor"] != dark["layout"]["paper_bgcolor"]
    assert light["data"][CELLS] | {"colorbar": 0} == dark["data"][CELLS] | {"colorbar": 0}


def test_the_title_follows_the_metric():
    plan = SWEEPS["mt"]
    row = {"chunk_tokens": 1, "prompt_tokens": 2, "outcome": "done", "reason": ""}
    metrics = metrics_of(plan).values()
    rows = rows_table([row | {metric.field: 0.25 for metric in metrics}])
    x, y = axis_of(plan.x, plan), axis_of(plan.y, plan)
    for metric in metrics:
        drawn = figure(Grid(table=rows, x=x, y=y, metric=metric))
        assert drawn["layout"]["title"]["text"] == f"{metric.symbol} over M and T"
        assert drawn["data"][CELLS]["colorbar"]["title"]["text"] == metric.symbol
        assert drawn["data"][CELLS]["hovertext"] == [[f"{metric.symbol} 250 ms<br>M 1<br>T 2"]]


@pytest.mark.parametrize(
    ("here", "place"),
    [
        ((128, 2048), ([1], [1])),
        ((96, 1024), ([0.5], [0])),
        ((32, 1024), ([], [])),
        ((64, 4096), ([], [])),
        (None, ([], [])),
    ],
)
def test_the_scenario_one_comes_from_is_marked_where_it_is(here, place):
    mark = figure(replace(grid(SMALL), here=here))["data"][HERE]
    assert (mark["x"], mark["y"]) == place


def test_of_names_it_is_marked_beside_the_value_and_the_best():
    traces = figure(replace(grid(PAIRS, x=DECODE, y=PREFILL), here=("A", "B")))["data"]
    assert (traces[HERE]["x"], traces[HERE]["y"]) == ([1 - 0.32], [-0.32])
    assert traces[BEST]["x"] == [0.32, 1.32]


def test_axes_name_symbol_and_unit():
    assert figure(grid(SMALL))["layout"]["yaxis"]["title"]["text"] == T.title
