"""Boxes take numbers as people write them, or refuse them; sliders say what they stand for."""

import re

import pytest
from playwright.sync_api import expect

from app.numbers import duration_text
from simcore import Scenario, run

NAME = "gantt6d"
THIN = "\u202f"


@pytest.fixture
def asked(page):
    """The values of every request for a picture so far."""
    asked = []

    def note(request):
        if request.url.endswith(f"/{NAME}/picture"):
            asked.append(request.post_data_json["values"])

    page.on("request", note)
    return asked


@pytest.fixture
def gantt(page, asked):
    page.set_viewport_size({"width": 1280, "height": 860})
    page.goto("/")
    expect(page.locator(f"#{NAME}-page")).to_have_attribute("data-settled", "true")
    return page


def box(page, field):
    return page.locator(f"#{NAME}-{field}")


def message(page, field):
    return page.locator(f"#{NAME}-{field}-message")


def last_is(page, asked, field, value):
    """Wait until the picture that is asked for last has this value."""
    for _ in range(100):
        if asked[-1][field] == value:
            return
        page.wait_for_timeout(50)
    assert asked[-1][field] == value


def test_a_number_is_understood_as_people_write_it(gantt, asked):
    for typed, meant, shown in [
        ("4096", 4096, f"4{THIN}096"),
        ("5,120", 5120, f"5{THIN}120"),
        ("6 144", 6144, f"6{THIN}144"),
        ("7.168e3", 7168, f"7{THIN}168"),
        ("1E4", 10_000, f"10{THIN}000"),
    ]:
        box(gantt, "prompt_tokens").fill("")
        box(gantt, "prompt_tokens").press_sequentially(typed)
        box(gantt, "prompt_tokens").press("Enter")
        expect(box(gantt, "prompt_tokens")).to_have_value(shown)
        last_is(gantt, asked, "prompt_tokens", meant)


def test_what_is_no_number_that_can_be_run_is_refused_beside_the_box(gantt, asked):
    for typed, said, shown in [
        ("1e12", "1000000000000 is out of range", "1 000 000 000 000".replace(" ", THIN)),
        ("12abc", "'12abc' is not a number", "12abc"),
        ("0,5", "'0,5' is not a number", "0,5"),
        ("1e", "'1e' is not a number", "1e"),
        ("2.5", "2.5 is not a whole number", "2.5"),
        ("1e999", "is out of range", "1e999"),
        ("", "is empty", ""),
    ]:
        box(gantt, "pp").fill("")
        box(gantt, "pp").press_sequentially(typed)
        box(gantt, "pp").press("Tab")
        expect(message(gantt, "pp")).to_contain_text(said)
        expect(box(gantt, "pp")).to_have_value(shown)


def test_a_number_that_is_half_typed_is_not_asked_for(gantt, asked):
    before = len(asked)
    box(gantt, "prompt_tokens").fill("")
    box(gantt, "prompt_tokens").press_sequentially("4e", delay=20)
    gantt.wait_for_timeout(400)  # Longer than the pause after which a number is reported.
    assert len(asked) == before
    box(gantt, "prompt_tokens").press_sequentially("3")
    last_is(gantt, asked, "prompt_tokens", 4000)


def test_a_box_that_is_finished_with_is_not_waited_for(gantt, asked):
    # The pause while one types never ends.
    gantt.evaluate(
        """() => {
          const later = window.setTimeout;
          window.setTimeout = (then, ms, ...more) => (ms === 250 ? 0 : later(then, ms, ...more));
        }"""
    )
    for key, value in (("Enter", 4), ("Tab", 2)):
        box(gantt, "pp").fill(str(value))
        box(gantt, "pp").press(key)
        last_is(gantt, asked, "pp", value)


def test_arrow_keys_step_in_a_box(gantt, asked):
    for keys, value in ((["ArrowUp"], 9), (["ArrowDown", "ArrowDown"], 7), (["PageDown"], 1)):
        for key in keys:
            box(gantt, "pp").press(key)
        expect(box(gantt, "pp")).to_have_value(str(value))
        last_is(gantt, asked, "pp", value)


def test_a_box_that_is_only_passed_through_asks_for_nothing(gantt, asked):
    before = len(asked)
    for _ in range(3):
        box(gantt, "prompt_tokens").focus()
        box(gantt, "chunk_tokens").focus()
    gantt.wait_for_timeout(300)
    assert len(asked) == before


def test_thumbs_say_what_they_stand_for(gantt):
    def spoken(field):
        return gantt.locator(f"#{NAME}-{field}-slider").get_by_role("slider")

    expect(spoken("prefill_gpu")).to_have_attribute("aria-valuetext", "NVIDIA H100")
    expect(spoken("prompt_tokens")).to_have_attribute(
        "aria-valuetext", f"{box(gantt, 'prompt_tokens').input_value()} tokens"
    )
    spoken("prefill_gpu").press("ArrowRight")
    expect(spoken("prefill_gpu")).not_to_have_attribute("aria-valuetext", "NVIDIA H100")
    said = spoken("prefill_gpu").get_attribute("aria-valuetext")
    expect(box(gantt, "prefill_gpu")).to_have_value(said)
    box(gantt, "prompt_tokens").fill("20000")
    expect(spoken("prompt_tokens")).to_have_attribute("aria-valuetext", f"20{THIN}000 tokens")
    box(gantt, "batch_size").fill("2")
    expect(spoken("batch_size")).to_have_attribute("aria-valuetext", "2 requests")
    box(gantt, "batch_size").fill("1")
    expect(spoken("batch_size")).to_have_attribute("aria-valuetext", "1 request")


def test_page_keys_move_a_slider_by_ten_steps(gantt, asked):
    def thumb(field):
        return gantt.locator(f"#{NAME}-{field}-slider").get_by_role("slider")

    for field, key, value in [
        ("pp", "PageUp", "18"),
        ("pp", "PageUp", "28"),
        ("pp", "PageUp", "32"),
        ("pp", "PageDown", "22"),
        ("chunk_tokens", "PageUp", "448"),
    ]:
        thumb(field).press(key)
        expect(box(gantt, field)).to_have_value(value)
        last_is(gantt, asked, field, int(value))
    # Fewer GPUs than that: the end of the list.
    thumb("prefill_gpu").press("PageUp")
    most = thumb("prefill_gpu").get_attribute("aria-valuemax")
    expect(thumb("prefill_gpu")).to_have_attribute("aria-valuenow", most)
    expect(thumb("prefill_gpu")).not_to_have_attribute("aria-valuetext", "NVIDIA H100")


def test_the_ends_of_the_time_range_say_times(gantt):
    start = gantt.get_by_role("slider", name="Start of the time range")
    end = gantt.get_by_role("slider", name="End of the time range")
    expect(start).to_have_attribute("aria-valuetext", re.compile(r"^0"))
    ttft_s = run(Scenario()).metrics.ttft_s
    span_s = 1.004 * ttft_s  # with a little room behind it
    expect(end).to_have_attribute("aria-valuetext", duration_text(ttft_s))
    end.press("PageDown")
    expect(end).to_have_attribute("aria-valuenow", "950")
    expect(end).to_have_attribute("aria-valuetext", duration_text(0.95 * span_s))
    start.press("PageUp")
    expect(start).to_have_attribute("aria-valuenow", "50")
    expect(start).to_have_attribute("aria-valuetext", duration_text(0.05 * span_s))
    expect(gantt.locator(f"#{NAME}-seen")).to_contain_text(" to ")
