"""The Gantt page in a real Chromium: what is dragged is shown, and it is what `run` says."""

import json
import math
import re

import pytest
from playwright.sync_api import expect

from app.figures.palette import PALETTES
from app.numbers import count, duration
from simcore import Scenario, run

NAME = "gantt6d"
PICTURE = "**/gantt6d/picture"
# 80,990 events: the largest that the page must stay live with.
LARGE = {"pp": 32, "prompt_tokens": 16384, "chunk_tokens": 32}
CARDS = {"ttds": "ttds_s", "tpot": "tpot_s", "ttft": "ttft_s"}
SHOWN = f"""() => Object.fromEntries({json.dumps([*CARDS, "bubble"])}.map(
    (name) => [name, Number(document.getElementById(`{NAME}-card-${{name}}`).dataset.value)]))"""
# Axis ranges, as Plotly has them, and the number of bars on the canvas.
PLOT = f"""() => {{
  const plot = document.querySelector("#{NAME}-graph .js-plotly-plot");
  return {{ x: plot._fullLayout.xaxis.range, y: plot._fullLayout.yaxis.range,
           bars: Number(document.getElementById("{NAME}-stage").dataset.bars) }};
}}"""
# Resolves once a thumb has stayed where it is for some frames: React moves it after the pointer.
RESTS = """(thumb) => new Promise((done) => {
  let [at, frames] = [null, 0];
  (function look() {
    const now = thumb.getAttribute("aria-valuenow");
    frames = now === at ? frames + 1 : 0;
    at = now;
    if (frames < 5) requestAnimationFrame(look);
    else done();
  })();
})"""
# How many pixels of the canvas have each of these colours, more or less.
INK = f"""(colours) => {{
  const canvas = document.getElementById("{NAME}-bars");
  const {{ data }} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const wanted = colours.map((c) => [1, 3, 5].map((i) => parseInt(c.slice(i, i + 2), 16)));
  const found = colours.map(() => 0);
  for (let i = 0; i < data.length; i += 4)
    wanted.forEach((rgb, n) => {{ found[n] += rgb.every((v, j) => Math.abs(v - data[i + j]) < 3)
                                             && data[i + 3] > 250; }});
  return found;
}}"""


def settled(page, seq=0):
    """Wait for a full picture later than number `seq`, and return its number."""
    page.wait_for_function(
        f"""(seq) => {{ const page = document.getElementById("{NAME}-page");
            return page?.dataset.settled === "true" && Number(page.dataset.seq) > seq; }}""",
        arg=seq,
    )
    return sequence(page)


def sequence(page):
    return int(page.locator(f"#{NAME}-page").get_attribute("data-seq") or 0)


@pytest.fixture
def gantt(page):
    page.set_viewport_size({"width": 1280, "height": 860})
    page.goto("/")
    settled(page)
    return page


def box(page, field):
    return page.locator(f"#{NAME}-{field}")


def thumb(page, field):
    return page.locator(f"#{NAME}-{field}-slider").get_by_role("slider")


def type_in(page, field, text):
    seq = sequence(page)
    box(page, field).fill(str(text))
    return settled(page, seq)


def drag(page, field, shares, between=lambda: None):
    """Press the thumb of `field` and take it along these shares of its slider's width.

    When this returns, the thumb says where it has come to.
    """
    track = page.locator(f"#{NAME}-{field}-slider").bounding_box()
    grip = thumb(page, field).bounding_box()
    page.mouse.move(grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2)
    page.mouse.down()
    for share in shares:
        page.mouse.move(track["x"] + share * track["width"], grip["y"] + grip["height"] / 2)
        between()
    page.mouse.up()
    thumb(page, field).evaluate(RESTS)


def number_in(page, field):
    return int(re.sub(r"\D", "", box(page, field).input_value()))


def assert_shows(page, scenario):
    """The cards show what the Python API says of the scenario."""
    metrics = run(scenario).metrics
    raw = {name: getattr(metrics, metric) for name, metric in CARDS.items()}
    raw["bubble"] = metrics.bubble
    # A change may still be on its way.
    page.wait_for_function(
        f"(raw) => Object.entries(({SHOWN})()).every(([name, value]) => value === raw[name])",
        arg=raw,
    )
    for name, metric in CARDS.items():
        text = "".join(duration(getattr(metrics, metric)))
        expect(page.locator(f"#{NAME}-card-{name} .card-value")).to_have_text(text)


