"""Pinned scenarios: what they are compared with is right, and stays through a reload."""

import re

import pytest
from playwright.sync_api import expect

from app.numbers import duration_text
from simcore import Scenario, run
from tests.browser.test_gantt6d import (
    NAME,
    PLOT,
    assert_shows,
    box,
    drag,
    sequence,
    settled,
    thumb,
    type_in,
)

PINS = f"#{NAME}-pins .pin"
# Where the last ink of the baseline's Gantt is on the axis of the chart above it [s].
LAST_INK = f"""() => {{
  const canvas = document.getElementById("{NAME}-baseline-bars");
  const {{ width, height }} = canvas;
  const below = 45 * devicePixelRatio;  // Not the names of marks.
  const {{ data }} = canvas.getContext("2d").getImageData(0, below, width, height - below);
  let last = 0;
  for (let i = 3; i < data.length; i += 4) if (data[i]) last = Math.max(last, (i >> 2) % width);
  return pdscope.gantt6d.chart.scales().time((last + 1) / devicePixelRatio);
}}"""
BASELINE, CURRENT = Scenario(), Scenario(chunk_tokens=512)


@pytest.fixture
def gantt(page):
    page.set_viewport_size({"width": 1280, "height": 860})
    page.goto("/")
    settled(page)
    return page


@pytest.fixture
def pinned(gantt):
    """The default is the baseline, and M is 512."""
    gantt.get_by_role("button", name="Pin", exact=True).click()
    type_in(gantt, "chunk_tokens", 512)
    expect(gantt).to_have_url(re.compile(r"\?v=3&m=512&pin=default$"))
    return gantt


def change(page, name):
    return page.locator(f"#{NAME}-card-{name} .card-change")


def percent(of, metric):
    before = getattr(run(BASELINE).metrics, metric)
    return 100 * (getattr(run(of).metrics, metric) / before - 1)


def test_each_card_shows_its_change(pinned):
    less = -percent(CURRENT, "ttds_s")
    assert less > 10
    expect(change(pinned, "ttds")).to_have_text(f"▼ −{less:.1f} % vs A")
    expect(change(pinned, "ttds")).to_have_attribute("data-kind", "better")
    points = 100 * (run(CURRENT).metrics.bubble - run(BASELINE).metrics.bubble)
    expect(change(pinned, "bubble")).to_have_text(f"▲ +{points:.1f} points vs A")
    expect(change(pinned, "bubble")).to_have_attribute("data-kind", "worse")
    type_in(pinned, "chunk_tokens", 128)
    expect(change(pinned, "ttds")).to_have_text("= the same vs A")


def test_what_reads_alike_is_not_called_worse(gantt):
    gantt.get_by_role("button", name="Pin", exact=True).click()
    type_in(gantt, "chunk_tokens", 288)
    expect(change(gantt, "ttds")).to_have_attribute("data-kind", "better")
    assert run(Scenario(chunk_tokens=288)).metrics.tpot_s > run(BASELINE).metrics.tpot_s
    expect(change(gantt, "tpot")).to_have_text("≈ the same vs A")
    expect(change(gantt, "tpot")).to_have_attribute("data-kind", "same")
    # The axis is as long as the baseline takes; the line below it tells of this run.
    end = duration_text(run(Scenario(chunk_tokens=288)).metrics.ttft_s)
    expect(gantt.locator(f"#{NAME}-seen")).to_have_text(f"all of {end}")


def test_pins_that_say_nothing_or_the_same_are_left_out(page):
    page.goto("/?v=3&m=1024&pin=m.288&pin=m:256&pin=m:256&pin=zzz&base=3")
    settled(page)
    expect(page.locator(PINS)).to_have_count(1)
    expect(page.locator(f"#{NAME}-notice")).to_contain_text("pin 3 is the same as pin 2.")
    expect(page).to_have_url(re.compile(r"\?v=3&m=1024&pin=m:256$"))
    # Pinned already: it stays one pin when the two change places.
    page.get_by_role("button", name="Make A the current scenario").click()
    expect(page).to_have_url(re.compile(r"\?v=3&m=256&pin=m:1024$"))


