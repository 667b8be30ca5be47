"""Links, files to save and files to open: what one browser shares, another one shows."""

import json
import re
import struct
import xml.etree.ElementTree as ElementTree

import pandas as pd
import pytest
from playwright.sync_api import expect

from simcore import Scenario, run
from tests.browser.test_gantt6d import NAME, assert_shows, box, sequence, settled, thumb, type_in

DROP = """async ([text, name]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name));
  const tell = (kind) => document.querySelector("main").dispatchEvent(
    new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
  tell("dragenter");
  const shown = !document.getElementById("gantt6d-drop").hidden;
  tell("drop");
  return shown && document.getElementById("gantt6d-drop").hidden;
}"""


@pytest.fixture
def gantt(page):
    page.set_viewport_size({"width": 1280, "height": 860})
    page.goto("/")
    settled(page)
    return page


def problem(page):
    return page.locator(f"#{NAME}-problem")


def save(page, name):
    """The file of this name in the menu, as it was saved."""
    page.locator(f"#{NAME}-share summary").click()
    with page.expect_download() as download:
        page.get_by_role("button", name=name, exact=True).click()
    expect(page.locator(f"#{NAME}-copy")).to_be_hidden()
    return download.value


def test_the_address_and_the_title_follow_the_scenario(gantt):
    assert gantt.url.endswith("/")
    type_in(gantt, "pp", 4)
    type_in(gantt, "prompt_tokens", 4096)
    expect(gantt).to_have_url(re.compile(r"/\?v=3&pp=4&t=4096$"))
    expect(gantt).to_have_title(re.compile(r"PP 4, N 1, T 4096, M 128 · pdscope$"))
    gantt.reload()
    settled(gantt)
    assert_shows(gantt, Scenario(pp=4, prompt_tokens=4096))


def test_other_pages_get_the_scenario_and_back_brings_it_back(gantt):
    type_in(gantt, "pp", 4)
    gantt.get_by_role("link", name="MTSweep").click()
    expect(gantt).to_have_url(re.compile(r"/mt-sweep\?v=3&pp=4"))
    gantt.get_by_role("link", name="Gantt6D").click()
    settled(gantt)
    assert_shows(gantt, Scenario(pp=4))
    gantt.go_back()
    expect(gantt).to_have_url(re.compile(r"/mt-sweep\?v=3&pp=4"))
    gantt.go_back()
    settled(gantt)
    assert_shows(gantt, Scenario(pp=4))


@pytest.mark.parametrize(("pp", "said"), [("1", "does not fit"), ("0", "out of range")])
def test_what_cannot_be_run_is_the_address_too(gantt, pp, said):
    gantt.get_by_role("button", name="Pin", exact=True).click()
    expect(gantt).to_have_url(re.compile(r"\?v=3&pin=default$"))
    box(gantt, "pp").fill(pp)
    expect(gantt.locator(f"#{NAME}-pp-message")).to_contain_text(said)
    expect(gantt).to_have_url(re.compile(rf"\?v=3&pp={pp}&pin=default$"))
    gantt.reload()
    expect(gantt.get_by_text(said).filter(visible=True).first).to_be_visible()
    expect(gantt.locator(f"#{NAME}-pins .pin")).to_have_count(1)


def test_pages_without_a_scenario_of_their_own_get_the_one_that_is_shown(gantt):
    gantt.get_by_role("button", name="Pin", exact=True).click()
    expect(gantt).to_have_url(re.compile(r"\?v=3&pin=default$"))
    gantt.get_by_role("link", name="PPTSweep").click()
    expect(gantt.locator("#ppt-chunk_tokens")).to_have_value("128")
    expect(gantt.locator("#ppt-count")).to_have_text(re.compile(r"(\d+) of \1 cells"))
    expect(gantt).to_have_url(re.compile(r"/ppt-sweep\?v=3&pin=default$"))
    gantt.reload()
    expect(gantt.locator("#ppt-chunk_tokens")).to_have_value("128")
    gantt.get_by_role("link", name="Gantt6D").click()
    settled(gantt)
    assert_shows(gantt, Scenario())
    expect(gantt.locator(f"#{NAME}-pins .pin")).to_have_count(1)


