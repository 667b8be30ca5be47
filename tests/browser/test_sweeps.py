"""The pages of sweeps in a real Chromium: what they compute, when they stop, what they save."""

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pandas as pd
import pytest
from playwright.sync_api import expect

from app.numbers import count, duration_text
from app.sweeps.html import figures_of
from app.sweeps.terms import describe, metrics_of
from simcore import SWEEPS, sweep
from tests.served import Served

PATIENCE_S = 30
PAGES = {"mt": "/mt-sweep", "ppt": "/ppt-sweep", "gpus": "/gpu-matrix"}
SURFACES = ("mt", "ppt")
# Axes with few cells, in an address.
FEW = {
    "mt": "&ms=512:1024:512&ts=1024:4096:1024",
    "ppt": "&ts=1024:4096:1024",
    "gpus": "&decodes=NVIDIA+H100,NVIDIA+H200&prefills=NVIDIA+H100,NVIDIA+H200",
}
PLOTS = "[...document.querySelectorAll('.sweep-pictures .js-plotly-plot')]"


def status_of(page):
    """The sentence of a sweep's page; other pages have others."""
    return page.locator(".sweep-result").get_by_role("status")


def wait_for_end(page):
    """Wait for the sentence that ends a sweep, and return it."""
    status = status_of(page)
    expect(status).to_contain_text(re.compile(r"infeasible|skipped|Every cell fits"))
    expect(page.get_by_role("button", name="Cancel")).to_be_disabled()
    return status.inner_text()


def set_axis(page, axis, start, end, step):
    boxes = page.get_by_role("group", name=re.compile(axis))
    for name, value in (("From", start), ("To", end), ("Step", step)):
        boxes.get_by_label(name, exact=True).fill(str(value))


def until(page, condition, argument=None):
    """Wait for a JavaScript function of `argument` to be true; a page's policy forbids others."""
    met = page.evaluate(
        f"""async ([argument, patience]) => {{
          const end = performance.now() + patience;
          while (!({condition})(argument) && performance.now() < end)
            await new Promise(requestAnimationFrame);
          return ({condition})(argument);
        }}""",
        [argument, PATIENCE_S * 1000],
    )
    assert met, f"{condition} of {argument} did not become true"


def traces(page, cells):
    """The surface's traces as Plotly has them, once `cells` cells are in it."""
    data = f"{PLOTS}[0]?.data"
    shown = f"{data}?.slice(1, 4).reduce((sum, trace) => sum + trace.x.length, 0)"
    until(page, f"(cells) => {shown} === cells", cells)
    return page.evaluate(data)


def click_cell(page, name, column, line):
    """Point at a cell of the heat map, counted from 0 as its axes are, and click it."""
    plot = f"#{name}-heat .js-plotly-plot"
    page.locator(f"{plot} .nsewdrag").first.scroll_into_view_if_needed()
    x, y = page.evaluate(
        """([plot, column, line]) => {
          const graph = document.querySelector(plot), box = graph.getBoundingClientRect();
          const { xaxis, yaxis } = graph._fullLayout;
          return [
            box.x + xaxis._offset + xaxis.d2p(column),
            box.y + yaxis._offset + yaxis.d2p(line),
          ];
        }""",
        [plot, column, line],
    )
    page.mouse.move(x - 3, y - 3)
    page.mouse.move(x, y)
    # A click is of what is hovered, which Plotly looks for at most every 50 ms.
    expect(page.locator(f"{plot} .hoverlayer .hovertext")).to_be_visible()
    page.mouse.click(x, y)


def gantt_values(page):
    """What the boxes of the Gantt page hold, once it is there."""
    expect(page.locator("#gantt6d-page")).to_be_visible()
    return {
        field: page.locator(f"#gantt6d-{field}").input_value().replace("\u202f", "")
        for field in ("prompt_tokens", "chunk_tokens", "pp", "batch_size")
    }


def expected(name, axes, **changes):
    plan = SWEEPS[name]
    with ThreadPoolExecutor(1) as executor:
        return sweep(plan.base.replace(**changes), axes, executor=executor)