def test_the_page_opens_with_the_default_scenario(gantt):
    assert_shows(gantt, Scenario())
    result = run(Scenario())
    assert gantt.evaluate(PLOT)["bars"] == len(result.trace)
    expect(gantt.locator(f"#{NAME}-drawn")).to_have_text(
        f"{count(1487)} bars for {count(1487)} jobs and transfers ({count(2454)} events)"
    )
    expect(gantt.locator(".nav-link[aria-current=page]")).to_have_text("Gantt6D")


def decode_is_long(page):
    """Open a run of which a sixth is decode, so that there is much of its colour."""
    page.goto("/?v=2&cost=physical")
    settled(page)


def test_bars_are_drawn_in_their_colours_and_the_critical_path_stands_out(gantt):
    decode_is_long(gantt)
    kinds = PALETTES["light"].kinds
    colours = [kinds["prefill"], kinds["decode"]]
    emphasised = gantt.evaluate(INK, colours)
    assert min(emphasised) > 300
    gantt.get_by_label("Critical path").click(force=True)
    gantt.wait_for_function(f"([colours, few]) => ({INK})(colours)[0] > 3 * few",
                            arg=[colours, emphasised[0]])  # fmt: skip
    # All of prefill is in full colour now; decode is on the path in any case.
    assert gantt.evaluate(INK, colours)[1] >= emphasised[1]


@pytest.mark.parametrize(
    "field, share",
    [("pp", 0.4), ("chunk_tokens", 0.25), ("prompt_tokens", 0.9), ("batch_size", 0.2)],
)
def test_a_drag_shows_what_the_python_api_says(gantt, field, share):
    before, seq = number_in(gantt, field), sequence(gantt)
    drag(gantt, field, [share / 3, share / 2, share])
    settled(gantt, seq)
    # The last move may still have been on its way when an earlier one settled: the box follows.
    value = int(float(thumb(gantt, field).get_attribute("aria-valuenow")))
    assert value != before
    expect(box(gantt, field)).to_have_value(f"{value:,}".replace(",", "\u202f"))
    expect(gantt.locator(f"#{NAME}-page")).to_have_attribute("data-settled", "true")
    assert_shows(gantt, Scenario(**{field: value}))


@pytest.mark.parametrize("field", ["prefill_gpu", "decode_gpu"])
def test_a_gpu_slider_steps_through_the_catalog_by_name(gantt, field):
    names = _options(field)
    place = names.index(getattr(Scenario(), field))
    seq = sequence(gantt)
    thumb(gantt, field).press("ArrowRight")
    settled(gantt, seq)
    assert box(gantt, field).input_value() == names[place + 1]
    assert_shows(gantt, Scenario(**{field: names[place + 1]}))


def test_a_gpu_can_be_searched_for(gantt):
    seq = sequence(gantt)
    box(gantt, "decode_gpu").click()
    box(gantt, "decode_gpu").fill("mi300x")
    gantt.get_by_role("option", name="AMD Instinct MI300X").click()
    settled(gantt, seq)
    assert_shows(gantt, Scenario(decode_gpu="AMD Instinct MI300X"))
    place = _options("decode_gpu").index("AMD Instinct MI300X")
    expect(thumb(gantt, "decode_gpu")).to_have_attribute("aria-valuenow", str(place))


def _options(field):
    from simcore.parameters import parameters_of

    return list(parameters_of(Scenario)[field].options())


def test_a_box_takes_what_the_slider_cannot(gantt):
    type_in(gantt, "prompt_tokens", 20000)
    assert_shows(gantt, Scenario(prompt_tokens=20000))
    expect(thumb(gantt, "prompt_tokens")).to_have_attribute("aria-valuenow", "16384")


def test_more_holds_the_other_fields(gantt):
    gantt.get_by_text("More", exact=True).click()
    type_in(gantt, "decode_pp", 4)
    type_in(gantt, "output_tokens", 3)
    assert_shows(gantt, Scenario(decode_pp=4, output_tokens=3))
    seq = sequence(gantt)
    box(gantt, "decode_pp").fill("")
    box(gantt, "decode_pp").press("Enter")
    settled(gantt, seq)
    assert_shows(gantt, Scenario(output_tokens=3))