def test_what_a_sweep_alone_has_is_no_news_to_the_gantt(page):
    page.goto("/?v=3&ms=64:512:64&metric=tpot&pp=4")
    settled(page)
    expect(page.locator(f"#{NAME}-notice")).to_have_count(0)
    expect(page).to_have_url(re.compile(r"/\?v=3&pp=4$"))


def test_an_answer_that_comes_late_leaves_the_next_page_alone(gantt):
    gantt.get_by_role("link", name="MTSweep").click()
    expect(gantt).to_have_url(re.compile(r"/mt-sweep"))
    expect(gantt.locator(f"#{NAME}-page")).to_have_count(0)
    address = gantt.url
    late = {"coarse": False, "query": "v=3&pp=4", "title": "Late", "pins": [], "rows": {}}
    for event in ("settled", "wrong", "compared", "explained", "unexplained"):
        gantt.evaluate("([event, late]) => pdscope.gantt6d.tell(event, late)", [event, late])
    assert gantt.url.partition("?")[0] == address.partition("?")[0]
    assert "pp=4" not in gantt.url


def test_a_link_is_copied(gantt):
    gantt.context.grant_permissions(["clipboard-read", "clipboard-write"])
    type_in(gantt, "pp", 4)
    gantt.locator(f"#{NAME}-share summary").click()
    gantt.get_by_role("button", name="Copy link").click()
    expect(gantt.locator(f"#{NAME}-copy")).to_have_text("Copied")
    expect(gantt.locator(f"#{NAME}-shared")).to_have_text("Copied")
    assert gantt.evaluate("navigator.clipboard.readText()") == gantt.url


def test_keys_alone_suffice_for_the_menu(gantt):
    share = gantt.locator(f"#{NAME}-share summary")
    share.press("Enter")
    gantt.keyboard.press("ArrowDown")
    expect(gantt.locator(f"#{NAME}-copy")).to_be_focused()
    gantt.keyboard.press("End")
    gantt.keyboard.press("ArrowDown")
    expect(gantt.locator(f"#{NAME}-copy")).to_be_focused()
    gantt.keyboard.press("Escape")
    expect(share).to_be_focused()
    expect(gantt.locator(f"#{NAME}-copy")).to_be_hidden()


def test_a_notice_of_a_link_can_be_dismissed(page):
    page.goto("/?v=3&pin=pp:0&what=now")
    settled(page)
    notice = page.locator(f"#{NAME}-notice")
    expect(notice).to_contain_text("“what” is no setting. pin 1: pp = 0 is out of range")
    notice.get_by_role("button", name="Dismiss").click()
    expect(notice).to_be_hidden()


@pytest.mark.parametrize("kind", ["JSON", "YAML"])
def test_a_scenario_that_was_saved_can_be_dropped_on_the_page(gantt, kind):
    scenario = Scenario(pp=4, decode_pp=6, prefill_gpu="NVIDIA H200", chunk_tokens=256)
    gantt.goto("/?v=3&pp=4&dpp=6&prefill=NVIDIA+H200&m=256")
    settled(gantt)
    file = save(gantt, f"Scenario, {kind}")
    assert file.suggested_filename == f"pdscope-scenario.{kind.lower()}"
    text = file.path().read_text()
    assert Scenario.from_text(text) == scenario
    gantt.goto("/")
    seq = settled(gantt)
    assert gantt.evaluate(DROP, [text, file.suggested_filename])
    settled(gantt, seq)
    assert_shows(gantt, scenario)
    expect(thumb(gantt, "pp")).to_have_attribute("aria-valuenow", "4")
    expect(gantt.locator(f"#{NAME}-shared")).to_contain_text("Opened pdscope-scenario")


