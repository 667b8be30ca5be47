"""Scenarios as JSON and YAML: what is written is read back, and what is wrong is said in a line."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simcore import Scenario, ScenarioError
from tests.properties.test_random_scenarios import scenarios


@given(scenarios())
def test_a_scenario_is_read_back_as_it_was_written(scenario):
    assert Scenario.from_text(scenario.to_json()) == scenario
    assert Scenario.from_text(scenario.to_yaml()) == scenario
    assert Scenario.from_dict(scenario.to_dict()) == scenario
    assert Scenario.from_dict(json.loads(scenario.to_json())) == scenario


@pytest.mark.parametrize("text", ["", "{}", "# nothing but a comment\n", "---\n"])
def test_what_is_left_out_has_its_default(text):
    assert Scenario.from_text(text) == Scenario()


@pytest.mark.parametrize(
    "text", ['{"prompt_tokens": 1e3}', '{"prompt_tokens": 1E+3}', "prompt_tokens: 1000.0"]
)
def test_a_thousand_may_be_written_with_an_exponent(text):
    assert Scenario.from_text(text).prompt_tokens == 1000


def test_an_unknown_key_is_refused_with_a_hint():
    with pytest.raises(ScenarioError, match="'promt_tokens'; did you mean prompt_tokens"):
        Scenario.from_text("promt_tokens: 5")
    with pytest.raises(ScenarioError, match=r"'zzz'; the fields are llm, .*cost_model"):
        Scenario().replace(zzz=1)


NOT_SCENARIOS = {
    "a list": "[1, 2]",
    "a number": "7",
    "a word": "hello",
    "an alias": "pp: &a 4\nbatch_size: *a\n",
    "aliases that multiply": "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
    "a key twice": "pp: 4\npp: 8\n",
    "a key twice, in JSON": '{"pp": 4, "pp": 8}',
    "an object": "!!python/object/apply:os.system ['true']",
    "an open bracket": "pp: [1",
    "an open quote": 'llm: "',
    "a tab": "pp:\n\t4",
    "a control character": "pp: \x07",
    "a null character": "pp: 4\x00",
    "a key that is a list": "? [pp]\n: 4\n",
    "a key that is a number": "4: pp",
    "a null key": "~: 4",
    "a date": "pp: 2026-11-21",
    "a date there is not": "pp: 2026-99-99",
    "deep nesting": "[" * 20_000,
    "deep nesting in JSON": '{"pp":' * 9_000,
    "an integer of 400 digits": '{"pp": 1' + "0" * 400 + "}",
    "an integer of 400 digits in YAML": "pp: 1" + "0" * 400,
    "an integer of 5000 digits": '{"pp": 1' + "0" * 5000 + "}",
    "not a number": '{"pp": NaN}',
    "infinity": '{"pp": Infinity}',
    "too large a number": '{"pp": 1e999}',
    "two documents": "pp: 4\n---\npp: 5\n",
    "a lone surrogate": '{"llm": "\\ud800"}',
    "a line break in a value": '{"llm": "a\\nb"}',
    "a line break in a key": '{"a\\nb": 1}',
}


@pytest.mark.parametrize("text", NOT_SCENARIOS.values(), ids=NOT_SCENARIOS)
def test_what_is_no_scenario_is_refused_in_one_line(text):
    with pytest.raises(ScenarioError) as caught:
        Scenario.from_text(text)
    message = str(caught.value)
    assert message
    assert len(message.splitlines()) == 1
    assert len(message) < 600


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda b: b.decode("latin-1")))
def test_no_text_whatever_crashes_the_reader(text):
    try:
        assert isinstance(Scenario.from_text(text), Scenario)
    except ScenarioError as error:
        assert len(str(error).splitlines()) == 1


def test_a_text_too_large_to_be_a_scenario_is_not_even_parsed():
    with pytest.raises(ScenarioError, match="at most 64 KiB"):
        Scenario.from_text("#" * (64 * 1024 + 1))


def test_a_file_is_loaded(tmp_path):
    scenario = Scenario(batch_size=3)
    for name, text in (("a.json", scenario.to_json()), ("b.yaml", scenario.to_yaml())):
        (tmp_path / name).write_text(text, encoding="utf-8")
        assert Scenario.load(tmp_path / name) == scenario
        assert Scenario.load(str(tmp_path / name)) == scenario


def test_errors_name_the_file(tmp_path):
    path = tmp_path / "mine.yaml"
    with pytest.raises(ScenarioError, match=r"mine\.yaml: cannot be read: No such file"):
        Scenario.load(path)
    path.write_text("pp: 0")
    with pytest.raises(ScenarioError, match=r"mine\.yaml: pp = 0 is out of range") as caught:
        Scenario.load(path)
    assert caught.value.field == "pp"
    path.write_bytes(b"pp: \xff\xfe")
    with pytest.raises(ScenarioError, match=r"mine\.yaml: .*UTF-8"):
        Scenario.load(path)
    with pytest.raises(ScenarioError, match="cannot be read"):
        Scenario.load(tmp_path)
    path.write_text("#" * 100_000)
    with pytest.raises(ScenarioError, match=r"mine\.yaml: .*64 KiB"):
        Scenario.load(path)