@pytest.mark.parametrize("query, seconds", [("", 3), ("?pp=32&t=16384&m=32", 2)])
def test_a_continuous_drag_has_one_request_in_flight_and_ends_at_the_last_value(
    page, query, seconds
):
    page.goto(f"/{query}")
    seq = settled(page)
    seen = {"flying": 0, "most": 0, "asked": []}

    def leaves(request):
        if request.url.endswith("/picture"):
            seen["flying"] += 1
            seen["most"] = max(seen["most"], seen["flying"])
            seen["asked"].append(request.post_data_json)

    def arrives(request):
        if request.url.endswith("/picture"):
            seen["flying"] -= 1

    page.on("request", leaves)
    page.on("requestfinished", arrives)
    page.on("requestfailed", arrives)
    steps = [0.4 + 0.3 * math.sin(n / 5) for n in range(seconds * 20)]
    drag(page, "batch_size", steps, between=lambda: page.wait_for_timeout(1000 / 20))
    settled(page, seq)
    # Whatever is still to come is the last value.
    value = int(float(thumb(page, "batch_size").get_attribute("aria-valuenow")))
    scenario = Scenario(**(LARGE if query else {}), batch_size=value)
    page.wait_for_function(
        f"(text) => document.getElementById('{NAME}-card-ttds').dataset.value === text",
        arg=repr(run(scenario).metrics.ttds_s),
    )
    assert seen["most"] == 1
    assert len(seen["asked"]) >= 2
    assert seen["asked"][-1]["coarse"] is False
    assert seen["asked"][-1]["values"]["batch_size"] == value
    assert_shows(page, scenario)


def test_the_picture_follows_the_drag_before_the_mouse_is_released(gantt):
    painted = []

    def painting():
        gantt.wait_for_function(
            f"(seq) => Number(document.getElementById('{NAME}-page').dataset.seq) > seq",
            arg=painted[-1] if painted else sequence(gantt),
        )
        painted.append(sequence(gantt))

    start = sequence(gantt)
    painted.append(start)
    drag(gantt, "pp", [0.3, 0.35, 0.4, 0.45], between=painting)
    assert len(painted) == 5
    assert painted == sorted(set(painted))


def test_what_does_not_fit_keeps_the_last_picture_greyed_and_says_why(gantt):
    expect(gantt.locator(f"#{NAME}-steps")).to_have_attribute("data-complete", "true")
    good = gantt.evaluate(SHOWN)
    bars = gantt.evaluate(PLOT)["bars"]
    page_ = gantt.locator(f"#{NAME}-page")
    type_in_without_waiting(gantt, "pp", 1)
    expect(page_).to_have_class(re.compile(r"\bstale\b"))
    message = gantt.locator(f"#{NAME}-pp-message")
    expect(message).to_be_visible()
    expect(message).to_contain_text("does not fit")
    assert gantt.evaluate(SHOWN) == good
    assert gantt.evaluate(PLOT)["bars"] == bars
    assert "grayscale" in gantt.locator(".stage").evaluate("(e) => getComputedStyle(e).filter")
    expect(gantt.locator(".meter.over[data-pool=prefill] .meter-text")).to_contain_text("134 of")
    # What is said of another setting cannot be taken.
    expect(gantt.locator(f"#{NAME}-remedy")).to_be_disabled()
    gantt.locator(f"#{NAME}-steps [data-step='chunk_tokens:up'] button").click()
    expect(box(gantt, "chunk_tokens")).to_have_value("128")
    # A remedy is one click away.
    message.get_by_role("button", name="PP = 2").click()
    expect(page_).not_to_have_class(re.compile(r"\bstale\b"))
    expect(message).to_be_hidden()
    number, _ = duration(run(Scenario(pp=2)).metrics.ttds_s)
    expect(gantt.locator(f"#{NAME}-card-ttds .card-number")).to_have_text(number)
    assert_shows(gantt, Scenario(pp=2))


def type_in_without_waiting(page, field, text):
    box(page, field).fill(str(text))


def test_what_does_not_fit_is_said_at_the_control_that_was_changed(gantt):
    type_in_without_waiting(gantt, "batch_size", 200)
    message = gantt.locator(f"#{NAME}-batch_size-message")
    expect(message).to_contain_text("does not fit")
    expect(message.get_by_role("button", name="N = ")).to_be_visible()
    expect(gantt.locator(f"#{NAME}-pp-message")).to_be_hidden()


def test_what_is_out_of_range_is_said_at_the_field(gantt):
    type_in_without_waiting(gantt, "prompt_tokens", 10**12)
    message = gantt.locator(f"#{NAME}-prompt_tokens-message")
    expect(message).to_contain_text("out of range")
    type_in_without_waiting(gantt, "prompt_tokens", 4096)
    expect(message).to_be_hidden()


def zoom_by_mouse(page):
    """Drag a box over a part of the plot, and return the axis's range then."""
    plot = page.locator(f"#{NAME}-graph .nsewdrag").bounding_box()
    y = plot["y"] + plot["height"] / 2
    seq = sequence(page)
    page.mouse.move(plot["x"] + 0.2 * plot["width"], y)
    page.mouse.down()
    page.mouse.move(plot["x"] + 0.4 * plot["width"], y + 3, steps=4)
    page.mouse.up()
    settled(page, seq)
    return page.evaluate(PLOT)["x"]


