"""The sweep's figure: points where there are results, holes with reasons where there are none."""

import math

import pandas as pd
import pytest

from app.figures.surface import CONFIG, THEMES, Axis, figure, has_patch, point_size, wrapped

M = Axis(field="chunk_tokens", symbol="M", title="Prefill chunk M [tokens]")
T = Axis(field="prompt_tokens", symbol="T", title="Sequence length T [tokens]")
REASON = "chunk longer than the prompt"


def table(*rows):
    """Rows of M, T and TTDS [s]; NaN for a hole."""
    return pd.DataFrame(
        [
            {"chunk_tokens": m, "prompt_tokens": t, "ttds_s": ttds,
             "reason": REASON if math.isnan(ttds) else ""}
            for m, t, ttds in rows
        ],
        columns=["chunk_tokens", "prompt_tokens", "ttds_s", "reason"],
    )  # fmt: skip


SMALL = table(
    (64, 1024, 0.1), (64, 2048, 0.2), (128, 1024, 0.3), (128, 2048, 0.4), (1536, 1024, math.nan),
    (1536, 2048, 0.5),
)  # fmt: skip


def drawn(rows, **options):
    return figure(rows, title="TTDS", x=M, y=T, **options)


def test_heights_stand_where_their_axes_say_and_a_hole_stays_a_hole():
    surface = drawn(SMALL)["data"][0]
    assert surface["x"] == [64, 128, 1536]
    assert surface["y"] == [1024, 2048]
    assert surface["z"] == [[0.1, 0.3, None], [0.2, 0.4, 0.5]]
    assert not surface.get("connectgaps")


def test_the_order_of_the_rows_does_not_matter():
    assert drawn(SMALL.iloc[::-1])["data"][0] == drawn(SMALL)["data"][0]


def test_the_points_are_the_finite_cells():
    points = drawn(SMALL)["data"][1]
    found = SMALL.dropna(subset="ttds_s")
    assert points["mode"] == "markers"
    assert [points["x"], points["y"], points["z"]] == [
        found[name].tolist() for name in ("chunk_tokens", "prompt_tokens", "ttds_s")
    ]


def test_a_hole_says_why_on_the_floor():
    holes = drawn(SMALL)["data"][2]
    assert (holes["x"], holes["y"], holes["z"]) == ([1536], [1024], [0])
    assert holes["text"] == [REASON]
    assert "%{text}" in holes["hovertemplate"]


def test_what_is_not_computed_yet_is_neither_drawn_nor_called_infeasible():
    surface, points, holes = drawn(SMALL.iloc[[0, 1, 2]])["data"]
    assert surface["z"] == [[0.1, 0.3], [0.2, None]]
    assert len(points["x"]) == 3
    assert holes["x"] == []


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
    assert titles == [M.title, T.title, "TTDS [s]"]


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


def test_nothing_is_offered_to_be_sent_anywhere():
    assert CONFIG["showSendToCloud"] is False
    assert CONFIG["plotlyServerURL"] == ""