def test_a_scenario_file_can_be_chosen_by_keys(gantt):
    with gantt.expect_file_chooser() as chooser:
        gantt.get_by_role("button", name="Open file").press("Enter")
    seq = sequence(gantt)
    file = {"name": "mine.yaml", "mimeType": "text/yaml", "buffer": b"chunk_tokens: 512\npp: 4"}
    chooser.value.set_files(file)
    settled(gantt, seq)
    assert_shows(gantt, Scenario(chunk_tokens=512, pp=4))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pp: eight", "mine.yaml: pp = 'eight' is not a number"),
        ("pp: 4\n  m: [", "mine.yaml: line 2"),
        ("# " + "x" * 60_000, "mine.yaml: a scenario file has at most"),
        ('"' * 40_000, "mine.yaml: this is more than a scenario file holds"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_and_the_picture_stays(gantt, text, said):
    assert gantt.evaluate(DROP, [text, "mine.yaml"])
    expect(problem(gantt)).to_contain_text(said)
    assert_shows(gantt, Scenario())
    problem(gantt).get_by_role("button", name="Dismiss").click()
    expect(problem(gantt)).to_be_hidden()


def test_traces_hold_what_run_says(gantt):
    trace = run(Scenario()).trace
    csv = save(gantt, "Trace, CSV")
    assert csv.suggested_filename == "pdscope-trace.csv"
    assert len(pd.read_csv(csv.path())) == len(trace)
    assert len(pd.read_parquet(save(gantt, "Trace, Parquet").path())) == len(trace)
    assert json.loads(save(gantt, "Trace, Perfetto").path().read_text())["traceEvents"]


def test_images_open(gantt):
    png = save(gantt, "Chart, PNG")
    assert png.suggested_filename == "pdscope-gantt.png"
    raw = png.path().read_bytes()
    assert raw.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", raw[16:24]) == (2400, 1350)
    # The bars are in it: an empty chart is far smaller.
    assert len(raw) > 30_000
    svg = save(gantt, "Chart, SVG")
    root = ElementTree.fromstring(svg.path().read_text())
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert (root.get("width"), root.get("height")) == ("1200", "675")
    assert len(root.findall(".//{*}path")) > len(run(Scenario()).trace)


def test_a_chart_in_html_opens_without_asking_anyone(gantt, new_context, tmp_path):
    path = tmp_path / "chart.html"
    save(gantt, "Chart, HTML").save_as(path)
    page = new_context(offline=True).new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    assert page.locator(".bars path").count() == len(run(Scenario()).trace)
    expect(page).to_have_title(re.compile("^pdscope: LLaMA-3.1-70B, NVIDIA H100"))
    assert [url for url in asked if not url.startswith(("file:", "blob:", "data:"))] == []


def test_where_nothing_has_been_run_there_is_nothing_to_save(page):
    page.goto("/?v=3&pp=1")
    expect(page.locator(f"#{NAME}-pp-message")).to_contain_text("does not fit")
    page.locator(f"#{NAME}-share summary").click()
    page.get_by_role("button", name="Trace, CSV").click()
    expect(problem(page)).to_contain_text("There is nothing to save yet")
    expect(page.get_by_role("button", name="Pin", exact=True)).to_be_disabled()
    # What is wrong stands in place of the chart, too, and is one click from being right.
    expect(page).to_have_title(re.compile("PP 1, N 1, .* · pdscope$"))
    nothing = page.locator(f"#{NAME}-nothing")
    expect(nothing).to_contain_text("Nor does the decode pool")
    nothing.get_by_role("button", name="PP = 2").click()
    settled(page)
    expect(nothing).to_be_hidden()
    assert_shows(page, Scenario(pp=2))
    expect(page).to_have_url(re.compile(r"\?v=3&pp=2$"))


def test_why_a_file_cannot_be_saved_is_said(gantt, complaints):
    gantt.route("**/gantt6d/file", lambda route: route.fulfill(json={"error": "it is too long"}))
    share, item = gantt.locator(f"#{NAME}-share summary"), "Scenario, JSON"
    share.click()
    gantt.get_by_role("button", name=item).click()
    expect(problem(gantt)).to_contain_text("This cannot be saved: it is too long")
    gantt.unroute("**/gantt6d/file")
    gantt.route("**/gantt6d/file", lambda route: route.abort())
    share.click()
    gantt.get_by_role("button", name=item).click()
    expect(problem(gantt)).to_contain_text("Try again in a moment.")
    assert all("Failed to load resource" in line for line in complaints) and complaints
    complaints.clear()