def test_a_zoom_survives_a_recompute_and_can_be_reset(gantt):
    low, high = zoom_by_mouse(gantt)
    # A fifth of the run from its first fifth on.
    end_ms = 1e3 * run(Scenario()).metrics.ttft_s
    assert [low / end_ms, high / end_ms] == pytest.approx([0.2, 0.4], abs=0.02)
    seq = sequence(gantt)
    drag(gantt, "pp", [0.3, 0.5])
    settled(gantt, seq)
    assert gantt.evaluate(PLOT)["x"] == pytest.approx([low, high])
    seq = sequence(gantt)
    gantt.get_by_role("button", name="Reset view").click()
    settled(gantt, seq)
    end_ms = 1e3 * run(Scenario(pp=number_in(gantt, "pp"))).metrics.ttft_s
    assert gantt.evaluate(PLOT)["x"] == pytest.approx([0, end_ms], rel=0.01)


def test_the_range_selector_follows_a_zoom_and_makes_one(gantt):
    low, high = zoom_by_mouse(gantt)
    start = gantt.get_by_role("slider", name="Start of the time range")
    end = gantt.get_by_role("slider", name="End of the time range")
    span_ms = 1e3 * run(Scenario()).metrics.ttft_s * 1.004
    expect(start).to_have_attribute("aria-valuenow", str(round(1000 * low / span_ms)))
    place = round(1000 * high / span_ms)
    expect(end).to_have_attribute("aria-valuenow", str(place))
    seq = sequence(gantt)
    end.press("ArrowRight")
    settled(gantt, seq)
    assert gantt.evaluate(PLOT)["x"][1] == pytest.approx((place + 1) / 1000 * span_ms)
    expect(gantt.locator(f"#{NAME}-seen")).to_contain_text(" to ")


def test_keys_pan_zoom_and_reset(gantt):
    stage = gantt.locator(f"#{NAME}-stage")
    seq = sequence(gantt)
    stage.press("w")
    seq = settled(gantt, seq)
    low, high = gantt.evaluate(PLOT)["x"]
    assert low > 0
    stage.press("d")
    seq = settled(gantt, seq)
    panned = gantt.evaluate(PLOT)["x"]
    assert panned[0] > low and panned[1] - panned[0] == pytest.approx(high - low)
    stage.press("0")
    settled(gantt, seq)
    assert gantt.evaluate(PLOT)["x"][0] == 0


def test_a_run_of_seconds_is_read_in_seconds_as_its_cards_are(page):
    page.goto("/?v=2&pp=32&t=16384&m=128&n=32")
    settled(page)
    end = run(Scenario(pp=32, prompt_tokens=16384, chunk_tokens=128, batch_size=32)).metrics.ttft_s
    assert 1 < end < 10
    ticks = page.locator(f"#{NAME}-graph .xtick text")
    assert all(re.fullmatch(r"[0-9.]+ s", text) for text in ticks.all_text_contents())
    number, unit = duration(end)
    expect(page.locator(f"#{NAME}-card-ttft .card-value")).to_have_text(f"{number}{unit}")
    expect(page.locator(f"#{NAME}-seen")).to_have_text(f"all of {number} {unit}")


def test_a_locked_time_axis_stays_while_the_run_gets_shorter(gantt):
    before = gantt.evaluate(PLOT)["x"]
    seq = sequence(gantt)
    gantt.get_by_label("Lock time axis").click(force=True)
    settled(gantt, seq)
    type_in(gantt, "prompt_tokens", 2048)
    assert gantt.evaluate(PLOT)["x"] == pytest.approx(before)
    assert_shows(gantt, Scenario(prompt_tokens=2048))


def point_at(page, lane, share):
    """Move the pointer to that share of the run in a lane, from a little beside it."""
    x, y = page.evaluate(
        """([lane, share]) => {
            const { scales, bars } = window.pdscope.gantt6d.chart;
            const stage = document.getElementById("gantt6d-stage").getBoundingClientRect();
            const time = share * window.pdscope.gantt6d.shown.end_s;
            return [stage.x + scales().x(time), stage.y + scales().y(bars().middle[lane])]; }""",
        [lane, share],
    )
    page.mouse.move(x - 3, y)
    page.mouse.move(x, y)


