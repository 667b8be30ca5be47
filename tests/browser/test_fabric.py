"""The page Fabric in a real browser: wires coloured, a run played, a wire chosen and told of."""

import re
from itertools import pairwise

import pytest
from playwright.sync_api import expect

WIDTHS = (360, 900, 1440, 2560)
NIC = "prefill NIC 0 cable"


def settled(page):
    expect(page.locator("#fabric-page:not(.waiting)")).to_be_visible()
    expect(page.locator("#fabric-contended")).to_have_attribute("data-complete", "yes")
    expect(page.locator("#fabric-stage")).to_have_attribute("data-moment", re.compile(r"\d+"))


@pytest.fixture
def fabric(page):
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto("/fabric")
    settled(page)
    return page


def moment(page):
    return int(page.locator("#fabric-stage").get_attribute("data-moment"))


COLOURS_ACROSS = """wire => {
  const { drawing, byId } = window.pdscope.fabric;
  const canvas = byId("canvas");
  const ratio = canvas.width / canvas.clientWidth;
  const [x, y] = drawing.middleOf(wire).map((at) => Math.round(at * ratio));
  const { data } = canvas.getContext("2d").getImageData(x - 8, y, 17, 1);
  const hex = (n) => n.toString(16).padStart(2, "0");
  return Array.from({ length: 17 }, (_, i) =>
    [0, 1, 2].map((part) => hex(data[4 * i + part])).join(""));
}"""


def colours_across(page, wire):
    """Colours of the canvas on a line across the middle of a wire, as 6 hexadecimal digits."""
    return page.evaluate(COLOURS_ACROSS, wire)


def level_now(page, wire):
    """How busy the first direction of a wire is, 0 to 255, and the colour of that."""
    return page.evaluate(
        """wire => {
          const { wires, moment } = window.pdscope.fabric;
          const { channels } = wires.all[wires.numberOf.get(wire)];
          const level = wires.level(channels[0], moment);
          const parts = wires.colour(level).match(/\\d+/g).map(Number);
          return [level, parts.map((n) => n.toString(16).padStart(2, "0")).join("")];
        }""",
        wire,
    )


def test_wires_have_the_colour_of_how_busy_they_are(fabric):
    """At first the time is shown at which the costliest wire is busiest."""
    expect(fabric).to_have_title(re.compile(r"^Fabric: LLaMA-3.1-70B"))
    level, colour = level_now(fabric, NIC)
    assert level > 100
    assert colour in colours_across(fabric, NIC)
    fabric.locator("#fabric-slider").press("End")
    expect(fabric.locator("#fabric-stage")).to_have_attribute("data-moment", re.compile(r"4\d\d"))
    assert level_now(fabric, NIC)[0] == 0
    assert colour not in colours_across(fabric, NIC)


def test_the_slider_tells_the_time_and_keys_move_it(fabric):
    slider = fabric.get_by_role("slider", name="Time of the run")
    slider.press("Home")
    expect(fabric.locator("#fabric-stage")).to_have_attribute("data-moment", "0")
    slider.press("ArrowRight")
    expect(fabric.locator("#fabric-stage")).to_have_attribute("data-moment", "1")
    slider.press("PageUp")
    expect(fabric.locator("#fabric-stage")).to_have_attribute("data-moment", "49")
    text = fabric.locator("#fabric-moment").text_content()
    assert re.match(r"[\d.]+ ms of \d+ ms$", text)
    expect(slider).to_have_attribute("aria-valuetext", text)


def test_the_run_plays_to_its_end_and_stops(fabric):
    fabric.locator("#fabric-slider").press("Home")
    fabric.get_by_label("Speed").select_option("4 × speed")
    fabric.keyboard.press("p")  # While a list has the focus, a key is the list's.
    fabric.evaluate("() => document.activeElement.blur()")
    fabric.keyboard.press("p")
    play = fabric.locator("#fabric-play")
    expect(play).to_have_text("Pause")
    expect(play).to_have_text("Play")
    last = int(fabric.locator("#fabric-slider").get_attribute("max"))
    expect(fabric.locator("#fabric-stage")).to_have_attribute("data-moment", str(last))


def test_without_motion_it_plays_step_by_step(page):
    page.emulate_media(reduced_motion="reduce")
    page.goto("/fabric")
    settled(page)
    page.locator("#fabric-slider").press("Home")
    page.evaluate("""() => {
      window.seen = new Set();
      window.pdscope.fabric.on("moment", () => window.seen.add(window.pdscope.fabric.moment));
    }""")
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("() => window.seen.size >= 2")
    page.get_by_role("button", name="Pause").click()
    seen = page.evaluate("() => [...window.seen]")
    assert seen[1] - seen[0] >= 20


