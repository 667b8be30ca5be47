"""Controls say what their fields say."""

import pytest

from app import numbers
from app.controls import control, message_id, slider_id, value_id
from simcore import Scenario
from simcore.parameters import Choice, Text, parameters_of

INFOS = parameters_of(Scenario)


def parts(component):
    """Every component within `component`, by id."""
    found = {part.id: part for part in component._traverse() if getattr(part, "id", None)}
    return found


TEXTS = [field for field, info in INFOS.items() if isinstance(info, Text)]


@pytest.mark.parametrize("field", [field for field in INFOS if field not in TEXTS])
def test_each_field_has_a_named_slider_a_box_and_room_for_a_message(field):
    info, value = INFOS[field], getattr(Scenario(), field)
    found = parts(control("page", field, info, value))
    slider, box = found[slider_id("page", field)], found[value_id("page", field)]
    assert message_id("page", field) in found
    assert info.label in slider.thumbLabel
    assert slider.updatemode == "drag"
    assert slider.min <= slider.value <= slider.max
    if isinstance(info, Choice):
        assert list(info.options())[slider.value] == box.value == value
        assert slider.max == len(info.options()) - 1
    else:
        assert (slider.min, slider.max, slider.step) == (info.low, info.high, info.step)
        steps = {name: getattr(box, f"data-{name}") for name in ("step", "least", "most")}
        assert {name: float(text) for name, text in steps.items()} == {
            "step": info.step,
            "least": info.least,
            "most": info.most,
        }
        fraction = {"vram_limit_ratio": "0.95", "oversubscription": "1"}.get(field)
        assert box.value == (fraction or ("" if value is None else numbers.count(value)))


@pytest.mark.parametrize("field", TEXTS)
def test_a_text_has_a_box_with_an_example_and_room_for_a_message(field):
    info = INFOS[field]
    found = parts(control("page", field, info, None))
    assert slider_id("page", field) not in found and message_id("page", field) in found
    box = found[value_id("page", field)]
    assert (box.value, box.placeholder) == ("", info.example)
    told = parts(control("page", field, info, info.example))
    assert told[value_id("page", field)].value == info.example


def test_a_value_beyond_the_slider_is_in_the_box():
    info = INFOS["prompt_tokens"]
    found = parts(control("page", "prompt_tokens", info, 100_000))
    assert found[value_id("page", "prompt_tokens")].value == "100\u202f000"
    assert found[slider_id("page", "prompt_tokens")].value == info.high


def test_a_control_may_do_without_a_slider():
    found = parts(control("page", "pp", INFOS["pp"], 8, slider=False))
    assert slider_id("page", "pp") not in found
    assert found[value_id("page", "pp")].value == "8"
