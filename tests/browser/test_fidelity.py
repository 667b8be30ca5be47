"""The page Fidelity in a real browser: points drawn, chosen, told and saved."""

import csv
import re

import pytest
from playwright.sync_api import expect

WIDTHS = (360, 900, 1440, 2560)


@pytest.fixture
def fidelity(page):
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto("/fidelity")
    settled(page)
    return page


def settled(page):
    expect(page.locator("#fidelity-page:not(.waiting)")).to_be_visible()
    expect(page.locator("#fidelity-scatter .scatterlayer .point").first).to_be_attached()


def said(page):
    return page.locator("#fidelity-said")


def choose(page, field, *options):
    """Options of a list, as one chooses them."""
    box = page.locator(f"#fidelity-{field}")
    for option in options:
        box.click()
        page.get_by_role("option", name=option, exact=True).click()
    page.keyboard.press("Escape")


def drawn(page, picture):
    return page.locator(f"#fidelity-{picture} .scatterlayer .point")


def test_all_points_are_drawn_with_their_errors(fidelity):
    expect(said(fidelity)).to_contain_text("measured times are predicted by the calibrated model")
    count = int(re.match(r"[\d\u202f]+", said(fidelity).text_content())[0].replace("\u202f", ""))
    assert count > 300
    for picture in ("scatter", "residuals"):
        expect(drawn(fidelity, picture)).to_have_count(count)
    table = fidelity.get_by_role("table", name="Errors of the calibrated cost model")
    expect(table.get_by_role("rowheader", name="All shown")).to_be_visible()
    expect(table.get_by_role("rowheader", name="KV transfer")).to_be_visible()
    expect(fidelity.get_by_role("table", name="Furthest off").get_by_role("row")).to_have_count(11)
    expect(fidelity).to_have_title("Fidelity · pdscope")


def test_another_cost_model_predicts_the_same_points(fidelity):
    choose(fidelity, "cost_model", "physical")
    expect(said(fidelity)).to_contain_text("predicted by the physical model")
    table = fidelity.get_by_role("table", name="Errors of the physical cost model")
    expect(table.get_by_role("columnheader", name="Mean, calibrated")).to_be_visible()
    expect(said(fidelity)).to_contain_text("not fitted")


def test_filters_leave_what_was_chosen_and_go_away_by_a_key(fidelity):
    all_said = said(fidelity).text_content()
    choose(fidelity, "quantities", "KV transfer")
    expect(drawn(fidelity, "scatter")).to_have_count(10)
    expect(said(fidelity)).to_contain_text("10 of 10")
    choose(fidelity, "gpus", "NVIDIA H800")
    expect(drawn(fidelity, "scatter")).to_have_count(5)
    # Whoever types in a box does not mean the key.
    fidelity.evaluate("() => document.activeElement.blur()")
    fidelity.keyboard.press("0")
    expect(said(fidelity)).to_have_text(all_said)


def test_what_nothing_was_measured_of_says_so_instead_of_pictures(fidelity):
    choose(fidelity, "quantities", "KV transfer")
    choose(fidelity, "gpus", "NVIDIA L40S")
    nothing = fidelity.locator("#fidelity-nothing")
    expect(nothing).to_contain_text("No measured point is of all these")
    expect(nothing).to_contain_text("GPU: NVIDIA L40S")
    expect(fidelity.locator("#fidelity-scatter-picture")).to_be_hidden()
    fidelity.get_by_role("button", name="Show all points").click()
    expect(nothing).to_be_hidden()
    settled(fidelity)


def test_pointing_at_a_point_tells_what_it_is_and_its_source(fidelity):
    choose(fidelity, "quantities", "KV transfer")
    expect(drawn(fidelity, "scatter")).to_have_count(10)
    drawn(fidelity, "scatter").first.hover(force=True)
    label = fidelity.locator("#fidelity-scatter .hoverlayer .hovertext")
    for part in ("KV transfer", "measured", "predicted", "off by", "Source: kvcache-ai/Mooncake"):
        expect(label).to_contain_text(part)