def test_changes_follow_a_drag_and_nothing_moves(pinned):
    places = """() => [...document.querySelectorAll(".card, .panel, .stage, .baseline, .pin")]
        .map((part) => JSON.stringify(part.getBoundingClientRect())).join()"""
    before, seen, moved = pinned.evaluate(places), set(), []

    def look():
        seen.add(change(pinned, "ttds").text_content())
        moved.append(pinned.evaluate(places) != before)

    seq = sequence(pinned)
    shares = [0.1 + 0.02 * i for i in range(30)]
    drag(pinned, "prompt_tokens", shares, between=look)
    settled(pinned, seq)
    assert len(seen) > 2
    assert not any(moved)
    tokens = int(float(thumb(pinned, "prompt_tokens").get_attribute("aria-valuenow")))
    more = percent(Scenario(chunk_tokens=512, prompt_tokens=tokens), "ttds_s")
    sign = "▲ +" if more > 0 else "▼ −"
    expect(change(pinned, "ttds")).to_contain_text(f"{sign}{abs(more):.3g}"[:6])


def test_the_tray_names_a_pin_for_what_differs(pinned):
    ttds = duration_text(run(BASELINE).metrics.ttds_s)
    expect(pinned.locator(PINS)).to_have_text(re.compile(rf"A\s*M 128\s*{ttds}"))
    type_in(pinned, "pp", 4)
    expect(pinned.locator(f"{PINS} .pin-name")).to_have_text("PP 8, M 128")


def test_p_pins_but_not_in_a_box(gantt):
    gantt.locator(f"#{NAME}-stage").press("p")
    expect(gantt.locator(PINS)).to_have_count(1)
    type_in(gantt, "pp", 4)
    gantt.locator(f"#{NAME}-pp").press("p")
    expect(gantt.locator(f"#{NAME}-pp")).to_have_value("4p")
    expect(gantt.locator(PINS)).to_have_count(1)


def test_the_same_is_not_pinned_twice_and_four_are_the_most(gantt):
    pin = gantt.get_by_role("button", name="Pin", exact=True)
    pin.click()
    pin.click()
    expect(gantt.locator(f"#{NAME}-shared")).to_have_text("This is pinned already, as A.")
    for pp in (4, 5, 6):
        type_in(gantt, "pp", pp)
        # A new pin has the chart asked for anew, too, in its new height.
        expect(gantt).to_have_url(re.compile(rf"\?v=3&pp={pp}\b"))
        pin.click()
    expect(gantt.locator(PINS)).to_have_count(4)
    expect(pin).to_be_disabled()
    gantt.get_by_role("button", name="Unpin B").click()
    expect(gantt.locator(PINS)).to_have_count(3)
    expect(pin).to_be_enabled()
    expect(gantt).to_have_url(re.compile(r"pin=default&pin=pp:5&pin=pp:6$"))


def test_a_pin_and_the_current_scenario_change_places(pinned):
    seq = sequence(pinned)
    pinned.get_by_role("button", name="Make A the current scenario").click()
    settled(pinned, seq)
    assert_shows(pinned, BASELINE)
    expect(pinned).to_have_url(re.compile(r"\?v=3&pin=m:512$"))
    expect(pinned.locator(f"{PINS} .pin-name")).to_have_text("M 512")
    expect(thumb(pinned, "chunk_tokens")).to_have_attribute("aria-valuenow", "128")


def test_another_pin_can_be_the_baseline_and_all_stays_through_a_reload(pinned):
    pinned.get_by_role("button", name="Pin", exact=True).click()
    type_in(pinned, "pp", 4)
    second = pinned.locator(f"{PINS} .pin-choose").nth(1)
    expect(second).to_have_attribute("aria-pressed", "false")
    second.click()
    expect(second).to_have_attribute("aria-pressed", "true")
    expect(pinned).to_have_url(re.compile(r"\?v=3&pp=4&m=512&pin=default&pin=m:512&base=2$"))
    shown = change(pinned, "ttds").text_content()
    assert shown.endswith("vs B")
    pinned.reload()
    settled(pinned)
    expect(change(pinned, "ttds")).to_have_text(shown)
    expect(second).to_have_attribute("aria-pressed", "true")
    assert_shows(pinned, Scenario(pp=4, chunk_tokens=512))