def assert_drawn(page, table, name, theme="light", metric="ttds", **changes):
    """The browser has drawn what app.figures makes of the table."""
    plan = SWEEPS[name]
    subtitle = describe(plan.base.replace(**changes), plan)
    here = tuple(getattr(plan.base.replace(**changes), axis) for axis in (plan.x, plan.y))
    options = {"metric": metrics_of(plan)[metric], "subtitle": subtitle, "here": here}
    figures = figures_of(table, plan, **options)[theme]
    for number, figure in enumerate(json.loads(json.dumps(figures))):
        plot = f"{PLOTS}[{number}]"
        title = figure["layout"]["title"]["text"]
        until(page, f"(title) => {plot}.layout.title.text === title", title)
        until(page, f"(rows) => {plot}.data[0].z.flat().length === rows", len(table))
        drawn = page.evaluate(f"{plot}.data")
        assert drawn == figure["data"]
        assert page.evaluate(f"{plot}.layout.title") == figure["layout"]["title"]
        if number == len(figures) - 1:
            for axis in ("xaxis", "yaxis"):
                shown = page.evaluate(f"{plot}.layout.{axis}")
                assert {key: shown[key] for key in ("tickvals", "ticktext", "range")} == {
                    key: figure["layout"][axis][key] for key in ("tickvals", "ticktext", "range")
                }


def surface_pixels(page):
    """Colours of the scale that are seen on the canvas of the scene."""
    picture = page.locator(".js-plotly-plot .gl-container canvas").last.screenshot()
    return page.evaluate(
        """async (bytes) => {
          const image = await createImageBitmap(new Blob([new Uint8Array(bytes)]));
          const canvas = new OffscreenCanvas(image.width, image.height);
          const context = canvas.getContext("2d");
          context.drawImage(image, 0, 0);
          const { data } = context.getImageData(0, 0, image.width, image.height);
          let vivid = 0;
          for (let n = 0; n < data.length; n += 4) {
            const [red, green, blue] = [data[n], data[n + 1], data[n + 2]];
            if (blue - red > 40 && Math.max(red, green, blue) < 200) vivid += 1;
          }
          return vivid;
        }""",
        list(picture),
    )


@pytest.mark.parametrize("name", SURFACES)
def test_the_default_sweep_runs_by_itself_and_is_the_python_apis(looked_at, name):
    page = looked_at(PAGES[name])
    said = wait_for_end(page)
    plan = SWEEPS[name]
    table = expected(name, plan.axes)
    assert_drawn(page, table, name)
    best = table.loc[table["ttds_s"].idxmin()]
    assert f"Best TTDS {duration_text(best['ttds_s'])}" in said
    holes_said = {"infeasible": "cells are infeasible", "skipped": "skipped, as M > T"}
    for outcome, words in holes_said.items():
        holes = (table["outcome"] == outcome).sum()
        assert (f"{holes} of {len(table)} {words}" in said) == (holes > 0)
    expect(page.get_by_text(f"{len(table)} of {len(table)} cells", exact=True)).to_be_visible()


def test_axes_and_scenario_are_the_readers(page):
    page.goto(PAGES["mt"])
    wait_for_end(page)
    set_axis(page, "Prefill chunk M", 256, 1280, 512)
    set_axis(page, "Sequence length T", 1000, 3000, 1000)
    page.get_by_label("Batch size").fill("3")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_text("9 of 9 cells", exact=True)).to_be_visible()
    wait_for_end(page)
    axes = {"chunk_tokens": (256, 768, 1280), "prompt_tokens": (1000, 2000, 3000)}
    assert_drawn(page, expected("mt", axes, batch_size=3), "mt", batch_size=3)


def test_a_surface_is_seen_in_both_schemes(page):
    page.goto(PAGES["ppt"])
    wait_for_end(page)
    table = expected("ppt", SWEEPS["ppt"].axes)
    light = traces(page, len(table))[1]["marker"]["color"]
    assert surface_pixels(page) > 3_000
    page.get_by_role("button", name="Switch between light and dark").click()
    colour = f"{PLOTS}[0].data[1].marker.color"
    until(page, f"(light) => {colour} !== light", light)
    assert_drawn(page, table, "ppt", theme="dark")
    assert surface_pixels(page) > 3_000


# What a run asks, and when it stops asking. The test itself answers, one slice at a time.


