"""The page explains in a real Chromium: what was waited for, what bounds, what a step would change,
and by which formula a number came about."""

import re

import pytest
from playwright.sync_api import expect

from app.gantt6d.breakdown import SHOWN, breakdown_of
from app.numbers import duration_text
from simcore import Scenario, run
from simcore.explain import bound_of, explain_metric, sensitivity
from simcore.pipelines.critical_path import PathKind
from tests.browser.test_gantt6d import NAME, box, drag, sequence, settled, thumb, type_in

EXPLAIN = "**/gantt6d/explain"
BARS = """() => [...document.querySelectorAll(".breakdown-part")].map(
    (part) => [...part.children].map((bar) => bar.getBoundingClientRect().width))"""
TIMES = """() => [...document.querySelectorAll(".breakdown-value")].map(
    (value) => value.textContent).join()"""
# Where things are that must not move while one drags.
PLACES = """() => [".breakdown", ".stage", ".steps", ".said"].map((name) => {
    const { top, height } = document.querySelector(name).getBoundingClientRect();
    return [name, top + scrollY, height]; })"""


@pytest.fixture
def gantt(page):
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto("/")
    explained(page)
    return page


@pytest.fixture
def at_rest(looked_at):
    """The page as it opens, for tests that only look at it."""
    page = looked_at("/")
    page.set_viewport_size({"width": 1440, "height": 900})
    explained(page)
    return page


def explained(page):
    """Wait until all is known of the state shown."""
    expect(page.locator(f"#{NAME}-steps")).to_have_attribute("data-complete", "true")
    expect(page.locator(f"#{NAME}-steps")).not_to_have_class(re.compile(r"\boutdated\b"))


def row(page, key):
    return page.locator(f'#{NAME}-steps tr[data-step="{key}"]')


def assert_breakdown(page, scenario):
    """Bars as wide as the parts of the path are long, and beside each name how long."""
    breakdown = breakdown_of(run(scenario).critical_path)
    lengths = {part: sum(kinds) for part, kinds in breakdown.items()}
    keys = page.locator(".breakdown-key")
    for i, kind in enumerate(SHOWN.values()):
        seconds = breakdown[kind.part][i]
        share = 100 * seconds / lengths[kind.part]
        text = "none"
        if seconds:
            share_text = "<0.1 %" if share < 0.05 else f"{share:.1f} %"
            text = f"{duration_text(seconds)} · {share_text}"
        expect(keys.nth(i).locator(".breakdown-value")).to_have_text(text)
    widths = page.evaluate(BARS)
    whole = sum(map(sum, widths))
    for part, kinds in zip(breakdown.values(), widths, strict=True):
        for seconds, width in zip(part, kinds, strict=True):
            assert width / whole == pytest.approx(seconds / sum(lengths.values()), abs=0.005)


def test_the_bar_says_what_the_first_token_waited_for(gantt):
    assert_breakdown(gantt, Scenario())
    type_in(gantt, "chunk_tokens", 2048)
    assert_breakdown(gantt, Scenario(chunk_tokens=2048))


def test_the_bar_follows_a_drag_and_nothing_moves(gantt):
    places, seen = gantt.evaluate(PLACES), [gantt.evaluate(TIMES)]

    def look():
        gantt.wait_for_function(f"(last) => ({TIMES})() !== last", arg=seen[-1])
        seen.append(gantt.evaluate(TIMES))
        assert gantt.evaluate(PLACES) == places

    drag(gantt, "chunk_tokens", [0.2, 0.3, 0.4], between=look)
    assert len(set(seen)) == 4
    explained(gantt)
    assert gantt.evaluate(PLACES) == places


@pytest.mark.parametrize("width", [360, 1440])
def test_no_time_in_the_bar_is_cut(looked_at, width):
    page = looked_at("/?v=2&m=288")
    page.set_viewport_size({"width": width, "height": 860})
    settled(page)
    parts = page.locator(f"#{NAME}-breakdown .breakdown-part > i")
    told = parts.evaluate_all(
        "(all) => all.filter((e) => e.textContent).map((e) => [e.scrollWidth, e.clientWidth])"
    )
    assert told and all(wanted <= room for wanted, room in told)


