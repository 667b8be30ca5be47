"""Pools in two dimensions on the Gantt page: settings under More, and stages that open."""

import re

import pytest
from playwright.sync_api import expect

from app.figures.palette import PALETTES
from simcore import Scenario
from tests.browser.test_gantt6d import (
    INK,
    NAME,
    assert_shows,
    box,
    number_in,
    sequence,
    settled,
    type_in,
)

# 64 GPUs in all: two servers of eight for either pool, twice.
SERVERS = Scenario(
    decode_gpu="NVIDIA H100", pp=4, tp=8, topology="hgx-rail", prompt_tokens=4096, chunk_tokens=512
)
ADDRESS = "/?v=3&decode=NVIDIA+H100&pp=4&tp=8&topo=hgx-rail&t=4096&m=512"
HEADS = ".stage-head:visible"
# What is drawn in a lane, by the places of its kind, stage and rank.
LANES = """() => {
  const bars = window.pdscope.gantt6d.chart.bars();
  return [...bars.kind].map((kind, i) => [kind, bars.stage[i], bars.rank?.[i] ?? -1]);
}"""


@pytest.fixture
def ranks(page):
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(ADDRESS)
    settled(page)
    return page


def test_64_gpus_are_shown_stage_by_stage(ranks):
    assert_shows(ranks, SERVERS)
    expect(ranks.locator(HEADS)).to_have_text([f"▸ {pool}{n}" for pool in "PD" for n in range(4)])
    legend = ranks.locator(f"#{NAME}-kinds")
    expect(legend.get_by_text("Collectives")).to_be_visible()
    expect(legend.get_by_text("Background traffic")).to_be_hidden()
    said = ranks.locator(f"#{NAME}-collectives-used")
    expect(said).to_have_text(re.compile("^Collectives as "))
    ranks.locator(f"#{NAME}-path").uncheck(force=True)
    assert ranks.evaluate(INK, [PALETTES["light"].kinds["collective"]])[0] > 20


def test_one_gpu_a_stage_has_nothing_to_open(page):
    page.goto("/")
    settled(page)
    expect(page.locator(HEADS)).to_have_count(0)
    expect(page.locator(f"#{NAME}-ranks")).to_be_hidden()
    expect(page.locator(f"#{NAME}-kinds").get_by_text("Collectives")).to_be_hidden()


def test_a_stage_opens_to_its_ranks_and_closes_again(ranks):
    before = ranks.evaluate(LANES)
    assert {rank for _, _, rank in before} == {-1}
    head = ranks.get_by_role("button", name="Ranks of stage P1")
    expect(head).to_have_attribute("aria-expanded", "false")
    seq = sequence(ranks)
    head.click()
    settled(ranks, seq)
    expect(head).to_have_attribute("aria-expanded", "true")
    opened = [lane for lane in ranks.evaluate(LANES) if lane[2] >= 0]
    assert {tuple(lane[1:]) for lane in opened} == {(1, rank) for rank in range(8)}
    expect(ranks.locator(f"#{NAME}-drawn")).to_contain_text("by rank")
    # By keys: the button has kept the focus.
    seq = sequence(ranks)
    ranks.keyboard.press("Enter")
    settled(ranks, seq)
    assert ranks.evaluate(LANES) == before


def test_all_open_at_once_and_64_ranks_have_room(ranks):
    seq = sequence(ranks)
    ranks.locator("body").press("o")
    settled(ranks, seq)
    lanes = ranks.evaluate(LANES)
    assert {tuple(lane[1:]) for lane in lanes if lane[2] >= 0} == {
        (stage, rank) for stage in range(4) for rank in range(8)
    }
    names = ranks.locator(f"#{NAME}-axes .ytick text")
    expect(names).to_have_text([f"r{rank}" for _ in range(8) for rank in range(8)])
    places = "(all) => all.map((one) => one.getBoundingClientRect().y)"
    ranks.wait_for_function(
        f"""([least]) => {{
            const names = [...document.querySelectorAll("#{NAME}-axes .ytick text")];
            const tops = ({places})(names);
            return tops.slice(1).every((top, n) => top - tops[n] >= least); }}""",
        arg=[10],
    )
    expect(ranks.get_by_role("button", name="Close stages")).to_be_visible()
    ranks.get_by_role("button", name="Close stages").click()
    expect(ranks.get_by_role("button", name="Open stages")).to_be_visible()


def test_enter_opens_the_stage_of_the_bar_that_keys_have_walked_to(ranks):
    ranks.locator(f"#{NAME}-stage").focus()
    ranks.keyboard.press("ArrowDown")
    seq = sequence(ranks)
    ranks.keyboard.press("Enter")
    settled(ranks, seq)
    head = ranks.get_by_role("button", name="Ranks of stage P0")
    expect(head).to_have_attribute("aria-expanded", "true")
    expect(ranks.locator(f"#{NAME}-tip")).to_contain_text("stage P0, all 8 ranks")


def test_settings_that_do_nothing_are_greyed_and_say_why(page):
    page.goto("/")
    settled(page)
    page.locator(f"#{NAME}-more > summary").click()
    page.get_by_text("Experts", exact=True).click()
    expect(box(page, "ep")).to_be_disabled()
    note = page.locator(".fold-note[data-fields*=decode_ep]")
    expect(note).to_have_text("LLaMA-3.1-70B has no experts.")
    seq = sequence(page)
    page.get_by_role("textbox", name="Model", exact=True).click()
    page.get_by_role("option", name="Mixtral-8x22B").click()
    settled(page, seq)
    expect(box(page, "ep")).to_be_enabled()
    expect(note).to_have_text(re.compile("power law"))


def test_a_degree_that_cannot_be_is_refused_beside_its_box(ranks):
    type_in(ranks, "tp", 3)
    control = ranks.locator(f"#{NAME}-tp-control")
    expect(control).to_have_class(re.compile("wrong"))
    expect(control.locator(".control-message")).to_contain_text("TP = 3")
    type_in(ranks, "tp", 4)
    assert_shows(ranks, SERVERS.replace(tp=4))
    assert number_in(ranks, "tp") == 4


def test_a_text_is_asked_for_once_it_is_left_and_refused_inside_its_fold(ranks):
    expect(ranks.locator(f"#{NAME}-failures")).to_be_hidden()
    ranks.get_by_text("Background and failures").click()
    seq = sequence(ranks)
    box(ranks, "background").fill("NIC cables: 30 %")
    box(ranks, "background").press("Enter")
    settled(ranks, seq)
    assert_shows(ranks, SERVERS.replace(background="NIC cables: 30 %"))
    expect(ranks).to_have_url(re.compile("bg=NIC"))
    seq = sequence(ranks)
    box(ranks, "background").fill("no such wire: 30 %")
    box(ranks, "background").press("Enter")
    settled(ranks, seq)
    message = ranks.locator(f"#{NAME}-background-message")
    expect(message).to_contain_text("no such wire")


@pytest.mark.parametrize("width", [1440, 900, 360])
def test_nothing_is_wider_than_its_place(ranks, width):
    ranks.set_viewport_size({"width": width, "height": 900})
    ranks.evaluate("document.querySelectorAll('.more, .fold').forEach((part) => part.open = true)")
    for part in (".rail", ".more", ".pair", ".panel", ".cards", ".collectives-used"):
        for inside in ranks.locator(part).all():
            assert inside.evaluate("(e) => e.scrollWidth <= e.clientWidth"), part
