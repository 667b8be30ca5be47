"""The page Serving in a real browser: a cluster simulated while one changes it."""

import re

import pytest
from playwright.sync_api import expect


@pytest.fixture
def serving(page):
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto("/serving")
    settled(page, after=0)
    return page


def settled(page, *, after):
    """Wait until an answer later than `after` is shown in full; its number."""
    page.wait_for_function(
        """(after) => {
          const { seq, coarse } = document.querySelector("#serving-page")?.dataset ?? {};
          return Number(seq) > after && coarse === "false";
        }""",
        arg=after,
    )
    return seq_of(page)


def seq_of(page):
    return int(page.locator("#serving-page").get_attribute("data-seq"))


def number(page, card):
    return page.locator(f"#serving-card-{card} .card-number")


def set_to(page, field, value):
    """Type a value, and wait for what it makes."""
    before = seq_of(page)
    page.locator(f"#serving-{field}").fill(value)
    page.locator(f"#serving-{field}").press("Enter")
    return settled(page, after=before)


def test_a_cluster_is_simulated_drawn_and_explained(serving):
    expect(number(serving, "verdict")).to_have_text("stable")
    ledger = serving.locator("#serving-ledger")
    expect(ledger).to_contain_text("1\u202f000 arrived = 1\u202f000 completed")
    expect(serving.locator("#serving-said")).to_contain_text("Of a mean TTFT of")
    table = serving.get_by_role("table", name="TTFT explained")
    expect(table.get_by_role("rowheader", name="queueing for prefill")).to_be_visible()
    expect(serving.locator("#serving-waterfall .bars .point").first).to_be_attached()
    for part in ("ttft", "tpot"):
        expect(serving.locator(f"#serving-{part} .scatterlayer .trace")).to_have_count(1)
        expect(serving.locator(f"#serving-{part} .shapelayer path")).to_have_count(1)
    panels = serving.locator("#serving-timelines .annotation-text")
    expect(panels).to_have_count(5)


def test_more_requests_overload_it_and_the_pin_says_by_how_much(serving):
    serving.get_by_role("button", name="Pin as baseline").click()
    set_to(serving, "rate", "40")
    expect(number(serving, "verdict")).to_have_text("overloaded")
    change = serving.locator("#serving-card-ttft_p99 .serving-change")
    expect(change).to_have_text(re.compile(r"▲ \+[\d\u202f]+ %"))
    expect(change).to_have_attribute("data-how", "worse")
    pinned = serving.locator("#serving-pinned")
    expect(pinned).to_have_text("Against the baseline: Arrival rate, 1/s 40, there 8.")
    expect(serving.locator("#serving-ttft .scatterlayer .trace")).to_have_count(2)
    serving.get_by_role("button", name="Unpin the baseline").click()
    expect(change).to_be_empty()
    expect(serving.locator("#serving-ttft .scatterlayer .trace")).to_have_count(1)


def test_a_slider_shows_every_value_that_it_settles_on(serving):
    before = number(serving, "ttft_p50").text_content()
    thumb = serving.get_by_role("slider", name="Arrival rate, 1/s (λ)")
    seq = seq_of(serving)
    for _ in range(6):
        thumb.press("PageUp")
    settled(serving, after=seq)
    expect(serving.locator("#serving-rate")).not_to_have_value("8")
    expect(number(serving, "ttft_p50")).not_to_have_text(before)


def test_what_cannot_be_run_is_said_at_its_control_and_the_last_run_stays(serving):
    before = number(serving, "ttft_p50").text_content()
    set_to(serving, "decode_tp", "1")
    message = serving.locator("#serving-decode_tp-message")
    expect(message).to_contain_text("need 142.8 GB of 77.0 GB")
    expect(serving.locator("#serving-said")).to_contain_text("Shown is the last setting")
    expect(number(serving, "ttft_p50")).to_have_text(before)
    set_to(serving, "decode_tp", "4")
    expect(message).to_be_hidden()


def test_aggregated_against_disaggregated_in_one_click(serving):
    serving.get_by_role("button", name="Aggregated against disaggregated").click()
    region = serving.get_by_role("region", name="Comparison")
    expect(region).to_contain_text("Disaggregated, the mean TTFT is")
    expect(region.get_by_role("columnheader", name="difference")).to_be_visible()
    expect(serving.locator("#serving-ttft .scatterlayer .trace")).to_have_count(2)
    set_to(serving, "rate", "4")
    expect(region).to_be_hidden()


def test_controls_without_an_effect_are_not_there(serving):
    burst, transfer = (
        serving.locator(f"#serving-{name}-control") for name in ("burst", "kv_transfer")
    )
    serving.get_by_text("Policies", exact=True).click()
    expect(burst).to_be_hidden()
    expect(transfer).to_be_visible()
    serving.locator("#serving-law").click()
    serving.get_by_role("option", name="gamma").click()
    expect(burst).to_be_visible()
    serving.locator("#serving-arrangement").click()
    serving.get_by_role("option", name="aggregated", exact=True).click()
    expect(transfer).to_be_hidden()


def test_goodput_against_rate_and_a_cancelled_sweep(serving):
    set_to(serving, "requests", "100")
    serving.locator("#serving-seeds").select_option("3")
    serving.get_by_role("button", name="Goodput against rate").click()
    expect(serving.locator("#serving-rates .errorbar").first).to_be_attached()
    expect(serving.locator("#serving-swept")).to_be_empty()
    expect(serving.locator("#serving-rates .scatterlayer .trace")).to_have_count(3)
    expect(serving.locator("#serving-rates .scatterlayer .point")).to_have_count(24)
    serving.get_by_role("button", name="Goodput against rate").click()
    serving.locator("#serving-sweep-cancel").click()
    expect(serving.locator("#serving-swept")).to_have_text("Cancelled.")
    expect(serving.locator("#serving-sweep")).to_be_enabled()


def test_a_run_in_full_shows_its_progress_and_can_be_cancelled(serving):
    working = serving.locator("#serving-working")
    serving.locator("#serving-full-requests").select_option("20000")
    serving.get_by_role("button", name="Run in full").click()
    expect(serving.locator("#serving-progress")).to_be_visible()
    serving.locator("#serving-cancel").click()
    expect(working).to_have_text("Cancelled.")
    serving.locator("#serving-full-requests").select_option("5000")
    serving.get_by_role("button", name="Run in full").click()
    expect(working).to_contain_text("Shown is the run in full of 5\u202f000 requests")
    expect(serving.locator("#serving-ledger")).to_contain_text("5\u202f000 arrived")


def test_requests_are_saved(serving, tmp_path):
    set_to(serving, "requests", "100")
    with serving.expect_download() as download:
        serving.locator("#serving-save").select_option("requests-csv")
    assert download.value.suggested_filename == "requests.csv"
    download.value.save_as(tmp_path / "requests.csv")
    assert (tmp_path / "requests.csv").read_text().count("\n") == 101
