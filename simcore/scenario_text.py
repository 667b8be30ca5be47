"""Scenario files: JSON or YAML, small, and without anything that expands."""

import json
from pathlib import Path

import yaml

from simcore.errors import ScenarioError

MOST_BYTES = 64 * 1024


def text_of(path) -> str:
    """The text of the file `path`; raises ScenarioError where it cannot be had."""
    try:
        with Path(path).open(encoding="utf-8") as file:
            return file.read(MOST_BYTES + 1)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not a UTF-8 text"
        raise ScenarioError(f"cannot be read: {reason}") from None


def values_in(text: str):
    """What a JSON or YAML text holds, {} if nothing; raises ScenarioError where it is neither."""
    if len(text) > MOST_BYTES:
        raise ScenarioError(f"a scenario file has at most {MOST_BYTES // 1024} KiB")
    try:
        values = _parse(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        place = getattr(error, "problem_mark", None)
        where = f"line {place.line + 1}, column {place.column + 1}: " if place else ""
        problem = " ".join(str(getattr(error, "problem", None) or error).split())  # one line
        raise ScenarioError(f"{where}{problem}; write JSON or YAML") from None
    return {} if values is None else values


def _parse(text):
    try:
        return json.loads(text, object_pairs_hook=_mapping)
    except json.JSONDecodeError:
        # Not simply all by YAML: in YAML 1.1 the JSON number 1e3 is a string.
        return yaml.load(text, Loader=_PlainLoader)


def _mapping(pairs):
    """A JSON object; ValueError if a key stands twice, for one of the values would be lost."""
    values = {}
    for key, value in pairs:
        if key in values:
            raise ValueError(f"the key {key!r} stands twice")
        values[key] = value
    return values


class _PlainLoader(yaml.SafeLoader):
    """YAML without aliases (a few lines of them can stand for gigabytes) or repeated keys."""

    def compose_node(self, parent, index):
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark
            raise yaml.composer.ComposerError(problem="aliases are not allowed", problem_mark=mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key_node, _ in node.value:
            key = str(key_node.value)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    problem=f"the key {key!r} stands twice", problem_mark=node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)
