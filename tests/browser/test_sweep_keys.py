"""The heat maps of the sweeps by keys alone: arrows walk their cells, Enter opens one."""

import re

import pytest
from playwright.sync_api import expect

SMALL = {
    "mt": "/mt-sweep?v=3&ms=128:512:128&ts=256:1024:256",
    "gpus": "/gpu-matrix?v=3&pp=2&prefills=NVIDIA+H100,NVIDIA+L40&decodes=NVIDIA+H200,NVIDIA+H100",
}
MOST_STOPS = 12


def open_sweep(page, name):
    """The page's heat map, once it is complete and has the focus."""
    page.goto(SMALL[name])
    expect(page.get_by_role("button", name="Cancel")).to_be_disabled()
    expect(page.locator(".sweep-result").get_by_role("status")).to_contain_text(
        re.compile("infeasible|skipped|Every cell fits")
    )
    # Focus comes by the keyboard, as a ring is seen only then; the scene beside has its buttons.
    page.get_by_role("button", name="Download CSV").focus()
    matrix = page.locator(f"#{name}-heat-picture")
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        if matrix.evaluate("(one) => one === document.activeElement"):
            return matrix
    raise AssertionError(f"the heat map is not among the next {MOST_STOPS} stops")


def frame_of(page, name):
    """Column and line of the frame among the cells, from the drawn axes."""
    return page.evaluate(
        """(name) => {
          const plot = document.querySelector(`#${name}-heat .js-plotly-plot`);
          const box = document.getElementById(`${name}-frame`).getBoundingClientRect();
          const { xaxis, yaxis } = plot._fullLayout, outer = plot.getBoundingClientRect();
          return [
            xaxis.p2d(box.x + box.width / 2 - outer.x - xaxis._offset),
            yaxis.p2d(box.y + box.height / 2 - outer.y - yaxis._offset),
          ].map((place) => Math.round(100 * place) / 100);
        }""",
        name,
    )


@pytest.mark.parametrize("name", SMALL)
def test_a_heat_map_can_be_reached_says_its_keys_and_shows_its_focus(page, name):
    matrix = open_sweep(page, name)
    expect(matrix).to_have_accessible_name(re.compile("heat map. Arrow keys walk its cells"))
    assert matrix.evaluate("(one) => getComputedStyle(one).outlineStyle") == "solid"


def test_arrow_keys_walk_the_cells_and_each_is_framed_and_told(page):
    matrix = open_sweep(page, "mt")
    told = page.locator("#mt-walked")
    expect(told).to_have_attribute("aria-live", "polite")
    # The first one is a best one.
    matrix.press("ArrowRight")
    expect(told).to_contain_text(re.compile(r"^TTDS [\d.]+ ms, the best.*T 256"))
    column, line = frame_of(page, "mt")
    matrix.press("End")
    for key, cell, words in [
        ("PageDown", (3, 0), "M 512, T 256"),
        ("Home", (0, 0), "M 128, T 256"),
        ("ArrowUp", (0, 1), "M 128, T 512"),
        ("ArrowRight", (1, 1), "M 256, T 512"),
        ("ArrowDown", (1, 0), "M 256, T 256"),
        ("ArrowDown", (1, 0), "M 256, T 256"),
        ("ArrowLeft", (0, 0), "M 128, T 256"),
        ("ArrowLeft", (0, 0), "M 128, T 256"),
        ("PageUp", (0, 3), "M 128, T 1\u202f024"),
        ("End", (3, 3), "M 512, T 1\u202f024"),
    ]:
        matrix.press(key)
        expect(told).to_contain_text(words)
        assert tuple(frame_of(page, "mt")) == cell
    assert (column, line) == (round(column), round(line))


def test_a_cell_without_a_result_tells_why(page):
    matrix = open_sweep(page, "mt")
    for key in ("ArrowRight", "End", "PageDown"):
        matrix.press(key)
    expect(page.locator("#mt-walked")).to_contain_text("chunk longer than the prompt (M = 512")
    matrix = open_sweep(page, "gpus")
    for key in ("ArrowRight", "Home", "PageDown"):
        matrix.press(key)
    told = page.locator("#gpus-walked")
    expect(told).to_contain_text("decode GPU NVIDIA H200, prefill GPU NVIDIA L40")
    expect(told).to_contain_text("the prefill pool does not fit")


def test_enter_opens_the_cell_as_a_click_does(page):
    matrix = open_sweep(page, "mt")
    matrix.press("Enter")
    assert "/mt-sweep" in page.url
    for key in ("ArrowDown", "Home", "PageUp", "ArrowDown", "Enter"):
        matrix.press(key)
    page.wait_for_url("**/?v=3&t=768")
    expect(page.locator("#gantt6d-prompt_tokens")).to_have_value("768")


def test_escape_leaves_the_cells_and_so_does_the_focus(page):
    matrix = open_sweep(page, "gpus")
    for leave in ("Escape", "Tab"):
        matrix.focus()
        matrix.press("ArrowRight")
        expect(page.locator("#gpus-frame")).to_be_visible()
        page.keyboard.press(leave)
        expect(page.locator("#gpus-frame")).to_be_hidden()
        expect(page.locator("#gpus-walked")).to_have_text("")


def test_what_is_walked_to_is_brought_into_sight_and_stays_framed(page):
    page.set_viewport_size({"width": 360, "height": 800})
    matrix = open_sweep(page, "gpus")
    matrix.press("ArrowRight")
    matrix.press("End")
    framed = page.locator("#gpus-frame").bounding_box()
    assert framed["x"] >= 0 and framed["x"] + framed["width"] <= 360
    tip = page.locator("#gpus-walked").bounding_box()
    assert tip["x"] >= 0 and tip["x"] + tip["width"] <= 360
    # Another metric is another picture, of the same cells.
    page.evaluate("window.dash_clientside.set_props('gpus-metric', { value: 'tpot' })")
    expect(page.locator("#gpus-walked")).to_contain_text("TPOT")
    assert frame_of(page, "gpus")[0] == 1


@pytest.mark.parametrize(
    ("path", "listed", "absent"),
    [
        ("/mt-sweep", "From cell to cell, on the heat map", "Pan, on the chart"),
        (
            "/gpu-matrix",
            "Open the cell in Gantt6D, on the heat map",
            "A step down or up, on a slider",
        ),
        ("/", "Pan, on the chart", "From cell to cell, on the heat map"),
    ],
)
def test_the_list_of_keys_has_those_of_the_page_alone(page, path, listed, absent):
    page.goto(path)
    expect(page.locator("main .js-plotly-plot").first).to_be_visible()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog.get_by_role("cell", name=listed)).to_be_visible()
    expect(dialog.get_by_text(absent)).to_be_hidden()
