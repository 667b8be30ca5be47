"""The page Lab in a real browser: algorithms simulated while one changes what they run on."""

import json
import re

import pytest
from playwright.sync_api import expect

SMALL = "lab.layers=4&lab.tokens=16"


@pytest.fixture
def lab(page):
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"/lab?{SMALL}")
    settled(page, after=0)
    return page


def settled(page, *, after):
    """Wait until an answer later than `after` is shown in full; its number."""
    page.wait_for_function(
        """(after) => {
          const { seq, coarse } = document.querySelector("#lab-page")?.dataset ?? {};
          return Number(seq) > after && coarse === "false";
        }""",
        arg=after,
    )
    return seq_of(page)


def seq_of(page):
    return int(page.locator("#lab-page").get_attribute("data-seq"))


def number(page, card):
    return page.locator(f"#lab-card-{card} .card-number")


def choose(page, field, option):
    before = seq_of(page)
    page.locator(f"#lab-{field}").click()
    page.get_by_role("option", name=option, exact=True).click()
    return settled(page, after=before)


def set_to(page, field, value):
    before = seq_of(page)
    page.locator(f"#lab-{field}").fill(value)
    page.locator(f"#lab-{field}").press("Enter")
    return settled(page, after=before)


def surface_is_complete(page):
    expect(page.locator("#lab-surface-picture")).to_have_attribute("data-complete", "yes")


def test_an_algorithm_is_simulated_drawn_and_held_against_its_formula(lab):
    expect(lab.locator("#lab-said")).to_contain_text("Kilovolts, direct gather takes")
    expect(lab.locator("#lab-timeline .bars .point").first).to_be_attached()
    expect(lab.locator("#lab-timeline .scatterlayer .js-line").first).to_be_attached()
    expect(lab.locator("#lab-shares .bars .point").first).to_be_attached()
    formulas = lab.get_by_role("table", name="The formula beside the simulation")
    difference = formulas.get_by_role("row", name="Difference").get_by_role("cell")
    expect(difference).to_have_text(["≈ 0", "≈ 0"])
    sides = lab.get_by_role("table", name="Both algorithms")
    expect(sides.get_by_role("columnheader")).to_have_text(["Kilovolts, direct gather", "Voltage"])


def test_a_slider_shows_what_it_settles_on_and_the_address_says_it(lab):
    before = number(lab, "time").text_content()
    seq = seq_of(lab)
    thumb = lab.get_by_role("slider", name="Bandwidth, Mbit/s")
    for value in ("200", "300", "400"):
        thumb.press("PageUp")
        expect(lab.locator("#lab-bandwidth")).to_have_value(value)
    expect(lab).to_have_url(re.compile("lab.bandwidth=400"))
    settled(lab, after=seq)
    expect(number(lab, "time")).not_to_have_text(before)
    shown = number(lab, "time").text_content()
    lab.reload()
    settled(lab, after=0)
    expect(number(lab, "time")).to_have_text(shown)
    expect(lab.locator("#lab-bandwidth")).to_have_value("400")


def test_other_pages_are_not_told_what_is_set_here(page):
    page.goto(f"/lab?v=3&pp=4&{SMALL}")
    settled(page, after=0)
    expect(page).to_have_url(re.compile(r"/lab\?v=3&pp=4&lab"))
    expect(page.locator("#nav-fabric")).to_have_attribute("href", "/fabric?v=3&pp=4")
    expect(page).to_have_title("Lab: Kilovolts, direct gather on 4 ranks · pdscope")


