"""The sweep's surface: points where there are results, holes with reasons where there are none."""

import math
from dataclasses import replace

import pytest

from app.figures.grid import CONFIG, THEMES, point_size, wrapped
from app.figures.surface import BEST_LIFT, LIFT, figure, has_patch
from tests.app.figures.sweep_tables import RATE, REASON, SMALL, TTDS, M, T, grid, table

SURFACE, POINTS, SKIPPED, INFEASIBLE, BEST = range(5)


def drawn(rows, **options):
    return figure(grid(rows), **options)


def test_heights_stand_where_their_axes_say_and_a_hole_stays_a_hole():
    surface = drawn(SMALL)["data"][SURFACE]
    assert surface["x"] == [64, 128, 1536]
    assert surface["y"] == [1024, 2048]
    assert surface["z"] == [[0.1, 0.3, None], [0.4, 0.2, 0.5]]
    assert not surface.get("connectgaps")


def test_the_order_of_the_rows_does_not_matter():
    backwards, forwards = drawn(SMALL.iloc[::-1])["data"], drawn(SMALL)["data"]
    assert backwards[SURFACE] == forwards[SURFACE]
    assert backwards[BEST] == forwards[BEST]


def test_the_points_are_the_finite_cells():
    points = drawn(SMALL)["data"][POINTS]
    found = SMALL.dropna(subset="ttds_s")
    assert points["mode"] == "markers"
    assert [points["x"], points["y"]] == [
        found[name].tolist() for name in ("chunk_tokens", "prompt_tokens")
    ]


def test_markers_stand_on_the_surface_and_tell_its_height():
    _, points, *_, best = drawn(SMALL)["data"]
    heights = SMALL.dropna(subset="ttds_s")["ttds_s"]
    assert points["z"] == pytest.approx(heights + LIFT * 0.5)
    assert best["z"] == pytest.approx([0.1 + BEST_LIFT * 0.5, 0.2 + BEST_LIFT * 0.5])
    assert points["text"][0].startswith("TTDS 0.1 s<br>")


def test_a_hole_says_why_on_the_floor():
    traces = drawn(SMALL)["data"]
    holes = traces[SKIPPED]
    assert (holes["name"], holes["x"], holes["y"], holes["z"]) == ("skipped", [1536], [1024], [0])
    assert holes["text"] == [f"M 1,536<br>T 1,024<br>{REASON}"]
    assert traces[INFEASIBLE]["x"] == []


def test_what_cannot_run_is_told_from_what_was_not_tried():
    rows = table((64, 1024, 0.1), (128, 1024, math.nan), outcome="infeasible")
    traces = drawn(rows)["data"]
    assert traces[INFEASIBLE]["x"] == [128]
    assert traces[SKIPPED]["x"] == []
    assert traces[SKIPPED]["marker"]["color"] != traces[INFEASIBLE]["marker"]["color"]


def test_what_is_not_computed_yet_is_neither_drawn_nor_called_infeasible():
    surface, points, *holes, _ = drawn(SMALL.iloc[[0, 1, 2]])["data"]
    assert surface["z"] == [[0.1, 0.3], [0.4, None]]
    assert len(points["x"]) == 3
    assert [trace["x"] for trace in holes] == [[], []]


def test_the_best_of_each_row_is_marked():
    best = drawn(SMALL)["data"][BEST]
    assert (best["x"], best["y"]) == ([64, 128], [1024, 2048])
    assert best["name"] == "best M for each T"


def test_where_all_are_equal_none_is_the_best():
    flat = table((64, 1024, 0.1), (128, 1024, 0.1 * (1 + 1e-12)), (64, 2048, 0.2), (128, 2048, 0.1))
    best = drawn(flat)["data"][BEST]
    assert (best["x"], best["y"]) == ([128], [2048])


def test_of_equally_good_ones_the_smallest_is_marked():
    ties = table((256, 1024, 0.1), (64, 1024, 0.1), (128, 1024, 0.3))
    assert drawn(ties)["data"][BEST]["x"] == [64]


@pytest.mark.parametrize(
    ("z", "answer"),
    [
        ([], False),
        ([[1.0, 2.0]], False),
        ([[1.0], [2.0]], False),
        ([[1.0, None], [3.0, 4.0]], False),
        ([[None, 1.0, 2.0], [None, 3.0, 4.0]], True),
    ],
)
def test_a_surface_needs_four_neighbours(z, answer):
    assert has_patch(z) is answer


def test_no_surface_is_drawn_without_a_patch_of_it():
    nowhere = table((64, 1024, math.nan), (64, 2048, math.nan), (128, 1024, math.nan))
    assert [drawn(rows)["data"][0]["visible"] for rows in (nowhere, SMALL)] == [False, True]