def test_the_pointer_reads_facts(gantt):
    tip = gantt.locator(f"#{NAME}-tip")
    trace = run(Scenario()).trace
    passes = trace[(trace["kind"] == "prefill") & (trace["stage"] == 0)]
    one = passes.iloc[20]
    end = trace["end_s"].max() * 1.004
    point_at(gantt, 0, (one["start_s"] + one["end_s"]) / 2 / end)
    expect(tip).to_have_class(re.compile("shown"))
    expect(tip).to_contain_text("Prefill, stage P0")
    start, lasted = duration(one["start_s"]), duration(one["end_s"] - one["start_s"])
    expect(tip).to_contain_text(f"at {' '.join(start)} for {' '.join(lasted)}")
    expect(tip).to_contain_text("chunk 20")
    expect(tip).to_contain_text("on the critical path")
    gantt.mouse.move(10, 10)
    expect(tip).not_to_have_class(re.compile("shown"))


def test_sliders_are_named_and_obey_keys(gantt):
    for name in ("Prefill GPU", "Decode GPU", "Pipeline stages (PP)", "Batch size (N)",
                 "Sequence length (T)", "Prefill chunk (M)"):  # fmt: skip
        expect(gantt.get_by_role("slider", name=name, exact=True)).to_be_visible()
    seq = sequence(gantt)
    gantt.get_by_role("slider", name="Pipeline stages (PP)").press("ArrowLeft")
    settled(gantt, seq)
    assert_shows(gantt, Scenario(pp=7))


def test_dark_is_a_click_away_and_stays(gantt):
    decode_is_long(gantt)
    html = gantt.locator("html")
    expect(html).to_have_attribute("data-mantine-color-scheme", "light")
    decode = [PALETTES[scheme].kinds["decode"] for scheme in ("light", "dark")]
    light, _ = gantt.evaluate(INK, decode)
    assert light > 300
    seq = sequence(gantt)
    gantt.get_by_role("button", name="Switch between light and dark").click()
    settled(gantt, seq)
    assert gantt.evaluate(INK, decode)[1] > 300
    gantt.reload()
    settled(gantt)
    expect(html).to_have_attribute("data-mantine-color-scheme", "dark")
    assert gantt.evaluate(INK, decode)[1] > 300


def test_an_address_opens_its_scenario(page):
    page.goto("/?pp=16&prompt_tokens=4096&output_tokens=2")
    settled(page)
    assert_shows(page, Scenario(pp=16, prompt_tokens=4096, output_tokens=2))


def test_an_address_that_says_nonsense_opens_the_rest_and_says_so(page):
    page.goto("/?pp=0")
    settled(page)
    expect(page.get_by_text("Ignored in this link")).to_be_visible()
    assert_shows(page, Scenario())


def test_a_silent_server_is_said_and_asked_again(gantt, complaints):
    gantt.route(PICTURE, lambda route: route.abort())
    type_in_without_waiting(gantt, "pp", 4)
    expect(gantt.locator(f"#{NAME}-said")).to_contain_text("The server is away")
    gantt.unroute(PICTURE)
    type_in(gantt, "pp", 5)
    assert_shows(gantt, Scenario(pp=5))
    assert all("Failed to load resource" in line for line in complaints) and complaints
    complaints.clear()


@pytest.mark.parametrize("width", [900, 1440])
def test_nothing_moves_while_one_drags(gantt, width):
    gantt.set_viewport_size({"width": width, "height": 860})
    parts = [".cards", ".panel", ".stage", ".meters", "#gantt6d-pp-slider"]
    places = (
        f"() => {json.dumps(parts)}"
        + """.map((part) => {
        const { x, y, width, height } = document.querySelector(part).getBoundingClientRect();
        return [x, y, width, height]; })"""
    )
    before = gantt.evaluate(places)
    seen = []
    drag(gantt, "pp", [0.9, 0.6, 0.0, 0.3], between=lambda: seen.append(gantt.evaluate(places)))
    assert seen and all(place == before for place in seen)


@pytest.mark.parametrize("width", [360, 900, 1440])
def test_the_page_fits_its_window(looked_at, width):
    page = looked_at("/")
    settled(page)
    page.set_viewport_size({"width": width, "height": 860})
    page.wait_for_function("(width) => document.documentElement.scrollWidth <= width", arg=width)
    plot = page.locator(f"#{NAME}-graph .main-svg").first
    page.wait_for_function(
        "([plot, width]) => plot.getBoundingClientRect().right <= width",
        arg=[plot.element_handle(), width],
    )


def test_pages_lead_to_each_other_and_back(gantt):
    gantt.get_by_role("link", name="MTSweep").click()
    expect(gantt.locator(".nav-link[aria-current=page]")).to_have_text("MTSweep")
    gantt.get_by_role("link", name="Gantt6D").click()
    settled(gantt)
    assert_shows(gantt, Scenario())
