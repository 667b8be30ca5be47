"""Scenarios as JSON and YAML: what is written is read back, and what is wrong is said in a line."""

import contextlib
import json
import os
import socket
import time
import tracemalloc

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
    "many entries": "[" + "a," * 20_000 + "]",
    "many keys": "".join(f"k{n}: 1\n" for n in range(5000)),
    "nested dashes": "- " * 20_000,
    "a time": "pp: 1:30",
    "a time of many parts": "pp: " + ":".join(["1"] * 20_000),
    "a fraction of many parts": "pp: " + ":".join(["1"] * 20_000) + ".5",
    "a long number in sixteens": "pp: 0x" + "f" * 20_000,
    "a tag that fits nothing": "pp: !!timestamp x",
    "a tag of an empty number": "pp: !!int ''",
    "a tag of no truth": "pp: !!bool x",
    "a tag of a list": "!!map [1]",
    "a tag that is one's own": "%TAG ! tag:example.org,2026:\n---\npp: !y 4",
    "escape codes in a value": '{"llm": "a\\u001b[31m"}',
    "escape codes in a key": '{"a\\u001b[31m": 1}',
    "a long key": '{"' + "k" * 60_000 + '": 1}',
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
    assert message.isprintable()
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


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("llm: x\npp: 4\nbatch_size: 2\npp: 8\n", "line 4: the key 'pp' stands twice; keep one"),
        ('{"pp": 4, "pp": 8}', "the key 'pp' stands twice in one object; keep one of them"),
        ("pp: 4\nbatch_size: *a", "line 2, column 13: aliases are not allowed"),
        ("pp: !!python/name:os.system", "line 1, column 5: tags are not allowed"),
        ("pp: 1:30", "line 1, column 5: a number has no colons"),
        ("[" * 5000, "nested too deeply"),
    ],
)
def test_what_is_refused_is_said_with_its_place(text, says):
    with pytest.raises(ScenarioError) as caught:
        Scenario.from_text(text)
    assert str(caught.value).startswith(says) or says in str(caught.value)


BOMBS = ["a,", "? ", "- ", "a: ", "[", "{", "&a ", "'", '"\\', "1:", "#", "\n", "\t", "%", "|\n "]


@pytest.mark.parametrize("piece", BOMBS)
def test_a_file_that_is_as_large_as_may_be_is_answered_soon(piece):
    for text in (piece * 40_000, piece * 99 + "\n" + "x " * 40_000, "pp: " + piece * 40_000):
        start = time.process_time()
        with contextlib.suppress(ScenarioError):
            Scenario.from_text(text[: 64 * 1024])
        # As long as a web server may take, on a slow machine.
        assert time.process_time() - start < 3.0


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


def refused(path):
    with pytest.raises(ScenarioError) as caught:
        Scenario.load(path)
    return str(caught.value)


def test_what_may_never_end_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert "pipe: cannot be read: it is no regular file" in refused(tmp_path / "pipe")
    # Somebody may write to it, some day.
    writer = os.open(tmp_path / "pipe", os.O_RDWR)
    assert "no regular file" in refused(tmp_path / "pipe")
    os.close(writer)
    for device in ("/dev/zero", "/dev/null", "/dev/tty"):
        assert "cannot be read" in refused(device)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        assert "cannot be read" in refused(tmp_path / "s")


def test_a_hundred_megabytes_are_not_read(tmp_path):
    path = tmp_path / "large.yaml"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    tracemalloc.start()
    message = refused(path)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()
    assert message.endswith("large.yaml: is larger than 64 KiB, which is all that is read")


def test_links_are_followed_to_a_file_only(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "folder").symlink_to(tmp_path)
    (tmp_path / "gone").symlink_to(tmp_path / "none")
    for name in ("loop", "folder", "gone", "x" * 300, "a/../../../../none"):
        assert "cannot be read" in refused(tmp_path / name)
    assert "no file has such a name" in refused("a\0b")
    (tmp_path / "s.yaml").write_text("pp: 4")
    (tmp_path / "link").symlink_to(tmp_path / "s.yaml")
    assert Scenario.load(tmp_path / "link").pp == 4
