"""What is under "More": every setting once, those that do nothing greyed with a reason."""

import pytest

from app.controls import WITHOUT, message_id, value_id
from app.gantt6d.idle import OF_EXPERTS, idle_fields
from app.gantt6d.layout import FIELDS, NAME, SLIDERS
from app.gantt6d.more_layout import more, more_fields
from simcore import Scenario
from simcore.parameters import parameters_of

FOLDED = ["Experts", "Layers of the stages", "NICs and network", "Background and failures",
          "Collectives", "KV handoff"]  # fmt: skip


def details(scenario):
    """The parts that open, by what one opens them with, with whether they are open."""
    shown = more(NAME, scenario, SLIDERS)
    parts = [shown, *(part for part in shown._traverse() if type(part).__name__ == "Details")]
    return {part.children[0].children: part.open for part in parts}


def test_every_field_has_one_control():
    assert len(set(FIELDS)) == len(FIELDS)
    assert set(FIELDS) == set(parameters_of(Scenario)) - set(WITHOUT)


@pytest.mark.parametrize("field", more_fields(SLIDERS))
def test_each_has_a_box_and_room_for_a_message(field):
    ids = [part.id for part in more(NAME, Scenario(), SLIDERS)._traverse() if hasattr(part, "id")]
    assert ids.count(value_id(NAME, field)) == 1
    assert ids.count(message_id(NAME, field)) == 1
    assert ids.count(f"{NAME}-{field}-control") == 1


def test_nothing_is_open_by_default():
    assert details(Scenario()) == {"More": False} | dict.fromkeys(FOLDED, False)


@pytest.mark.parametrize(
    ("changed", "opened"),
    [
        ({"tp": 2}, ["More"]),
        ({"failures": "prefill NIC 0"}, ["More", "Background and failures"]),
        ({"handoff": "at the end"}, ["More", "KV handoff"]),
        ({"pp": 4}, []),
    ],
)
def test_what_a_link_has_changed_is_open(changed, opened):
    told = details(Scenario(**changed))
    assert [name for name, is_open in told.items() if is_open] == opened


def reason(scenario, field):
    return next((why for why, fields in idle_fields(scenario).items() if field in fields), None)


def test_a_dense_model_has_nothing_to_set_of_experts():
    for field in OF_EXPERTS:
        assert reason(Scenario(), field) == "LLaMA-3.1-70B has no experts."
        assert reason(Scenario(llm="Mixtral-8x22B"), field) is None


def test_what_was_changed_can_be_set_back():
    assert reason(Scenario(ep=2), "ep") is None


@pytest.mark.parametrize(
    ("field", "without", "useful"),
    [
        ("seed", {"llm": "Mixtral-8x22B"}, {"llm": "Mixtral-8x22B", "routing": "power law"}),
        ("all_reduce", {}, {"decode_tp": 2}),
        ("collectives", {"tp": 1}, {"tp": 2}),
        ("decode_microbatches", {}, {"batch_size": 2}),
        ("handoff_layers", {"handoff": "at the end"}, {"handoff": "per layer group"}),
    ],
)
def test_what_changes_nothing_says_why(field, without, useful):
    assert reason(Scenario(**without), field)
    assert reason(Scenario(**useful), field) is None