def test_points_shrink_before_they_run_together_but_never_vanish():
    sizes = [point_size(cells) for cells in (0, 1, 128, 500, 2_000, 20_000)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == sizes[2] > sizes[3] > sizes[4] == sizes[5] > 1


def test_axes_name_symbol_and_unit():
    scene = drawn(SMALL)["layout"]["scene"]
    titles = [scene[f"{axis}axis"]["title"]["text"] for axis in "xyz"]
    assert titles == [M.brief, T.brief, "TTDS"]
    assert scene["zaxis"]["ticktext"][:2] == ["0 ms", "100 ms"]


def test_no_marker_is_at_an_end_of_the_heights_and_without_any_these_have_no_numbers():
    axis, traces = drawn(SMALL)["layout"]["scene"]["zaxis"], drawn(SMALL)["data"]
    low, high = axis["range"]
    heights = [z for trace in traces[1:] for z in trace["z"]]
    assert low < min(heights) == 0 and max(heights) < high
    assert axis["tickvals"][0] == 0
    empty = drawn(table((64, 1024, math.nan)))["layout"]["scene"]["zaxis"]
    assert empty["showticklabels"] is False
    assert empty["range"] == [0, 1]


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (0, 0.5, ["0 ms", "100 ms", "200 ms", "300 ms", "400 ms", "500 ms"]),
        (0, 1.4, ["0 s", "0.5 s", "1 s"]),
        (0.21, 0.36, ["250 ms", "300 ms", "350 ms"]),
        (0.079, 0.079, ["0.079 s"]),
        (2e-5, 4.1e-5, ["20 µs", "25 µs", "30 µs", "35 µs", "40 µs"]),
    ],
)
def test_ticks_of_times_are_round_and_have_units(low, high, texts):
    ticks = TTDS.ticks(low, high)
    assert ticks["ticktext"] == texts
    assert all(low <= value <= high for value in ticks["tickvals"])


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (0, 13_000, ["0", "5\u202f000", "10\u202f000"]),
        (1.2, 3.4, ["1.5", "2", "2.5", "3"]),
        (7.0, 7.0, ["7 tokens/s"]),
    ],
)
def test_ticks_of_rates_are_round_and_without_a_unit(low, high, texts):
    ticks = RATE.ticks(low, high)
    assert ticks["ticktext"] == texts
    assert all(low <= value <= high for value in ticks["tickvals"])


def test_values_as_one_lists_them_double_along_an_axis():
    listed = replace(M, listed=True)
    scene = figure(grid(SMALL, x=listed))["layout"]["scene"]
    assert scene["xaxis"]["type"] == "log" and "type" not in scene["yaxis"]
    assert scene["xaxis"]["tickvals"] == [64, 128, 1536]
    assert scene["xaxis"]["ticktext"] == ["64", "128", "1,536"]


TOGETHER = table((1, 8, 3.0), (8, 1, 3.0), (4, 1, 3.0), (2, 2, 3.0), (4, 4, 2.0), (2, 8, math.nan))


def test_degrees_chosen_together_have_one_best_cell_the_one_with_the_fewest_gpus():
    least = replace(grid(TOGETHER), joint=True)
    assert least.best_name == "best M and T together"
    assert [(row.chunk_tokens, row.prompt_tokens) for row in least.best().itertuples()] == [(4, 4)]
    most = replace(least, metric=RATE)
    assert [(row.chunk_tokens, row.prompt_tokens) for row in most.best().itertuples()] == [(4, 1)]
    assert replace(most, table=TOGETHER[:0]).best().empty
    assert most.hover({"ttds_s": 3.0, "chunk_tokens": 4, "prompt_tokens": 1}).startswith("3 tok")


def test_the_camera_stays_while_the_surface_fills():
    kept = [drawn(rows)["layout"]["scene"]["uirevision"] for rows in (SMALL[:1], SMALL)]
    assert kept[0] == kept[1]


def test_a_scheme_changes_colours_only():
    light, dark = (drawn(SMALL, theme=theme) for theme in THEMES)
    assert light["layout"]["font"]["color"] != dark["layout"]["font"]["color"]
    assert [trace["x"] for trace in light["data"]] == [trace["x"] for trace in dark["data"]]


def test_a_long_reason_is_broken_between_words():
    text = "the prefill pool does not fit: " * 5
    lines = wrapped(text).split("<br>")
    assert " ".join(lines) == text
    assert max(map(len, lines)) <= 60 and len(lines) > 2


def test_a_reasons_thousands_are_apart():
    assert wrapped("1,048,576 tokens, 2 pools") == "1\u202f048\u202f576 tokens, 2 pools"


def test_nothing_is_offered_to_be_sent_anywhere():
    assert CONFIG["showSendToCloud"] is False
    assert CONFIG["plotlyServerURL"] == ""