class Held:
    """Requests for slices wait here until the test answers them.

    Attributes
    ----------
    routes : every request so far, in order
    """

    def __init__(self, page):
        self.page = page
        self.routes = []
        page.route("**/slice", lambda route: self.routes.append(route))

    @contextmanager
    def during(self):
        """A context that ends when one more slice is asked for."""
        count, deadline = len(self.routes) + 1, time.monotonic() + PATIENCE_S
        yield
        while len(self.routes) < count:
            assert time.monotonic() < deadline, f"no slice was asked for after {self.asked()}"
            self.page.evaluate("new Promise(requestAnimationFrame)")

    def asked(self):
        """Which cell each request so far would begin with."""
        return [route.request.post_data_json["first"] for route in self.routes]

    def answer(self, number, total=100):
        """Answer with one cell more."""
        first = self.asked()[number]
        m, t = 64 * (1 + first // 10), 1024 * (1 + first % 10)
        times = {"ttds_s": m * t / 1e6, "tpot_s": 0.1, "ttft_s": 0.1 + m * t / 1e6}
        self.routes[number].fulfill(
            json={
                "rows": [
                    {
                        "chunk_tokens": m,
                        "prompt_tokens": t,
                        **times,
                        "outcome": "done",
                        "reason": "",
                    }
                ],
                "links": [f"v=3&t={t}&m={m}"],
                "query": "",
                "why": {"pools": [None], "lack": None},
                "next": first + 1,
                "total": total,
                "axes": {
                    "chunk_tokens": [64 * n for n in range(1, 11)],
                    "prompt_tokens": [1024 * n for n in range(1, 11)],
                },
                "subtitle": ["Made up"],
            }
        )

    def settle(self):
        """Let the browser do all that the answers so far make it do."""
        for _ in range(3):
            self.page.evaluate(
                "new Promise((done) => setTimeout(() => requestAnimationFrame(done)))"
            )


@pytest.fixture
def held(page):
    yield Held(page)
    page.unroute_all(behavior="ignoreErrors")


def test_a_run_asks_for_the_next_slice_only_when_it_has_the_last(page, held):
    with held.during():
        page.goto(PAGES["mt"])
    for number in range(3):
        held.settle()
        assert held.asked() == list(range(number + 1))
        with held.during():
            held.answer(number)
    expect(page.get_by_text("3 of 100 cells", exact=True)).to_be_visible()
    assert page.get_by_role("progressbar", name="Cells computed").get_attribute("value") == "3"


def test_cancel_stops_asking_and_keeps_what_there_is(page, held):
    with held.during():
        page.goto(PAGES["mt"])
    with held.during():
        held.answer(0)
    page.get_by_role("button", name="Cancel").click()
    expect(status_of(page)).to_contain_text("Cancelled after 1 of 100 cells.")
    held.answer(1)
    held.settle()
    assert held.asked() == [0, 1]
    assert traces(page, 1)[1]["x"] == [64]
    expect(page.get_by_role("button", name="Cancel")).to_be_disabled()
    expect(page.get_by_role("button", name="Download HTML")).to_be_enabled()


def test_a_new_run_supersedes_the_old_one(page, held):
    with held.during():
        page.goto(PAGES["mt"])
    with held.during():
        held.answer(0)
    with held.during():
        page.get_by_role("button", name="Run").click()
    assert held.asked() == [0, 1, 0]
    held.answer(1)
    held.settle()
    assert held.asked() == [0, 1, 0]
    with held.during():
        held.answer(2)
    assert held.asked() == [0, 1, 0, 1]


def test_a_page_that_is_left_stops_asking(page, held):
    with held.during():
        page.goto(PAGES["mt"])
    page.get_by_role("link", name="Gantt6D").click()
    expect(page.locator("#mt-page")).to_have_count(0)
    held.answer(0)
    held.settle()
    assert held.asked() == [0]


def test_before_there_is_a_surface_none_is_drawn(page, held):
    """And Plotly complains of nothing: neither of an empty figure nor of a single point."""
    with held.during():
        page.goto(PAGES["mt"])
    with held.during():
        held.answer(0)
    expect(page.get_by_text("1 of 100 cells", exact=True)).to_be_visible()
    assert traces(page, 1)[0]["visible"] is False
    assert surface_pixels(page) < 1_000


def test_a_slice_that_gets_no_answer_is_asked_for_again(page, complaints):
    """As when the server restarts: the page says so, and then goes on where it was."""
    seen = []

    def answer(route):
        seen.append(route.request.post_data_json["first"])
        if len(seen) in (2, 3):
            route.abort()
        elif len(seen) == 4:
            route.fulfill(status=502, body="bad gateway", content_type="text/plain")
        else:
            route.continue_()

    page.route("**/slice", answer)
    page.goto(PAGES["mt"])
    expect(status_of(page)).to_contain_text("The server does not answer.")
    wait_for_end(page)
    expect(page.get_by_text("128 of 128 cells", exact=True)).to_be_visible()
    assert seen[1] == seen[2] == seen[3] == seen[4] > 0
    assert_drawn(page, expected("mt", SWEEPS["mt"].axes), "mt")
    assert all("net::ERR_FAILED" in line or "502" in line for line in complaints)
    complaints.clear()


def test_a_restarted_server_completes_the_sweep(page, tmp_path, repository, complaints):
    own = Served(repository, tmp_path / "log.txt", workers=1)
    own.start()
    try:
        held = []
        page.route("**/slice", lambda route: route.continue_() if held else held.append(route))
        page.goto(f"http://127.0.0.1:{own.port}{PAGES['mt']}")
        expect(status_of(page)).to_have_text("Computing…")
        own.kill()
        held[0].continue_()
        expect(status_of(page)).to_contain_text("The server does not answer.")
        own.start()
        wait_for_end(page)
        expect(page.get_by_text("128 of 128 cells", exact=True)).to_be_visible()
    finally:
        own.kill()
    away = rf"Failed to load resource|request to a foreign host: http://127\.0\.0\.1:{own.port}/"
    assert all(re.search(away, line) for line in complaints)
    complaints.clear()


def test_what_the_server_refuses_for_good_is_not_asked_again(page, complaints):
    asked = []

    def refuse(route):
        asked.append(route)
        route.fulfill(status=403, body="no", content_type="text/plain")

    page.route("**/slice", refuse)
    page.goto(PAGES["mt"])
    expect(
        page.get_by_role("alert").filter(has_text="does not answer (status 403)")
    ).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_be_disabled()
    assert len(asked) == 1
    assert all("403" in line for line in complaints)
    complaints.clear()


# What the reader asks for that cannot be


REFUSED = (
    # end and step of T, and what is said of them
    (10**12, 1024, "out of range"),
    (1_000_000, 1024, "more than 2\u202f000; take larger steps"),
    (512, 1024, "from 512 to 1\u202f024"),
    (8192, 0, "The step of Sequence length T is not a whole number from 1"),
)


def test_a_refusal_stands_beside_its_axis_and_the_picture_stays(page):
    page.goto(PAGES["mt"])
    said = wait_for_end(page)
    before = traces(page, 128)[1]["z"]
    alert = page.get_by_role("alert").filter(has_text=re.compile("."))
    for end, step, words in REFUSED:
        set_axis(page, "Sequence length T", 1024, end, step)
        page.get_by_role("button", name="Run").click()
        expect(alert).to_have_count(1)
        expect(alert).to_contain_text(words)
        expect(status_of(page)).to_have_text(said)
        assert traces(page, 128)[1]["z"] == before
        expect(page.get_by_text("128 of 128 cells", exact=True)).to_be_visible()
        progress = page.get_by_role("progressbar", name="Cells computed")
        assert progress.evaluate("(bar) => bar.value / bar.max") == 1
    wrong = page.get_by_role("group", name="Sequence length T").get_by_label("Step", exact=True)
    expect(wrong).to_be_focused()
    expect(wrong).to_have_attribute("aria-invalid", "true")
    set_axis(page, "Sequence length T", 1024, 2048, 1024)
    # Enter in any box is Run.
    wrong.press("Enter")
    expect(alert).to_have_count(0)
    expect(page.locator("[aria-invalid=true]")).to_have_count(0)
    expect(page.get_by_text("32 of 32 cells", exact=True)).to_be_visible()


def test_what_is_shown_of_other_controls_is_said_to_be(page):
    page.goto(PAGES["mt"])
    wait_for_end(page)
    root, stale = page.locator("#mt-page"), page.locator("#mt-stale")
    plain = re.compile(r"^(?!.*stale)")
    expect(stale).to_have_text("")
    page.get_by_label("Batch size").fill("4")
    expect(stale).to_contain_text("Shown is N 1: press Run")
    expect(root).to_have_class(re.compile("stale"))
    set_axis(page, "Prefill chunk M", 256, 1280, 512)
    expect(stale).to_contain_text("Shown is M 64 to 2 048 by 128, N 1: press Run")
    # As a number it is the same.
    page.get_by_label("Batch size").fill("1e0")
    expect(stale).to_contain_text("by 128: press Run")
    page.get_by_role("button", name="Run").click()
    expect(stale).to_have_text("")
    expect(root).to_have_class(plain)
    # A refusal leaves the picture of before, and says so.
    page.get_by_label("Batch size").fill("0")
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#mt-batch_size-message")).to_contain_text("out of range")
    expect(stale).to_contain_text("Shown is N 1: press Run")
    page.get_by_label("Batch size").fill("1")
    expect(stale).to_have_text("")


def test_a_new_run_that_is_cancelled_leaves_what_is_said_of_the_old_one(page, held):
    with held.during():
        page.goto(PAGES["mt"])
    with held.during():
        held.answer(0, total=2)
    held.answer(1, total=2)
    said = wait_for_end(page)
    page.get_by_label("Batch size").fill("4")
    with held.during():
        page.get_by_role("button", name="Run").click()
    expect(status_of(page)).to_have_text("Computing…")
    page.get_by_role("button", name="Cancel").click()
    expect(status_of(page)).to_have_text(said)
    expect(page.get_by_text("2 of 2 cells", exact=True)).to_be_visible()
    expect(page.locator("#mt-stale")).to_contain_text("Shown is N 1")


def test_an_axis_says_where_its_values_end(page):
    page.goto(PAGES["mt"])
    chunks = page.get_by_role("group", name=re.compile("Prefill chunk M"))
    expect(chunks).to_contain_text("16 values; the last is 1 984")
    expect(page.get_by_role("group", name=re.compile("Sequence length T"))).to_contain_text(
        re.compile("8 values$")
    )
    for axis, words in [
        ((64, 64, 128), "1 value"),
        ((64, 256, 64), "4 values"),
        ((64, 250, 64), "3 values; the last is 192"),
    ]:
        set_axis(page, "Prefill chunk M", *axis)
        expect(chunks).to_contain_text(re.compile(f"{words}$"))
    set_axis(page, "Prefill chunk M", 64, 32, 64)
    expect(chunks).not_to_contain_text("value")


# Files


def download(page, button):
    with page.expect_download() as caught:
        page.get_by_role("button", name=button).click()
    return caught.value


@pytest.mark.parametrize(
    ("name", "filename"), [("mt", "M_T_TTDS_sweep_3d.html"), ("ppt", "PP_T_TTDS_sweep_3d.html")]
)
def test_the_page_saved_opens_offline(page, new_context, tmp_path, name, filename):
    page.goto(PAGES[name])
    wait_for_end(page)
    saved = download(page, "Download HTML")
    assert saved.suggested_filename == filename
    path = tmp_path / filename
    saved.save_as(path)
    cells = len(expected(name, SWEEPS[name].axes))
    drawn = traces(page, cells)

    context = new_context(offline=True)
    alone, requests = context.new_page(), []
    context.on("request", lambda request: requests.append(request.url))
    alone.goto(path.as_uri())
    expect(alone.locator(".js-plotly-plot .gl-container canvas").last).to_be_attached()
    assert surface_pixels(alone) > 3_000
    until(alone, "() => document.querySelectorAll('main .main-svg').length >= 2")
    again = alone.evaluate("document.querySelector('main > div').data")
    for shown, original in zip(again, drawn, strict=True):
        assert [shown[axis] for axis in "xyz"] == [original[axis] for axis in "xyz"]
    assert [trace.get("text") for trace in again] == [trace.get("text") for trace in drawn]
    expect(alone.get_by_text("LLaMA-3.1-70B")).to_have_count(2)
    expect(alone.locator("main .heatmaplayer image")).to_be_attached()
    assert requests == [path.as_uri()]
    # Side by side or not, no scene is so much taller than wide that what is at its sides is cut.
    for width, columns in ((1200, 2), (900, 1)):
        alone.set_viewport_size({"width": width, "height": 1000})
        box = alone.locator("main > div").first.bounding_box()
        assert box["width"] == width / columns
        assert box["height"] <= 1.11 * box["width"]


def test_the_table_saved_is_the_python_apis(looked_at, tmp_path):
    page = looked_at(PAGES["mt"])
    wait_for_end(page)
    saved = download(page, "Download CSV")
    assert saved.suggested_filename == "M_T_sweep.csv"
    saved.save_as(tmp_path / "table.csv")
    table = expected("mt", SWEEPS["mt"].axes)
    again = (
        pd.read_csv(tmp_path / "table.csv", dtype={"reason": object})
        .fillna({"reason": ""})
        .astype(table.dtypes)
    )
    pd.testing.assert_frame_equal(again, table, check_exact=True)


# Who uses it


@pytest.mark.parametrize("name", PAGES)
def test_everything_that_can_be_operated_has_a_name(looked_at, name):
    page = looked_at(PAGES[name])
    wait_for_end(page)
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("main input, main button, main progress")]
          .filter((one) => one.type !== "hidden" && one.checkVisibility()
                           && one.ariaHidden !== "true")
          .filter((one) => !(one.labels?.length || one.textContent.trim()
                             || one.getAttribute("aria-label")))
          .map((one) => one.outerHTML)"""
    )
    assert nameless == []


@pytest.mark.parametrize("name", PAGES)
def test_no_page_is_wider_than_its_window(looked_at, name):
    page = looked_at(PAGES[name])
    wait_for_end(page)
    for width in (2560, 1440, 900, 360):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_columns_out_of_sight_are_told_of(looked_at):
    page = looked_at(PAGES["gpus"])
    wait_for_end(page)
    told = page.get_by_text("Scroll sideways for more columns.")
    expect(told).to_be_hidden()
    page.set_viewport_size({"width": 360, "height": 800})
    expect(told).to_be_visible()
    matrix = page.locator(".sweep-matrix")
    assert matrix.evaluate("(matrix) => matrix.scrollWidth > matrix.clientWidth")


def test_the_pictures_stand_side_by_side_where_there_is_room(looked_at):
    page = looked_at(PAGES["mt"])
    wait_for_end(page)
    tops = {}
    for width in (1440, 900):
        page.set_viewport_size({"width": width, "height": 900})
        boxes = [page.locator(f"#mt-{part}").bounding_box() for part in ("surface", "heat")]
        tops[width] = [box["y"] for box in boxes]
    assert tops[1440][0] == tops[1440][1]
    assert tops[900][0] < tops[900][1]


# Which metric


def test_another_metric_is_shown_without_asking_again(page):
    asked = []
    page.on(
        "request", lambda request: asked.append(request.url) if "slice" in request.url else None
    )
    page.goto(PAGES["mt"])
    wait_for_end(page)
    before, table = len(asked), expected("mt", SWEEPS["mt"].axes)
    page.get_by_text("TTDS", exact=True).first.click()
    for metric in ("tpot", "ttft"):
        page.keyboard.press("ArrowRight")
        symbol = metrics_of(SWEEPS["mt"])[metric].symbol
        expect(page.get_by_role("radio", name=symbol)).to_be_checked()
        expect(status_of(page)).to_contain_text(symbol)
        assert_drawn(page, table, "mt", metric=metric)
        until(page, "(search) => window.location.search === search", f"?metric={metric}")
    assert len(asked) == before
    assert download(page, "Download HTML").suggested_filename == "M_T_TTFT_sweep_3d.html"


def test_the_best_at_the_edge_is_said_to_be_there(looked_at):
    assert "always 8, the largest tried." in wait_for_end(looked_at(PAGES["ppt"]))
    assert "the largest tried" not in wait_for_end(looked_at(PAGES["mt"]))


def test_the_title_carries_the_scenario(page):
    page.goto(f"{PAGES['mt']}?v=3&n=3&prefill=NVIDIA+H200")
    wait_for_end(page)
    expect(page).to_have_title(re.compile("^MTSweep: LLaMA-3.1-70B, .*NVIDIA H200 → .*N 3"))


def test_a_metric_on_which_an_axis_has_no_bearing_marks_nothing(page):
    page.goto(f"{PAGES['mt']}?metric=tpot")
    assert "TPOT does not depend on M." in wait_for_end(page)
    assert page.get_by_role("navigation", name="Best cells").get_by_role("link").count() == 0


# The way to the Gantt page


def test_a_cell_opens_in_the_gantt_page(page):
    page.goto(f"{PAGES['mt']}?v=3&n=2&ms=128:512:128&ts=1024:4096:1024")
    wait_for_end(page)
    click_cell(page, "mt", 1, 2)
    page.wait_for_url("**/?v=3&n=2&t=3072&m=256")
    assert gantt_values(page) == {
        "prompt_tokens": "3072", "chunk_tokens": "256", "pp": "8", "batch_size": "2",
    }  # fmt: skip
    page.go_back()
    wait_for_end(page)
    assert page.url.endswith("?v=3&n=2&ms=128:512:128&ts=1024:4096:1024")


def test_a_cell_without_a_result_opens_too(page):
    page.goto(PAGES["ppt"])
    wait_for_end(page)
    click_cell(page, "ppt", 0, 7)
    page.wait_for_url("**/?v=3&pp=1&m=320")


def test_a_point_of_the_surface_opens_but_turning_the_scene_does_not(page):
    page.goto(PAGES["mt"])
    wait_for_end(page)
    traces(page, 128)
    page.evaluate(
        f"""() => {{ {PLOTS}[0].on("plotly_hover", ({{ points: [point] }}) => {{
          document.body.dataset.pointed = `${{point.x}} ${{point.y}}`; }}); }}"""
    )
    scene = page.locator("#mt-surface").bounding_box()
    x, y = scene["x"] + 0.5 * scene["width"], scene["y"] + 0.55 * scene["height"]
    page.mouse.move(x, y)
    until(page, "() => document.body.dataset.pointed")
    page.mouse.down()
    page.mouse.move(x + 60, y + 20, steps=4)
    page.mouse.up()
    assert page.url.endswith(PAGES["mt"])
    page.evaluate("delete document.body.dataset.pointed")
    page.mouse.move(x, y)
    until(page, "() => document.body.dataset.pointed")
    m, t = page.evaluate("document.body.dataset.pointed").split()
    page.mouse.down()
    page.mouse.up()
    expect(page.locator("#gantt6d-page")).to_be_visible()
    values = gantt_values(page)
    assert (values["chunk_tokens"], values["prompt_tokens"]) == (m, t)


def test_the_best_cells_are_links(page):
    page.goto(PAGES["mt"])
    wait_for_end(page)
    table = expected("mt", SWEEPS["mt"].axes)
    best = table.loc[table.groupby("prompt_tokens")["ttds_s"].idxmin()]
    links = page.get_by_role("navigation", name="Best cells").get_by_role("link")
    assert links.all_inner_texts() == [
        f"T {count(t)}: M {count(m)}"
        for m, t in zip(best["chunk_tokens"], best["prompt_tokens"], strict=True)
    ]
    first = best.iloc[0]
    links.first.focus()
    page.keyboard.press("Enter")
    values = gantt_values(page)
    assert values["prompt_tokens"] == str(first["prompt_tokens"])
    assert values["chunk_tokens"] == str(first["chunk_tokens"])


# The address


def test_a_sweep_is_its_address(page, new_context):
    page.goto(PAGES["mt"])
    wait_for_end(page)
    assert page.url.endswith(PAGES["mt"])
    set_axis(page, "Prefill chunk M", 256, 1280, 512)
    page.get_by_label("Batch size").fill("3")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_text("24 of 24 cells", exact=True)).to_be_visible()
    page.get_by_text("TTFT", exact=True).click()
    address = "/mt-sweep?v=3&n=3&ms=256:1280:512&metric=ttft"
    until(page, "(end) => window.location.href.endsWith(end)", address)

    other = new_context().new_page()
    other.goto(page.url)
    wait_for_end(other)
    axes = {"chunk_tokens": (256, 768, 1280), "prompt_tokens": SWEEPS["mt"].axes["prompt_tokens"]}
    table = expected("mt", axes, batch_size=3)
    assert_drawn(other, table, "mt", metric="ttft", batch_size=3)
    assert other.url == page.url
    expect(other.get_by_label("Batch size")).to_have_value("3")


def test_a_broken_address_says_what_it_ignored(page):
    page.goto(f"{PAGES['mt']}?v=3&n=4&ms=64:x:3&colour=red&metric=speed")
    notice = page.locator(".notice")
    for words in ("ms is not from:to:step", "“colour” is no setting", "metric is one of"):
        expect(notice).to_contain_text(words)
    wait_for_end(page)
    expect(page.get_by_label("Batch size")).to_have_value("4")
    assert page.url.endswith(f"{PAGES['mt']}?v=3&n=4")


# Pairs of GPUs


def test_the_matrix_is_the_python_apis(looked_at, tmp_path):
    page = looked_at(PAGES["gpus"])
    said = wait_for_end(page)
    table = expected("gpus", SWEEPS["gpus"].axes)
    assert_drawn(page, table, "gpus", metric="ttft")
    assert f"Best TTFT {duration_text(table['ttft_s'].min())}" in said
    texts = page.locator("#gpus-heat .heatmap-label").all_text_contents()
    assert sorted(texts) == sorted(duration_text(value) for value in table["ttft_s"].dropna())
    saved = download(page, "Download CSV")
    assert saved.suggested_filename == "GPU_pairs_sweep.csv"
    saved.save_as(tmp_path / "table.csv")
    again = (
        pd.read_csv(tmp_path / "table.csv", dtype={"reason": object})
        .fillna({"reason": ""})
        .astype(table.dtypes)
    )
    pd.testing.assert_frame_equal(again, table, check_exact=True)


def test_a_pair_opens_in_the_gantt_page(page):
    page.goto(f"{PAGES['gpus']}?v=3&decodes=NVIDIA+H200,NVIDIA+L40&prefills=NVIDIA+H100,NVIDIA+L40")
    wait_for_end(page)
    expect(page.get_by_text("4 of 4 cells", exact=True)).to_be_visible()
    click_cell(page, "gpus", 1, 0)
    page.wait_for_url("**/?v=3&decode=NVIDIA+L40")


def test_pairs_that_do_not_fit_are_hatched_and_say_why(page):
    page.goto(f"{PAGES['gpus']}?v=3&pp=2")
    said = wait_for_end(page)
    table = expected("gpus", SWEEPS["gpus"].axes, pp=2)
    fits = table[table["ttft_s"].notna()]
    lacking = table[table["ttft_s"].isna()]
    assert 0 < len(lacking) < len(table)
    decode_alone = lacking["prefill_gpu"].isin(fits["prefill_gpu"]).sum()
    prefill_alone = lacking["decode_gpu"].isin(fits["decode_gpu"]).sum()
    assert decode_alone == prefill_alone > len(lacking) - decode_alone - prefill_alone
    assert (
        f"{len(lacking)} of {len(table)} cells are infeasible, {decode_alone} of them as the "
        "decode pool does not fit; even the fullest one would with PP = 4 or TP = 2."
    ) in said
    expect(page.locator("#gpus-nothing")).to_be_hidden()


@pytest.mark.parametrize("name", PAGES)
def test_where_nothing_fits_there_is_why_and_a_button_that_helps(page, name):
    page.goto(f"{PAGES[name]}?v=3&llm=LLaMA-3.1-405B&pp=2{FEW[name]}")
    assert "cells are infeasible: neither pool fits" in wait_for_end(page)
    nothing = page.locator(f"#{name}-nothing")
    expect(nothing).to_contain_text("No cell can be run")
    expect(nothing).to_contain_text("Neither pool fits; even the fullest one would with PP = ")
    surface = page.locator(f"#{name}-surface")
    if surface.count():
        # It covers the scene, whose empty axes would say nothing.
        covered = surface.bounding_box()
        x, y = (covered[a] + covered[b] / 2 for a, b in (("x", "width"), ("y", "height")))
        found = "([x, y]) => document.elementFromPoint(x, y).closest('.sweep-nothing') !== null"
        assert page.evaluate(found, [x, y])
    nothing.get_by_role("button", name="Run with PP = ").click()
    expect(nothing).to_be_hidden()
    assert "Best T" in wait_for_end(page)


def test_a_sweep_of_skipped_cells_alone_says_so(page):
    page.goto(f"{PAGES['mt']}?v=3&ms=512:1024:512&ts=128:256:128")
    assert "4 of 4 skipped" in wait_for_end(page)
    expect(page.locator("#mt-nothing")).to_contain_text("lower M or raise T")


def test_no_gpu_is_a_refusal_beside_its_box(page):
    page.goto(f"{PAGES['gpus']}?v=3{FEW['gpus']}")
    wait_for_end(page)
    page.locator("#gpus-decode_gpu").focus()
    for _ in range(2):
        page.keyboard.press("Backspace")
    # The list of what could be chosen lies over the button.
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Run").click()
    alert = page.locator("#gpus-decode_gpu-message")
    expect(alert).to_have_text("Decode GPU has no values; choose at least one.")
