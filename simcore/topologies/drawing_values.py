"""Values of a topology's file, each checked, with its place in the file in every message."""

from difflib import get_close_matches
from typing import Any

from simcore.errors import ScenarioError
from simcore.topologies.graph import NodeKind

MOST_COUNT = 32768
MOST_CHARACTERS = 80
TOLD = 60

# What the notation of failures and background traffic is made of.
RESERVED = frozenset(";@")


def tables_of(table, key) -> list[tuple[str, dict[str, Any]]]:
    """The tables of an array, each with its place in words."""
    raw = table.get(key)
    if not isinstance(raw, list) or not raw or not all(isinstance(each, dict) for each in raw):
        raise ScenarioError(f"there are no {key}; add [[{key}]]")
    return [(f"{key}[{number}]", each) for number, each in enumerate(raw)]


def repeated(tables):
    """Each table, as often as its `count` says, with its number in place of {} in all texts."""
    for at, table in tables:
        table = dict(table)
        count = table.pop("count", None)
        if count is None:
            yield at, table
            continue
        if type(count) is not int or not 1 <= count <= MOST_COUNT:
            raise ScenarioError(
                f"{at}.count = {shown(count)}; use a whole number from 1 to {MOST_COUNT}"
            )
        for number in range(count):
            yield f"number {number} of {at}", {k: _filled(v, number) for k, v in table.items()}


def _filled(value, number):
    if isinstance(value, str):
        return value.replace("{}", str(number))
    if isinstance(value, list):
        return [_filled(each, number) for each in value]
    return value


def kind_of(table, at):
    kinds = {kind.value: kind for kind in NodeKind}
    value = table.get("kind")
    if not isinstance(value, str) or value not in kinds:
        raise ScenarioError(f"{at}.kind = {shown(value)}; use one of {', '.join(kinds)}")
    return kinds[value]


def text_of(table, key, at):
    value = table.get(key)
    where = f"{at}.{key}" if at else key
    if not isinstance(value, str) or not value.strip():
        raise ScenarioError(f"{where} = {shown(value)}; use a text in quotes")
    if len(value) > MOST_CHARACTERS or not value.isprintable():
        raise ScenarioError(f"{where}: use {MOST_CHARACTERS} printable characters at most")
    if RESERVED & set(value) or value != " ".join(value.split()):
        raise ScenarioError(
            f"{where} = {shown(value)}; leave out {' and '.join(sorted(RESERVED))}, and spaces at "
            "the ends or in a row"
        )
    return value


def refuse_unknown(table, keys, at):
    for key in table:
        if key not in keys:
            where = f"{at}: " if at else ""
            raise ScenarioError(f"{where}unknown key {shown(key)}; use {', '.join(keys)}")


def number_of(table, key, at, unit, most):
    value = table.get(key)
    if type(value) not in (int, float) or not 0 <= value * unit <= most:  # NaN is not, either
        raise ScenarioError(
            f"{at}.{key} = {shown(value)}; use a number from 0 to {most / unit:g}, without quotes"
        )
    return value * unit


def nearest(name, known):
    near = get_close_matches(str(name)[:MOST_CHARACTERS], known, n=1)
    return f"did you mean {near[0]!r}?" if near else "correct the name, or add it"


def shown(value):
    text = repr(value)
    return text if len(text) <= TOLD else f"{text[: TOLD - 3]}..."
