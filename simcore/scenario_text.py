"""Scenario files: JSON or YAML, small, and without anything that expands."""

import json

import yaml

from simcore import reading
from simcore.errors import ScenarioError

MOST_BYTES = 64 * 1024
# YAML is read slowly, so what cannot be a scenario is not read to its end.
MOST_YAML_NODES = 500
MOST_BRACKETS = 100
# Of a number; Python itself refuses 4,300 digits, but only when asked to show them.
MOST_DIGITS = 400


def text_of(path) -> str:
    """The text of the file `path`; raises ScenarioError where it cannot be had."""
    return reading.text_of(path, MOST_BYTES)


def values_in(text: str):
    """What a JSON or YAML text holds, {} if nothing; raises ScenarioError where it is neither."""
    if len(text) > MOST_BYTES:
        raise ScenarioError(f"a scenario file has at most {MOST_BYTES // 1024} KiB")
    try:
        values = _parse(text)
    except ScenarioError:
        raise
    except RecursionError:
        raise ScenarioError("it is nested too deeply; write JSON or YAML, field by field") from None
    except (yaml.YAMLError, ValueError) as error:
        place = getattr(error, "problem_mark", None)
        where = f"line {place.line + 1}, column {place.column + 1}: " if place else ""
        problem = " ".join(str(getattr(error, "problem", None) or error).split())  # one line
        raise ScenarioError(f"{where}{problem}; write JSON or YAML") from None
    return {} if values is None else values


def _parse(text):
    try:
        return json.loads(text, object_pairs_hook=reading.object_without_repetition)
    except json.JSONDecodeError:
        # Not simply all by YAML: in YAML 1.1 the JSON number 1e3 is a string.
        if text.count("[") + text.count("{") > MOST_BRACKETS:
            raise ScenarioError(
                "it is nested too deeply; write JSON or YAML, field by field"
            ) from None
        return yaml.load(text, Loader=_PlainLoader)


class _PlainLoader(yaml.SafeLoader):
    """YAML without what a scenario has no use for, and what makes a few lines mean much else.

    No aliases (a few lines of them can stand for gigabytes), tags, repeated keys or numbers in
    sixties (1:30 is 90 there), and no more nodes than a scenario can have.
    """

    def __init__(self, stream):
        super().__init__(stream)
        self._nodes = 0

    def compose_node(self, parent, index):
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent):
            raise _problem("aliases are not allowed", event.start_mark)
        if getattr(event, "tag", None) is not None:
            raise _problem("tags are not allowed", event.start_mark)
        self._nodes += 1
        if self._nodes > MOST_YAML_NODES:
            raise _problem(
                f"there are more than {MOST_YAML_NODES} keys and values", event.start_mark
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key_node, _ in node.value:
            key = str(key_node.value)
            if key in seen:
                raise ScenarioError(
                    f"line {key_node.start_mark.line + 1}: the key {key[:60]!r} stands twice; keep "
                    "one of them"
                )
            seen.add(key)
        return super().construct_mapping(node, deep)

    def construct_number(self, node):
        if ":" in node.value:
            raise _problem("a number has no colons", node.start_mark)
        if len(node.value) > MOST_DIGITS:
            raise _problem(f"a number of {len(node.value):,} digits is too long", node.start_mark)
        whole = node.tag.endswith(":int")
        return self.construct_yaml_int(node) if whole else self.construct_yaml_float(node)


for _kind in ("int", "float"):
    _PlainLoader.add_constructor(f"tag:yaml.org,2002:{_kind}", _PlainLoader.construct_number)


def _problem(what, where):
    return yaml.MarkedYAMLError(problem=what, problem_mark=where)
