"""Why a setting cannot be run lies over what is there: it moves nothing and covers no result."""

import pytest
from playwright.sync_api import expect

from simcore import Scenario
from tests.browser.test_gantt6d import NAME, assert_shows, drag, settled

CONTROLS = [f"#{NAME}-{field}-control" for field in ("pp", "batch_size", "chunk_tokens")]
PARTS = [*CONTROLS, f"#{NAME}-more", f"#{NAME}-meters .meter", ".cards .card"]
# In one column they are below what is dragged, and take the room that their texts need.
CHART = [f"#{NAME}-explain", ".stage"]
PLACES = """(parts) => parts.map((part) => {
  const { x, y, width, height } = document.querySelector(part).getBoundingClientRect();
  return [x, y + scrollY, width, height]; })"""
RESULTS = [f"#{NAME}-card-ttds", f"#{NAME}-card-tpot", f"#{NAME}-card-ttft", f"#{NAME}-card-bubble",
           f"#{NAME}-explain"]  # fmt: skip


def opened(page, width, address="/"):
    page.set_viewport_size({"width": width, "height": 860})
    page.goto(address)
    settled(page)
    expect(page.locator(f"#{NAME}-steps")).to_have_attribute("data-complete", "true")


def overlap(a, b):
    return all(
        a[at] < b[at] + b[size] and b[at] < a[at] + a[size]
        for at, size in (("x", "width"), ("y", "height"))
    )


@pytest.mark.parametrize("width", [360, 900, 1440])
@pytest.mark.parametrize(
    "address, field, share", [("/", "pp", 0.0), ("/?v=2&pp=3", "batch_size", 1.0)]
)
def test_nothing_moves_when_it_comes_in_the_middle_of_a_drag(page, width, address, field, share):
    opened(page, width, address)
    parts = PARTS if width < 760 else PARTS + CHART
    message = page.locator(f"#{NAME}-{field}-message")
    before, seen = page.evaluate(PLACES, parts), []

    def look():
        seen.append(page.evaluate(PLACES, parts))

    drag(page, field, [0.2, share, share], between=look)
    expect(message).to_be_visible()
    look()
    for places in seen:
        assert places == before
    box = message.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= width
    for result in RESULTS:
        assert not overlap(box, page.locator(result).bounding_box()), result
    assert not overlap(box, page.locator(f"#{NAME}-{field}-control").bounding_box())


@pytest.mark.parametrize("width", [360, 1440])
def test_it_can_be_hidden_and_comes_back_with_another_reason(page, width):
    opened(page, width)
    page.locator(f"#{NAME}-pp").fill("1")
    message = page.locator(f"#{NAME}-pp-message")
    message.get_by_role("button", name="Hide this message").click()
    expect(message).to_be_hidden()
    page.locator(f"#{NAME}-pp").fill("1000")
    expect(message).to_contain_text("out of range")
    page.locator(f"#{NAME}-pp").fill("1")
    message.get_by_role("button", name="PP = 2").click()
    expect(message).to_be_hidden()
    assert_shows(page, Scenario(pp=2))


def test_where_nothing_could_be_run_the_chart_says_it_once(page):
    page.set_viewport_size({"width": 1440, "height": 860})
    page.goto("/?v=2&pp=1")
    nothing = page.locator(f"#{NAME}-nothing")
    expect(nothing).to_contain_text("does not fit")
    expect(page.locator(f"#{NAME}-pp-message")).to_be_hidden()
    nothing.get_by_role("button", name="PP = 2").click()
    assert_shows(page, Scenario(pp=2))
    expect(nothing).to_be_hidden()


def test_until_the_first_picture_the_chart_says_that_it_is_on_its_way(page):
    picture = "**/gantt6d/picture"
    held = []
    page.route(picture, lambda route: held.append(route))
    with page.expect_request(picture):
        page.goto("/")
    nothing = page.locator(f"#{NAME}-nothing")
    expect(nothing).to_have_text("simulating…")
    expect(page.locator(f"#{NAME}-range")).to_be_hidden()
    for route in held:
        route.continue_()
    page.unroute(picture)
    settled(page)
    expect(nothing).to_be_hidden()
    expect(page.locator(f"#{NAME}-range")).to_be_visible()