def test_keys_walk_the_points(fidelity):
    choose(fidelity, "quantities", "KV transfer")
    expect(drawn(fidelity, "scatter")).to_have_count(10)
    picture, walked = (
        fidelity.locator("#fidelity-scatter-picture"),
        fidelity.locator("#fidelity-walked"),
    )
    picture.focus()
    picture.press("ArrowRight")
    expect(walked).to_contain_text("1 of 10: KV transfer, NVIDIA H800, Qwen3-8B")
    expect(picture.locator(".hoverlayer .hovertext")).to_contain_text("measured 540 µs")
    picture.press("End")
    expect(walked).to_contain_text("10 of 10: KV transfer, NVIDIA H20-3e")
    picture.press("ArrowLeft")
    expect(walked).to_contain_text("9 of 10")
    picture.press("Escape")
    expect(walked).to_be_empty()
    expect(picture.locator(".hoverlayer .hovertext")).to_have_count(0)


def test_groups_and_residuals_are_of_what_was_chosen(fidelity):
    choose(fidelity, "by", "Engine or library")
    table = fidelity.get_by_role("table", name="Errors of the calibrated cost model")
    expect(table.get_by_role("rowheader", name="TensorRT-LLM")).to_be_visible()
    choose(fidelity, "against", "Bytes sent")
    expect(fidelity.locator("#fidelity-residuals .xtitle")).to_have_text("Bytes sent")


def test_what_is_shown_can_be_saved(fidelity, tmp_path):
    choose(fidelity, "quantities", "KV transfer")
    expect(drawn(fidelity, "scatter")).to_have_count(10)
    with fidelity.expect_download() as download:
        fidelity.get_by_role("button", name="Download CSV").click()
    assert download.value.suggested_filename == "fidelity-calibrated.csv"
    download.value.save_as(tmp_path / "points.csv")
    with (tmp_path / "points.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 10 and {row["quantity"] for row in rows} == {"KV transfer"}
    assert all(float(row["predicted_s"]) > 0 for row in rows)


def test_what_constants_were_fitted_to_is_listed(fidelity):
    fidelity.get_by_text("What the constants were fitted to").click()
    table = fidelity.get_by_role("region", name="Constants")
    expect(table.get_by_role("rowheader", name="NVIDIA H100", exact=True)).to_be_visible()
    expect(table).to_contain_text("products (bf16)")


def test_the_pictures_follow_the_scheme(fidelity):
    background = "() => document.querySelector('#fidelity-scatter .main-svg').style.background"
    light = fidelity.evaluate(background)
    fidelity.get_by_role("button", name="Switch between light and dark").click()
    fidelity.wait_for_function(f"before => ({background})() !== before", arg=light)


def test_the_page_is_as_wide_as_the_window(fidelity):
    for width in WIDTHS:
        fidelity.set_viewport_size({"width": width, "height": 900})
        # What is wider scrolls in its own box.
        fidelity.wait_for_function(
            "width => document.documentElement.scrollWidth <= width && innerWidth === width",
            arg=width,
        )


def test_the_card_of_a_time_says_how_far_it_may_be_off(page):
    page.goto("/?v=2&cost=calibrated&decode=NVIDIA+H200")
    expect(page.locator("#gantt6d-page")).to_have_attribute("data-settled", "true")
    band = page.locator("#gantt6d-card-tpot .card-band")
    expect(band).to_have_text(re.compile(r"^±\d+ %$"))
    expect(page.locator("#gantt6d-card-bubble .card-band")).to_be_empty()
    page.locator("#gantt6d-why-tpot").focus()
    expect(page.locator("#gantt6d-popover")).to_contain_text("Decode: calibrated on NVIDIA H200")


def test_a_bound_and_no_claim_are_told_from_a_band(page):
    for model, text in (("physical", "or more"), ("reference", "by spec")):
        page.goto(f"/?v=2&cost={model}&decode=NVIDIA+H200")
        expect(page.locator("#gantt6d-card-ttft .card-band")).to_have_text(text)
