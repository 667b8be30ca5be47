"""Boxes take numbers as people write them, or refuse them; sliders say what they stand for."""

import pytest
from playwright.sync_api import expect

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
    expect(spoken("prefill_gpu")).to_have_attribute(
        "aria-valuetext", box(gantt, "prefill_gpu").input_value()
    )
    box(gantt, "prompt_tokens").fill("20000")
    expect(spoken("prompt_tokens")).to_have_attribute("aria-valuetext", f"20{THIN}000 tokens")