def test_a_row_of_the_table_chooses_its_wire(fabric):
    table = fabric.get_by_role("region", name="Most contended channels")
    first, second, *_ = table.get_by_role("button").all()
    expect(first).to_have_attribute("aria-pressed", "true")
    name = second.text_content()
    second.click()
    expect(second).to_have_attribute("aria-pressed", "true")
    expect(first).to_have_attribute("aria-pressed", "false")
    wire = name.removesuffix(" out").removesuffix(" in")
    expect(fabric.get_by_label("Wire", exact=True)).to_have_value(wire)
    expect(fabric.locator("#fabric-directions")).to_have_attribute("data-wire", wire)
    expect(fabric.locator("#fabric-strip-title")).to_contain_text(wire)


def test_who_is_on_the_wire_now_follows_the_time(fabric):
    directions = fabric.locator("#fabric-directions")
    now = directions.locator(".fabric-now tbody tr")
    expect(now.first).to_contain_text(re.compile(r"KV handoff P\d → D\d\s*chunk \d+"))
    expect(directions.locator(".fabric-all tbody tr")).to_have_count(8)
    fabric.locator("#fabric-slider").press("Home")
    expect(directions).to_contain_text("Nothing moves now.")
    expect(now).to_have_count(0)


def test_a_wire_is_chosen_by_a_click_and_by_keys(fabric):
    at = fabric.evaluate("() => window.pdscope.fabric.drawing.middleOf('decode GPU 3 lane')")
    stage = fabric.locator("#fabric-stage")
    stage.click(position={"x": at[0], "y": at[1]})
    chosen = fabric.get_by_label("Wire", exact=True)
    expect(chosen).to_have_value("decode GPU 3 lane")
    expect(fabric.locator("#fabric-tip")).to_contain_text("decode GPU 3 lane")
    stage.press("ArrowRight")
    expect(chosen).to_have_value("decode GPU 4 lane")
    expect(fabric.locator("#fabric-walked")).to_contain_text("decode GPU 4 lane, ")
    stage.press("ArrowDown")
    expect(chosen).to_have_value(NIC)


def test_zoom_and_fit(fabric):
    middle = "() => window.pdscope.fabric.drawing.middleOf('prefill GPU 0 lane')"
    before = fabric.evaluate(middle)
    fabric.get_by_role("button", name="Zoom in").click()
    fabric.wait_for_function(f"before => ({middle})()[0] < before[0] - 20", arg=before)
    fabric.get_by_role("button", name="Show all of the fabric").click()
    fabric.wait_for_function(f"before => Math.abs(({middle})()[0] - before[0]) < 0.01", arg=before)


def test_what_cannot_be_run_is_told_at_its_control_and_the_last_run_stays(fabric):
    said = fabric.locator("#fabric-said")
    first = fabric.locator("#fabric-card-ttft .card-number").text_content()
    fabric.locator("#fabric-pp").fill("1")
    message = fabric.locator("#fabric-pp-message")
    expect(message).to_contain_text("does not fit")
    expect(said).to_have_text("This cannot be run. Shown is the last setting that could.")
    expect(fabric.locator("#fabric-card-ttft .card-number")).to_have_text(first)
    assert fabric.evaluate("() => window.pdscope.fabric.wires.all.length") > 20
    message.get_by_role("button").first.click()
    expect(message).to_be_hidden()
    expect(said).to_contain_text("longer than alone")


def test_an_address_that_cannot_be_run_says_so(page):
    page.goto("/fabric?v=3&pp=1")
    expect(page.locator("#fabric-nothing")).to_contain_text("does not fit")
    expect(page.locator("#fabric-pp-message")).to_contain_text("does not fit")


def test_the_address_is_the_scenario_and_leads_to_the_chart_and_back(fabric):
    fabric.locator("#fabric-prefill_nics").fill("4")
    fabric.wait_for_url("**/fabric?v=3&k=4")
    settled(fabric)
    fabric.get_by_role("link", name="Open in Gantt6D").click()
    fabric.wait_for_url("**/?v=3&k=4")
    expect(fabric.locator("#gantt6d-page")).to_have_attribute("data-settled", "true")
    fabric.locator("#gantt6d-fabric").click()
    fabric.wait_for_url("**/fabric?v=3&k=4")
    settled(fabric)
    expect(fabric.locator("#fabric-prefill_nics")).to_have_value("4")
    assert fabric.evaluate("() => window.pdscope.fabric.wires.numberOf.has('prefill NIC 3 cable')")


def test_what_is_pinned_stays_pinned(page):
    page.goto("/fabric?v=3&pin=m:256&pin=k:2&base=2")
    settled(page)
    page.locator("#fabric-prefill_nics").fill("4")
    page.wait_for_url("**/fabric?v=3&k=4&pin=m:256&pin=k:2&base=2")
    page.get_by_role("link", name="Open in Gantt6D").click()
    expect(page.locator("#gantt6d-page")).to_have_attribute("data-settled", "true")
    page.wait_for_url("**/?v=3&k=4&pin=m:256&pin=k:2&base=2")


def test_of_many_changes_the_last_is_shown(fabric):
    fabric.evaluate(
        """() => {
          for (let n = 1; n <= 12; n += 1)
            window.dash_clientside.set_props("fabric-prefill_nics", { value: String(n) });
        }"""
    )
    fabric.wait_for_function(
        """() => {
          const names = [...window.pdscope.fabric.wires.numberOf.keys()];
          return names.filter((name) => /^prefill NIC \\d+ cable$/.test(name)).length === 12;
        }"""
    )
    fabric.wait_for_url("**/fabric?v=3&k=12")