def test_one_sentence_says_what_bounds_it_and_is_announced_once(gantt):
    expect(gantt.locator(f"#{NAME}-bound")).to_have_text(bound_of(run(Scenario())).text)
    gantt.evaluate(
        f"""() => {{ window.announced = [];
            const line = document.getElementById("{NAME}-aloud");
            new MutationObserver(() => window.announced.push(line.textContent))
              .observe(line, {{ childList: true, characterData: true, subtree: true }}); }}"""
    )
    drag(gantt, "pp", [0.1, 0.15, 0.2])
    pp = int(
        gantt.locator(f"#{NAME}-pp-slider").get_by_role("slider").get_attribute("aria-valuenow")
    )
    text = bound_of(run(Scenario(pp=pp))).text
    expect(gantt.locator(f"#{NAME}-bound")).to_have_text(text)
    explained(gantt)
    announced = gantt.evaluate("announced")
    assert len(announced) == 1
    assert announced[0].startswith(f"{text} Decode starts after ")


def test_what_would_help_is_one_click_away(gantt):
    remedy = bound_of(run(Scenario())).remedy
    seq = sequence(gantt)
    gantt.get_by_role("button", name=f"Try {remedy.label}").click()
    settled(gantt, seq)
    shown = gantt.locator(f"#{NAME}-card-ttds")
    expect(shown).to_have_attribute("data-value", repr(remedy.ttds_s))


def test_the_strip_shows_what_each_step_changes(at_rest):
    before = run(Scenario()).metrics
    for change in sensitivity(Scenario()):
        cells = row(at_rest, f"{change.what}:{change.direction}").locator(".step-change")
        share = change.ttds_s / before.ttds_s - 1
        if abs(share) < 5e-5:
            expect(cells.nth(0)).to_have_text(re.compile("^(0|≈ 0)$"))
            continue
        better = "better" if share < 0 else "worse"
        expect(cells.nth(0)).to_have_text(re.compile("^−" if share < 0 else r"^\+"))
        expect(cells.nth(0).locator(".step-bar")).to_have_class(f"step-bar {better}")
    expect(row(at_rest, "batch_size:down")).to_contain_text("end of its range")


def test_a_step_is_taken_by_a_click(gantt):
    change = next(c for c in sensitivity(Scenario()) if (c.what, c.direction) == ("pp", "up"))
    row(gantt, "pp:up").get_by_role("button").click()
    expect(box(gantt, "pp")).to_have_value("9")
    expect(gantt.locator(f"#{NAME}-card-ttds")).to_have_attribute("data-value", repr(change.ttds_s))
    explained(gantt)
    # The strip is about the new state.
    expect(row(gantt, "pp:up").get_by_role("button")).to_have_text("10")


def test_a_step_that_does_not_fit_says_why_and_is_not_taken(page):
    # So low that what gets the focus must be scrolled into view.
    page.set_viewport_size({"width": 1440, "height": 600})
    page.goto("/?v=2&pp=2")
    explained(page)
    step = row(page, "pp:down")
    expect(step).to_contain_text("does not fit")
    button = step.get_by_role("button")
    expect(button).to_have_attribute("aria-disabled", "true")
    button.focus()
    popover = page.locator(f"#{NAME}-popover")
    expect(popover).to_contain_text("GiB")
    expect(button).to_have_attribute("aria-describedby", f"{NAME}-popover")
    button.press("Enter")
    expect(box(page, "pp")).to_have_value("2")


def test_nothing_is_asked_while_dragging_and_one_at_a_time_at_rest(gantt):
    seen = {"flying": 0, "most": 0, "asked": []}

    def leaves(request):
        if request.url.endswith("/explain"):
            seen["flying"] += 1
            seen["most"] = max(seen["most"], seen["flying"])
            seen["asked"].append(request.post_data_json["values"]["chunk_tokens"])

    def arrives(request):
        if request.url.endswith("/explain"):
            seen["flying"] -= 1

    gantt.on("request", leaves)
    gantt.on("requestfinished", arrives)
    gantt.on("requestfailed", arrives)
    track = gantt.locator(f"#{NAME}-chunk_tokens-slider").bounding_box()
    grip = thumb(gantt, "chunk_tokens").bounding_box()
    y = grip["y"] + grip["height"] / 2
    gantt.mouse.move(grip["x"] + grip["width"] / 2, y)
    gantt.mouse.down()
    for i in range(4, 12):
        gantt.mouse.move(track["x"] + 0.02 * i * track["width"], y)
    value = int(thumb(gantt, "chunk_tokens").get_attribute("aria-valuenow"))
    # A pause in a drag is not its end.
    gantt.wait_for_function(
        f"""(value) => pdscope.gantt6d.good.chunk_tokens === value
            && document.getElementById("{NAME}-page").dataset.settled === "true" """,
        arg=value,
    )
    assert seen["asked"] == []
    gantt.mouse.up()
    explained(gantt)
    assert seen["most"] == 1
    assert set(seen["asked"]) == {value}


