"""The pages of sweeps in a real Chromium: what they compute, when they stop, what they save."""

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pandas as pd
import pytest
from playwright.sync_api import expect

from app.sweep_html import figures_of
from app.sweep_slices import describe
from simcore import SWEEPS, sweep

PATIENCE_S = 30
PAGES = {"mt": "/mt-sweep", "ppt": "/ppt-sweep"}


def wait_for_end(page):
    """Wait for the sentence that ends a sweep, and return it."""
    status = page.get_by_role("status")
    expect(status).to_contain_text(re.compile(r"infeasible|Every cell fits"))
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
    """The picture's three traces as Plotly has them, once `cells` cells are in it."""
    data = "document.querySelector('.js-plotly-plot')?.data"
    until(page, f"(cells) => {data}?.[1].x.length + {data}?.[2].x.length === cells", cells)
    return page.evaluate(data)


def expected(name, axes, **changes):
    plan = SWEEPS[name]
    with ThreadPoolExecutor(1) as executor:
        return sweep(plan.base.replace(**changes), axes, executor=executor)


def assert_drawn(page, table, name, theme="light", **changes):
    """The browser has drawn what app.figures makes of the table."""
    plan = SWEEPS[name]
    subtitle = describe(plan.base.replace(**changes), (plan.x, plan.y))
    figure = figures_of(table, plan, subtitle=subtitle)[theme]
    assert traces(page, len(table)) == json.loads(json.dumps(figure["data"]))
    shown = page.evaluate("document.querySelector('.js-plotly-plot').layout.title")
    assert shown == figure["layout"]["title"]


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


@pytest.mark.parametrize("name", PAGES)
def test_the_default_sweep_runs_by_itself_and_is_the_python_apis(page, name):
    page.goto(PAGES[name])
    said = wait_for_end(page)
    plan = SWEEPS[name]
    table = expected(name, plan.axes)
    assert_drawn(page, table, name)
    best = table.loc[table["ttds_s"].idxmin()]
    assert f"Best TTDS {best['ttds_s'] * 1e3:.4g} ms" in said
    assert f"{table['ttds_s'].isna().sum()} of {len(table)} cells are infeasible" in said
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
    assert surface_pixels(page) > 10_000
    page.get_by_role("button", name="Switch between light and dark").click()
    colour = "document.querySelector('.js-plotly-plot').data[1].marker.color"
    until(page, f"(light) => {colour} !== light", light)
    assert_drawn(page, table, "ppt", theme="dark")
    assert surface_pixels(page) > 10_000


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
                "rows": [{"chunk_tokens": m, "prompt_tokens": t, **times, "reason": ""}],
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
    expect(page.get_by_role("status")).to_contain_text("Cancelled after 1 of 100 cells.")
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
    expect(page.locator("#mt-graph")).to_have_count(0)
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


def test_a_server_that_does_not_answer_is_said_to(page, complaints):
    page.route("**/slice", lambda route: route.abort())
    page.goto(PAGES["mt"])
    expect(page.get_by_role("alert").filter(has_text="does not answer")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_be_disabled()
    assert all("net::ERR_FAILED" in line for line in complaints)
    complaints.clear()


# What the reader asks for that cannot be


REFUSED = (
    # end and step of T, and what is said of them
    (10**12, 1024, "out of range"),
    (1_000_000, 1024, "more than 2,000; take larger steps"),
    (512, 1024, "from 512 to 1,024"),
    (8192, 0, "not a whole number from 1"),
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
        expect(page.get_by_role("status")).to_have_text(said)
        assert traces(page, 128)[1]["z"] == before
    set_axis(page, "Sequence length T", 1024, 2048, 1024)
    page.get_by_role("button", name="Run").click()
    expect(alert).to_have_count(0)
    expect(page.get_by_text("32 of 32 cells", exact=True)).to_be_visible()


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
    assert surface_pixels(alone) > 10_000
    again = traces(alone, cells)
    for shown, original in zip(again, drawn, strict=True):
        assert [shown[axis] for axis in "xyz"] == [original[axis] for axis in "xyz"]
    assert again[2]["text"] == drawn[2]["text"]
    expect(alone.get_by_text("LLaMA-3.1-70B")).to_be_visible()
    assert requests == [path.as_uri()]


def test_the_table_saved_is_the_python_apis(page, tmp_path):
    page.goto(PAGES["mt"])
    wait_for_end(page)
    saved = download(page, "Download CSV")
    assert saved.suggested_filename == "M_T_TTDS_sweep_3d.csv"
    saved.save_as(tmp_path / "table.csv")
    table = expected("mt", SWEEPS["mt"].axes)
    again = pd.read_csv(tmp_path / "table.csv").fillna({"reason": ""}).astype(table.dtypes)
    pd.testing.assert_frame_equal(again, table, check_exact=True)


# Who uses it


@pytest.mark.parametrize("name", PAGES)
def test_everything_that_can_be_operated_has_a_name(page, name):
    page.goto(PAGES[name])
    wait_for_end(page)
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("main input, main button, main progress")]
          .filter((one) => one.type !== "hidden" && one.checkVisibility())
          .filter((one) => !(one.labels?.length || one.textContent.trim()
                             || one.getAttribute("aria-label")))
          .map((one) => one.outerHTML)"""
    )
    assert nameless == []


def test_no_page_is_wider_than_its_window(page):
    page.goto(PAGES["ppt"])
    wait_for_end(page)
    for width in (1440, 900, 400):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
