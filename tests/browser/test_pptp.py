"""The sweeps of PP and TP of a pool: drawn as Python draws them, one cell marked, files to keep."""

import csv
import io
import re

import pytest
from playwright.sync_api import expect

from simcore import SWEEPS
from tests.browser.test_sweeps import (
    assert_drawn,
    click_cell,
    download,
    expected,
    status_of,
    wait_for_end,
)

PAGES = {"prefill-pptp": "/pptp-sweep", "decode-pptp": "/pptp-sweep/decode"}
BASE = "?v=3&decode=NVIDIA+H100&n=8&m=512&topo=hgx-rail"
SMALL = {
    "prefill-pptp": f"{BASE}&dtp=8&dpp=1&pps=1,2&tps=3,4,8",
    "decode-pptp": f"{BASE}&tp=8&pp=1&dpps=1,2&dtps=3,4,8",
}


def axes_of(name):
    plan = SWEEPS[name]
    return {plan.x: (1, 2), plan.y: (3, 4, 8)}


def opened(page, name):
    page.goto(PAGES[name] + SMALL[name])
    return wait_for_end(page)


@pytest.mark.parametrize("name", PAGES)
def test_every_metric_is_drawn_and_one_cell_is_marked(page, name):
    said = opened(page, name)
    assert "of equal ones the one with the fewest GPUs" in said
    assert re.search(r"2 of 6 cells are infeasible", said)
    table = expected(name, axes_of(name))
    usual = {"prefill-pptp": "ttft", "decode-pptp": "tpot"}[name]
    assert_drawn(page, table, name, metric=usual)
    page.get_by_text("tokens/s per GPU", exact=True).first.click()
    expect(status_of(page)).to_contain_text("Marked: the cell with the most tokens/s per GPU")
    assert_drawn(page, table, name, metric="rate")
    expect(page).to_have_url(re.compile("metric=rate"))


def test_a_cell_opens_in_the_gantt_page_with_its_degrees(page):
    opened(page, "prefill-pptp")
    click_cell(page, "prefill-pptp", 1, 2)
    expect(page.locator("#gantt6d-page")).to_be_visible()
    expect(page.locator("#gantt6d-pp")).to_have_value("2")
    expect(page.locator("#gantt6d-tp")).to_have_value("8")
    expect(page.locator("#gantt6d-decode_pp")).to_have_value("1")


def test_a_list_is_typed_as_people_write_it(page):
    opened(page, "decode-pptp")
    page.locator("#decode-pptp-decode_tp").fill("8; 4")
    expect(page.locator("#decode-pptp-stale")).to_contain_text("decode TP 3, 4, 8")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("#decode-pptp-count")).to_have_text("4 of 4 cells")
    expect(page).to_have_url(re.compile("dtps=8,4|dtps=4,8"))
    page.locator("#decode-pptp-decode_tp").fill("8, x")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("#decode-pptp-decode_tp-message")).to_contain_text("'x' is not a number")


def test_the_files_hold_every_column(page):
    opened(page, "decode-pptp")
    text = download(page, "Download CSV").path().read_text()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 6
    for row in rows:
        done = row["outcome"] == "done"
        assert (row["decode_tokens_per_s_per_gpu"] != "") == done
        assert (row["reason"] == "") == done
    assert download(page, "Download HTML").suggested_filename == ("PP_TP_decode_sweep_3d_TPOT.html")


def test_either_pool_leads_to_the_other_with_the_scenario(page):
    opened(page, "prefill-pptp")
    current = page.locator(".nav [aria-current=page]")
    expect(current).to_have_text("PP×TP")
    page.get_by_role("link", name="Decode pool").click()
    expect(page.locator("#decode-pptp-page")).to_be_visible()
    expect(current).to_have_text("PP×TP")
    expect(page.locator("#decode-pptp-topology")).to_have_value("hgx-rail")
    expect(page.locator(".sweep-siblings [aria-current=page]")).to_have_text("Decode pool")