def test_dragging_across_the_timeline_shows_a_part_of_the_run(lab):
    expect(lab.locator("#lab-drawn")).to_contain_text("All 36 messages are drawn")
    lab.locator("#lab-timeline").scroll_into_view_if_needed()
    box = lab.locator("#lab-timeline .nsewdrag").bounding_box()
    seq = seq_of(lab)
    middle = box["y"] + box["height"] / 2
    lab.mouse.move(box["x"] + 0.1 * box["width"], middle)
    lab.mouse.down()
    lab.mouse.move(box["x"] + 0.4 * box["width"], middle, steps=5)
    lab.mouse.up()
    settled(lab, after=seq)
    expect(lab.locator("#lab-drawn")).to_contain_text("in this part of the run")
    seq = seq_of(lab)
    lab.get_by_role("button", name="Whole run").click()
    settled(lab, after=seq)
    expect(lab.locator("#lab-drawn")).to_contain_text("All 36 messages are drawn")
    expect(lab.get_by_role("button", name="Whole run")).to_be_hidden()


def test_the_surface_says_where_which_algorithm_is_faster(lab):
    surface_is_complete(lab)
    swept = lab.locator("#lab-swept")
    expect(swept).to_contain_text("Kilovolts, direct gather is faster than Voltage on")
    expect(swept).to_contain_text("of 48 star networks")
    told = swept.text_content()
    # Of another bandwidth it is the same; of other algorithms it is computed anew.
    set_to(lab, "bandwidth", "1000")
    expect(swept).to_have_text(told)
    choose(lab, "algorithm", "voltage-direct")
    expect(swept).to_contain_text("Voltage, direct gather is faster than Voltage on")


def test_the_surface_is_saved_as_a_page_and_as_a_table(lab, tmp_path):
    surface_is_complete(lab)
    for part, name in (("surface-csv", "speed-up.csv"), ("surface-html", "speed-up.html")):
        with lab.expect_download() as download:
            lab.locator("#lab-save").select_option(part)
        assert download.value.suggested_filename == name
        download.value.save_as(tmp_path / name)
    lines = (tmp_path / "speed-up.csv").read_text().splitlines()
    assert len(lines) == 49 and lines[0].endswith("speed_up")
    text = (tmp_path / "speed-up.html").read_text()
    [figures] = re.findall(r'id="figures">(.*?)</script>', text)
    [light] = json.loads(figures)["light"]
    ratios = [ratio for line in light["data"][0]["z"] for ratio in line]
    assert ratios == [float(line.split(",")[-1]) for line in lines[1:]]


def test_the_run_is_saved_for_perfetto(lab, tmp_path):
    with lab.expect_download() as download:
        lab.locator("#lab-save").select_option("perfetto")
    download.value.save_as(tmp_path / "lab.perfetto.json")
    events = json.loads((tmp_path / "lab.perfetto.json").read_text())["traceEvents"]
    assert {"X", "s", "f"} <= {event["ph"] for event in events}


def test_what_cannot_be_run_is_said_at_its_control_and_its_usual_work_helps(lab):
    before = number(lab, "time").text_content()
    seq = seq_of(lab)
    lab.locator("#lab-algorithm").click()
    lab.get_by_role("option", name="expert-parallel", exact=True).click()
    message = lab.locator("#lab-model-message")
    expect(message).to_contain_text("has no experts")
    expect(number(lab, "time")).to_have_text(before)
    expect(lab.locator("#lab-said")).to_contain_text("Shown is the last setting")
    lab.get_by_role("button", name="Its usual work").click()
    settled(lab, after=seq + 1)
    expect(message).to_be_hidden()
    expect(lab.locator("#lab-model")).to_have_value("Mixtral-8x7B")
    expect(lab.locator("#lab-said")).to_contain_text("Expert parallel takes")
    expect(lab.get_by_role("button", name="Its usual work")).to_be_hidden()


def test_controls_without_an_effect_are_not_there(lab):
    pieces, bandwidth = (lab.locator(f"#lab-{name}-control") for name in ("tp", "bandwidth"))
    expect(pieces).to_be_hidden()
    expect(bandwidth).to_be_visible()
    choose(lab, "against", "tensor-pipeline")
    expect(pieces).to_be_visible()
    choose(lab, "network", "hgx-rail")
    expect(bandwidth).to_be_hidden()