def test_both_gantts_share_a_time_axis(pinned):
    end = run(BASELINE).metrics.ttft_s
    assert end > run(CURRENT).metrics.ttft_s
    all_of_both = f"(end) => Math.abs(({PLOT})().x[1] / (1e3 * end) - 1) < 0.01"
    ends_there = f"(end) => Math.abs(({LAST_INK})() / end - 1) < 0.01"
    pinned.wait_for_function(all_of_both, arg=end)
    pinned.wait_for_function(ends_there, arg=end)
    expect(pinned.locator(f"#{NAME}-baseline-name")).to_contain_text("Baseline A: M 128, TTDS")
    # Where the current run has long ended, the baseline has its last stages.
    seq = sequence(pinned)
    pinned.evaluate("(end) => pdscope.gantt6d.zoomTo([0.9 * end, 1.1 * end])", end)
    settled(pinned, seq)
    pinned.wait_for_function(ends_there, arg=end)
    seq = sequence(pinned)
    pinned.locator(f"#{NAME}-stage").press("0")
    settled(pinned, seq)
    pinned.wait_for_function(all_of_both, arg=end)
    pinned.wait_for_function(ends_there, arg=end)


def test_without_pins_the_chart_has_the_panel_for_itself(pinned):
    baseline = pinned.locator(f"#{NAME}-baseline")
    expect(baseline).to_be_visible()
    pinned.get_by_role("button", name="Unpin A").click()
    expect(baseline).to_be_hidden()
    expect(change(pinned, "ttds")).to_be_hidden()
    end_ms = 1e3 * run(CURRENT).metrics.ttft_s
    pinned.wait_for_function(f"(end) => Math.abs(({PLOT})().x[1] / end - 1) < 0.01", arg=end_ms)
    expect(pinned).to_have_url(re.compile(r"\?v=3&m=512$"))


def test_the_table_says_what_differs_and_what_is_best(pinned):
    pinned.get_by_role("button", name="Compare", exact=True).click()
    table = pinned.locator(f"#{NAME}-compare").get_by_role("table")
    expect(table.get_by_role("columnheader")).to_have_text(["Current", "A, baseline"])
    row = table.get_by_role("row").filter(has=pinned.get_by_role("rowheader", name="Prefill chunk"))
    expect(row.get_by_role("cell")).to_have_text(["512", "128"])
    ttds = table.get_by_role("row").filter(
        has=pinned.get_by_role("rowheader", name="TTDS", exact=True)
    )
    best, other = (duration_text(run(each).metrics.ttds_s) for each in (CURRENT, BASELINE))
    expect(ttds.get_by_role("cell")).to_have_text([f"{best}best", other])


def test_a_pin_that_cannot_be_run_is_shown_as_such(page):
    page.goto("/?v=3&pin=pp:1")
    settled(page)
    expect(page.locator(PINS)).to_contain_text("cannot be run")
    expect(page.locator(f"{PINS} .pin-choose")).to_have_attribute("title", re.compile("not fit"))
    expect(page.locator(f"#{NAME}-baseline")).to_be_hidden()
    # As a baseline it says why there are no changes; another one has them.
    for name in ("ttds", "bubble"):
        expect(change(page, name)).to_have_text("A cannot be run")
        expect(change(page, name)).to_have_attribute("data-kind", "same")
    page.get_by_role("button", name="Pin", exact=True).click()
    page.locator(f"{PINS} .pin-choose").nth(1).click()
    expect(change(page, "ttds")).to_have_text("= the same vs B")


def test_what_cannot_be_run_is_not_pinned_nor_something_else_in_its_place(pinned):
    pin = pinned.get_by_role("button", name="Pin", exact=True)
    box(pinned, "pp").fill("1")
    expect(pin).to_be_disabled()
    expect(pin).to_have_attribute("title", "What cannot be run, or not yet, cannot be pinned")
    pinned.locator(f"#{NAME}-stage").press("p")
    expect(pinned.locator(PINS)).to_have_count(1)
    # Nor is what is shown meanwhile, where a pin takes the place of what cannot be run.
    pinned.get_by_role("button", name="Make A the current scenario").click()
    assert_shows(pinned, BASELINE)
    expect(pin).to_be_enabled()
    expect(pinned.locator(f"{PINS} .pin-name")).to_have_text("the default scenario")
    expect(pinned).to_have_url(re.compile(r"\?v=3&pin=default$"))


def test_names_of_pins_are_cut_only_where_there_is_no_room(page):
    page.set_viewport_size({"width": 1440, "height": 860})
    page.goto("/?v=3&m=288&pin=prefill:AMD+Instinct+MI300A,pp:16&pin=llm:Mixtral-8x22B")
    settled(page)
    names = page.locator(f"{PINS} .pin-name")
    expect(names).to_have_text(
        ["prefill AMD Instinct MI300A, PP 16, M 128", "Mixtral-8x22B, M 128"]
    )
    assert names.evaluate_all("(names) => names.every((e) => e.scrollWidth <= e.clientWidth)")