def test_while_new_values_are_found_the_old_ones_stay_greyed(gantt):
    held = []
    gantt.route(EXPLAIN, lambda route: held.append(route))
    cell = row(gantt, "chunk_tokens:up").locator(".step-change").first
    before, places = cell.inner_text(), gantt.evaluate(PLACES)
    type_in(gantt, "chunk_tokens", 256)
    expect(gantt.locator(f"#{NAME}-steps")).to_have_class(re.compile(r"\boutdated\b"))
    assert cell.inner_text() == before
    assert gantt.evaluate(PLACES) == places
    for route in held:
        route.continue_()
    gantt.unroute(EXPLAIN)
    explained(gantt)
    assert cell.inner_text() != before
    assert gantt.evaluate(PLACES) == places


def test_a_card_shows_by_which_formula_it_came_about(at_rest):
    told = explain_metric(run(Scenario()), "ttds")
    popover = at_rest.locator(f"#{NAME}-popover")
    at_rest.locator(f"#{NAME}-card-ttds").hover()
    expect(popover).to_be_visible()
    for text in (told.formula, told.values, told.source):
        expect(popover).to_contain_text(text)
    at_rest.keyboard.press("Escape")
    expect(popover).to_be_hidden()


def test_formulas_are_within_reach_of_the_keyboard(gantt):
    popover = gantt.locator(f"#{NAME}-popover")
    button = gantt.get_by_role("button", name="How TPOT is computed")
    button.focus()
    expect(popover).to_contain_text(explain_metric(run(Scenario()), "tpot").values)
    expect(button).to_have_attribute("aria-describedby", f"{NAME}-popover")
    gantt.keyboard.press("Escape")
    expect(popover).to_be_hidden()
    gantt.keyboard.press("Tab")
    expect(popover).to_contain_text("Time to first token")
    gantt.locator(".breakdown-key:visible").nth(2).focus()
    expect(popover).to_contain_text("% of TTDS")


def test_a_part_of_the_bar_says_what_it_stands_for(at_rest):
    part = at_rest.locator(".breakdown-part[data-part=ttds] > .path-fill")
    part.hover()
    popover = at_rest.locator(f"#{NAME}-popover")
    expect(popover).to_contain_text(SHOWN[PathKind.PIPELINE_FILL].meaning)
    expect(at_rest.locator(".breakdown-part[data-part=ttds] > .path-prefill-memory")).to_have_class(
        re.compile("aside")
    )
    expect(part).not_to_have_class(re.compile("aside"))
    at_rest.mouse.move(2, 2)
    expect(popover).to_be_hidden()
    expect(at_rest.locator(".breakdown-bar .aside")).to_have_count(0)


def test_a_bar_shows_its_formula_with_the_values_put_in(gantt):
    x, y = gantt.evaluate(
        f"""() => {{
            const {{ scales, bars }} = window.pdscope.gantt6d.chart;
            const stage = document.getElementById("{NAME}-stage").getBoundingClientRect();
            const middle = (bars().from(5) + bars().to(5)) / 2;
            return [stage.x + scales().x(middle), stage.y + scales().y(bars().middle[0])]; }}"""
    )
    gantt.mouse.move(x - 2, y)
    gantt.mouse.move(x, y)
    tip = gantt.locator(f"#{NAME}-tip")
    expect(tip).to_contain_text("t = products + attention")
    expect(tip).to_contain_text("ms products + ")
    expect(tip).to_contain_text("memory-bound")
    expect(tip).to_contain_text("Source: ")


def test_the_sentences_have_room_and_the_page_no_overflow(at_rest):
    for width in (2560, 1440, 1401, 1280, 1061, 900, 861, 761, 600, 561, 441, 360):
        at_rest.set_viewport_size({"width": width, "height": 900})
        room = at_rest.locator(".said").evaluate("(e) => [e.scrollHeight, e.clientHeight]")
        assert room[0] <= room[1], width
        for name in (".breakdown", ".steps"):
            inside = at_rest.locator(name).evaluate("(e) => [e.scrollWidth, e.clientWidth]")
            assert inside[0] <= inside[1], (name, width)


def test_a_server_that_fails_to_explain_leaves_the_picture(gantt, complaints):
    gantt.route(EXPLAIN, lambda route: route.fulfill(status=500, body="no"))
    type_in(gantt, "pp", 4)
    expect(gantt.locator(f"#{NAME}-steps-state")).to_have_text("not found: status 500")
    # What is known is announced all the same.
    expect(gantt.locator(f"#{NAME}-aloud")).to_contain_text("Decode starts after ")
    assert all("500" in complaint for complaint in complaints)
    complaints.clear()