def test_the_drawing_follows_the_scheme(fabric):
    before = level_now(fabric, NIC)[1]
    fabric.get_by_role("button", name="Switch between light and dark").click()
    expect(fabric.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
    fabric.wait_for_function("() => window.pdscope.fabric.wires.colour(255) === 'rgb(255 238 184)'")
    after = level_now(fabric, NIC)[1]
    assert after != before
    # The canvas is drawn with the next frame.
    fabric.wait_for_function(
        f"([wire, colour]) => ({COLOURS_ACROSS})(wire).includes(colour)", arg=[NIC, after]
    )


def test_the_page_is_as_wide_as_the_window(fabric):
    for width in WIDTHS:
        fabric.set_viewport_size({"width": width, "height": 900})
        # What is wider scrolls in its own box.
        fabric.wait_for_function(
            "width => document.documentElement.scrollWidth <= width && innerWidth === width",
            arg=width,
        )


RAILS = "v=3&topo=hgx-rail&pp=4&tp=8&t=16384&m=512&k=8&decode=NVIDIA+H200"


def test_sixty_four_gpus_on_rails_can_be_read(page):
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"/fabric?{RAILS}")
    settled(page)
    told = page.evaluate(
        """() => {
          const { shown, drawing } = window.pdscope.fabric;
          const gpus = shown.drawing.nodes.filter(([, , kind]) => kind === "gpu");
          return { stages: shown.drawing.boxes.map(([name]) => name.split(" · ")[1]),
                   gpus: gpus.length, apart: drawing.leastRoom("gpu") };
        }"""
    )
    assert told["gpus"] == 64
    assert told["stages"] == ["P0", "P1", "P2", "P3", "D0", "D1", "D2", "D3"]
    # Room for a rank's number in each.
    assert told["apart"] >= 16
    row = page.locator("#fabric-contended tr").first
    expect(row).to_contain_text("and 7 like it")
    expect(page.locator("#fabric-directions")).to_contain_text("×8")
    expect(page.locator("#fabric-collectives-used")).to_contain_text("Collectives as")


def test_what_twice_as_fast_would_change_is_of_a_wire_or_of_its_kind(page):
    """Cables that others nearly fill hold decode up: two are better than one."""
    page.goto("/fabric?v=3&k=2&bg=prefill+NIC+cables:+97+%25&m=512")
    settled(page)
    cells = page.locator("#fabric-contended tr", has_text="prefill NIC").first.locator(
        ".fabric-faster"
    )
    for cell in cells.all():
        expect(cell).to_have_text(re.compile(r"^[\d.\u202f]+ (µs|ms|s)"))
    of_one = cells.first.text_content()
    page.get_by_label("What is twice as fast").select_option("all of its kind")
    expect(cells.first).not_to_have_text(of_one)
    expect(page.locator("#fabric-contended")).to_have_attribute("data-complete", "yes")
    expect(cells.first).to_contain_text("−")


def test_what_is_down_is_drawn_so(page):
    page.goto("/fabric?v=3&k=2&fail=prefill+NIC+1")
    settled(page)
    assert page.evaluate(
        """() => window.pdscope.fabric.wires.all
          .filter((wire) => window.pdscope.fabric.wires.isDown(wire)).map(({ name }) => name)"""
    ) == ["prefill NIC 1 lane", "prefill NIC 1 cable"]
    stage = page.locator("#fabric-stage")
    at = page.evaluate("() => window.pdscope.fabric.drawing.middleOf('prefill NIC 1 cable')")
    stage.hover(position={"x": at[0], "y": at[1]})
    expect(page.locator("#fabric-tip")).to_contain_text("down")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_how_busy_a_wire_is_is_told_by_brightness_alone(page, scheme):
    """The fuller, the further from the page's own; what is full, by 3:1 (WCAG 2.2, 1.4.11)."""
    page.emulate_media(color_scheme=scheme)
    page.goto("/fabric")
    settled(page)
    colours, surface = page.evaluate(
        """() => {
          const { wires, colour } = window.pdscope.fabric;
          const ramp = Array.from({ length: 255 }, (_, n) => wires.colour(n + 1).match(/\\d+/g));
          return [ramp.map((one) => one.map(Number)), colour("--surface")];
        }"""
    )

    def brightness(parts):
        shares = [part / 255 for part in parts]
        linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    behind = brightness([int(surface[at : at + 2], 16) for at in (1, 3, 5)])

    def contrast(parts):
        low, high = sorted((behind, brightness(parts)))
        return (high + 0.05) / (low + 0.05)

    # In larger steps than those to which colours are rounded.
    contrasts = [contrast(parts) for parts in colours[::8]]
    assert all(after > before for before, after in pairwise(contrasts))
    assert contrasts[-1] > 3 * contrasts[0] > 3
