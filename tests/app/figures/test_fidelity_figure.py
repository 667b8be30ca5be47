"""The pictures of predictions against measurements."""

import re

import pandas as pd
import pytest

from app.figures.fidelity import (
    BANDS,
    COLOURS,
    HIGHEST_ERROR,
    SYMBOLS,
    place_of,
    residuals,
    scatter,
)

USES = ("seen", "parts", "unseen")


def points(**more):
    table = {
        "measured_s": [1e-5, 1e-3, 2.0],
        "predicted_s": [1.1e-5, 0.9e-3, 12.0],
        "group": ["a", "b", "b"],
        "use": ["seen", "parts", "unseen"],
        "place": [0, 1, 2],
        "batch": [1, 8, 64],
    }
    table = pd.DataFrame(table | more)
    return table.assign(error=table["predicted_s"] / table["measured_s"] - 1)


def markers(figure):
    return [trace for trace in figure["data"] if trace["mode"] == "markers"]


def bands(figure):
    return [trace for trace in figure["data"] if trace["mode"] == "none"]


@pytest.mark.parametrize("scheme", COLOURS)
def test_both_axes_are_the_same_so_that_the_diagonal_is_a_diagonal(scheme):
    figure = scatter(points(), ("a", "b"), USES, scheme)
    x, y = (figure["layout"][f"{axis}axis"] for axis in "xy")
    assert x["range"] == y["range"] and x["tickvals"] == y["tickvals"]
    assert x["ticktext"][:3] == ["10 µs", "100 µs", "1 ms"] and x["ticktext"][-1] == "10 s"
    [line] = [trace for trace in figure["data"] if trace["mode"] == "lines"]
    assert line["x"] == line["y"]


def test_bands_are_as_wide_as_they_are_called():
    for share, band in zip(BANDS, bands(scatter(points(), ("a", "b"), USES, "light")), strict=True):
        ratios = [y / x for x, y in zip(band["x"], band["y"], strict=True)]
        assert ratios == pytest.approx([1 - share, 1 - share, 1 + share, 1 + share])


def test_colours_tell_groups_and_symbols_uses():
    found = markers(scatter(points(), ("a", "b"), USES, "dark"))
    assert [(t["name"], t["marker"]["color"], t["marker"]["symbol"]) for t in found] == [
        ("a", COLOURS["dark"][0], "circle"),
        ("b", COLOURS["dark"][1], "diamond"),
        ("b", COLOURS["dark"][1], "circle-open"),
    ]
    assert [trace["text"] for trace in found] == [[0], [1], [2]]


def test_groups_beyond_the_colours_have_other_symbols():
    many = 2 * len(COLOURS["light"])
    assert len({place_of(number) for number in range(many)}) == many
    assert len(SYMBOLS) == 2 and not set(SYMBOLS[0]) & set(SYMBOLS[1])


def test_residuals_beyond_the_frame_are_at_its_edge():
    figure = residuals(points(), ("a", "b"), USES, "light", column="batch", title="Requests")
    heights = [height for trace in markers(figure) for height in trace["y"]]
    assert heights == pytest.approx([0.1, -0.1, HIGHEST_ERROR])
    low, high = figure["layout"]["yaxis"]["range"]
    assert low < min(heights) and high > max(heights)
    assert figure["layout"]["xaxis"]["title"]["text"] == "Requests"


def test_one_point_alone_is_drawn():
    one = points().iloc[:1]
    assert len(markers(scatter(one, ("a",), USES, "light"))) == 1
    assert len(markers(residuals(one, ("a",), USES, "light", column="batch", title="N"))) == 1


def test_the_legend_has_the_colours_of_the_pictures(repository):
    css = (repository / "assets" / "pages" / "fidelity.css").read_text("utf-8")
    found = re.findall(r"--group-(\d): (#[0-9a-f]{6});", css)
    expected = [(str(n), colour) for scheme in ("light", "dark")
                for n, colour in enumerate(COLOURS[scheme])]  # fmt: skip
    assert found == expected


def brightness(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(("scheme", "page"), [("light", "#ffffff"), ("dark", "#14181f")])
def test_every_colour_stands_out_from_its_page(scheme, page):
    """WCAG 2.2, 1.4.11: three times as bright or as dark."""
    for colour in COLOURS[scheme]:
        bright, dark = sorted((brightness(colour), brightness(page)), reverse=True)
        assert (bright + 0.05) / (dark + 0.05) >= 3, colour
