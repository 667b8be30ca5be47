"""The chart by keys alone: arrows walk its bars, which are shown and told aloud."""

import re
from itertools import pairwise

import pytest
from playwright.sync_api import expect

NAME = "gantt6d"


@pytest.fixture
def stage(page):
    page.set_viewport_size({"width": 1280, "height": 860})
    page.goto("/")
    expect(page.locator(f"#{NAME}-page")).to_have_attribute("data-settled", "true")
    page.locator(f"#{NAME}-stage").focus()
    return page.locator(f"#{NAME}-stage")


def tip(page):
    return page.locator(f"#{NAME}-tip.shown")


def aloud(page):
    return page.locator(f"#{NAME}-walked")


def test_arrow_keys_walk_along_a_lane_and_between_lanes(page, stage):
    for key, where in [
        ("ArrowRight", "stage P0 chunk 0 "),
        ("ArrowRight", "stage P0 chunk 1 "),
        ("ArrowRight", "stage P0 chunk 2 "),
        ("ArrowLeft", "stage P0 chunk 1 "),
        ("Home", "stage P0 chunk 0 "),
        ("End", "stage P0 chunk 63 "),
        ("Home", "stage P0 chunk 0 "),
    ]:
        stage.press(key)
        expect(aloud(page)).to_contain_text(
            re.compile(where.strip().replace(" chunk", r"\. chunk"))
        )
        expect(tip(page)).to_contain_text(where.split(" chunk")[0])
    stage.press("ArrowLeft")
    expect(aloud(page)).to_contain_text("No bar further along this lane")
    # Each stage's compute, then what it sends.
    for key, what in [("ArrowDown", "KV"), ("ArrowDown", "Activations"), ("ArrowDown", "P1")]:
        stage.press(key)
        expect(tip(page)).to_contain_text(what)
        expect(aloud(page)).to_contain_text(what)
    for _ in range(3):
        stage.press("ArrowUp")
    expect(aloud(page)).to_contain_text(re.compile(r"stage P0\. chunk 0\."))
    expect(tip(page).locator(".tip-formula").first).to_be_visible()


def test_escape_leaves_the_bars_and_so_does_the_focus(page, stage):
    stage.press("ArrowDown")
    expect(tip(page)).to_be_visible()
    stage.press("Escape")
    expect(tip(page)).to_have_count(0)
    stage.press("ArrowDown")
    expect(tip(page)).to_be_visible()
    stage.press("Tab")
    expect(tip(page)).to_have_count(0)


def test_a_zoom_is_about_the_bar_that_was_walked_to(page, stage):
    stage.press("End")
    stage.press("End")
    expect(aloud(page)).to_contain_text("chunk 63.")
    seq = page.locator(f"#{NAME}-page").get_attribute("data-seq")
    for _ in range(4):
        stage.press("w")
    expect(page.locator(f"#{NAME}-page")).not_to_have_attribute("data-seq", seq)
    expect(page.locator(f"#{NAME}-page")).to_have_attribute("data-settled", "true")
    expect(page.locator(f"#{NAME}-seen")).to_contain_text(" to ")
    expect(tip(page)).to_contain_text("chunk 63")
    # The bars of the new picture, from the same place.
    stage.press("ArrowLeft")
    expect(tip(page)).to_contain_text("chunk 62")


def test_the_keys_of_the_chart_are_listed_and_named(page, stage):
    expect(stage).to_have_accessible_name(re.compile("Arrow keys walk"))
    page.keyboard.press("?")
    expect(
        page.get_by_role("dialog", name="Keys").get_by_role(
            "cell", name="To the lane above or below"
        )
    ).to_be_visible()


# The rectangles of the labels of both axes, those of each axis in a list.
LABELS = """() => [".xtick text", ".ytick text"].map((labels) =>
  [...document.querySelectorAll(`#gantt6d-graph ${labels}`)].map((label) => {
    const { left, right, top, bottom } = label.getBoundingClientRect();
    return { left, right, top, bottom, text: label.textContent };
  }))"""


@pytest.mark.parametrize("width", [360, 1280])
def test_labels_of_the_axes_do_not_overlap(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/?v=2&pp=32")
    expect(page.locator(f"#{NAME}-page")).to_have_attribute("data-settled", "true")
    expect(page.locator(f"#{NAME}-graph .ytick text").first).to_be_visible()
    times, lanes = page.evaluate(LABELS)
    times.sort(key=lambda label: label["left"])
    lanes.sort(key=lambda label: label["top"])
    assert len(times) >= 2
    assert all(a["right"] + 4 <= b["left"] for a, b in pairwise(times))
    assert all(a["bottom"] <= b["top"] + 1 for a, b in pairwise(lanes))
    assert {"P0", "D0"} < {label["text"] for label in lanes}
