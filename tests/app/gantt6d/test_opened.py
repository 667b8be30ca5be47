"""A scenario file that is opened in the page: its fields, or what is wrong and where."""

import pytest

from app.gantt6d.opened import opened
from simcore import Scenario

SCENARIO = Scenario(pp=4, decode_pp=6, prefill_gpu="NVIDIA H200", vram_limit_ratio=0.9)


@pytest.mark.parametrize("text", [SCENARIO.to_json(), SCENARIO.to_yaml()], ids=["json", "yaml"])
def test_a_file_has_the_fields_of_its_scenario(text):
    assert opened({"text": text})["values"] == SCENARIO.to_dict()


def test_what_a_file_does_not_say_is_as_usual():
    assert opened({"text": "chunk_tokens: 512"})["values"] == Scenario(chunk_tokens=512).to_dict()


BOMB = "a: &a [1]\nb: &b [*a, *a]\nc: [*b, *b]"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pp: eight", "pp = 'eight' is not a number"),
        ("pp: 0", "pp = 0 is out of range"),
        ("llm: LLaMA-3.1-70", "did you mean 'LLaMA-3.1-70B'?"),
        ("cp: 2", "cp = 2 has no control on this page"),
        ("chunks: 5", "unknown key 'chunks'"),
        ("pp: 4\npp: 5", "line 2: the key 'pp' stands twice"),
        ("pp: [1", "line 1, column 7"),
        ('{"pp": 4,\n "m" 5}', "line 2, column 6"),
        ("- 1", "not list"),
        ("\x00", "write JSON or YAML"),
        (BOMB, "aliases are not allowed"),
        ("!!python/object/apply:os.getcwd []", "tags are not allowed"),
        ("[" * 20_000, "write JSON or YAML"),
        (" \n", "the file is empty"),
        ("x" * 70_000, "64 KiB"),
        (None, "`text`"),
        (["pp: 4"], "`text`"),
    ],
)
def test_what_is_wrong_is_said(text, said):
    answer = opened({"text": text})
    assert "values" not in answer
    assert said in answer["error"]
    assert "\n" not in answer["error"]


@pytest.mark.parametrize("asked", [None, [], "pp: 4", {}])
def test_what_is_no_request_is_refused(asked):
    assert "`text`" in opened(asked)["error"]
