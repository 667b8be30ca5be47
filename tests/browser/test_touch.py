"""The Gantt page under fingers: what a pointer reads by hovering, a tap does."""

import re

import pytest
from playwright.sync_api import expect

from simcore import Scenario, run
from tests.browser.test_gantt6d import NAME, settled

TIP = f"#{NAME}-tip"
# Where a bar is in the window [px]: the longest of a kind, given by its place in KINDS.
MIDDLE = f"""(kind) => {{
  const {{ chart }} = pdscope.gantt6d;
  const bars = chart.bars();
  const {{ x, y }} = chart.scales();
  const stage = document.getElementById("{NAME}-stage").getBoundingClientRect();
  let best = -1;
  for (let i = 0; i < bars.size; i += 1)
    if (bars.kind[bars.laneOf(i)] === kind && !(bars.length[i] <= bars.length[best])) best = i;
  const middle = (bars.from(best) + bars.to(best)) / 2;
  return [stage.left + x(middle), stage.top + y(bars.middle[bars.laneOf(best)])];
}}"""
PREFILL, DECODE = 0, 3


@pytest.fixture
def phone(new_context):
    context = new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto("/")
    settled(page)
    page.locator(f"#{NAME}-stage").scroll_into_view_if_needed()
    return page


def tap(page, kind):
    page.touchscreen.tap(*page.evaluate(MIDDLE, kind))


def test_a_tap_on_a_bar_explains_it_and_one_elsewhere_hides_that(phone):
    tip = phone.locator(TIP)
    tap(phone, PREFILL)
    expect(tip).to_have_class(re.compile("shown"))
    expect(tip).to_contain_text("Prefill, stage P")
    expect(tip).to_contain_text("t = products + attention")
    tap(phone, DECODE)
    expect(tip).to_contain_text("Decode, stage D")
    expect(tip).to_contain_text("step 0")
    # It is all on the screen.
    box = tip.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    phone.locator(f"#{NAME}-seen").tap()
    expect(tip).not_to_have_class(re.compile("shown"))
    tap(phone, PREFILL)
    expect(tip).to_have_class(re.compile("shown"))
    # Where the chart has no bar: below the time axis.
    stage = phone.locator(f"#{NAME}-stage").bounding_box()
    phone.touchscreen.tap(stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] - 6)
    expect(tip).not_to_have_class(re.compile("shown"))


def test_a_tap_zooms_nothing(phone):
    end = run(Scenario()).metrics.ttft_s
    tap(phone, DECODE)
    expect(phone.locator(TIP)).to_contain_text("on the critical path")
    expect(phone.locator(f"#{NAME}-seen")).to_have_text(f"all of {1e3 * end:.0f} ms")
