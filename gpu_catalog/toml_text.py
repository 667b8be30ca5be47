"""Items of the catalog as the TOML texts that `parse` reads."""

from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal

from gpu_catalog.parse import _ATTENTION, _KEYS
from gpu_catalog.schema import GPU, LLM, Link, ReferenceLink

_WIDTH = 100


def toml_text(item: GPU | LLM | Link, *, replaces: bool = False) -> str:
    """`item` as a TOML text; `parse_text` makes an equal item of it.

    Parameters
    ----------
    replaces : whether the text says that it takes the place of an item that ships
    """
    lines = ["replaces = true"] if replaces else []
    tables = []
    for key, value in _pairs(item):
        if isinstance(value, dict) and len(value) > 4:
            tables += ["", f"[{key}]", *(f"{name} = {_literal(v)}" for name, v in value.items())]
        else:
            lines.append(f"{key} = {_literal(value)}")
    return "\n".join([*lines, *tables]) + "\n"


def _pairs(item):
    """Keys and values as the file has them, those at their defaults left out."""
    found = {}
    if kind := {cls: name for name, cls in _ATTENTION.items()}.get(type(item)):
        found["kind"] = kind
    for field in fields(item):
        value = getattr(item, field.name)
        if value is None or value == field.default:
            continue
        key, unit = _KEYS.get(type(item), {}).get(field.name, (field.name, 1))
        head, dot, tail = key.partition(".")
        if isinstance(item, ReferenceLink):
            value = (value, value)  # the midpoint of the range is what counts
        if dot:
            found.setdefault(head, {})[tail] = _plain(value, unit)
        else:
            found[key] = _plain(value, unit)
    return found.items()


def _plain(value, unit):
    if is_dataclass(value):
        return dict(_pairs(value))
    if isinstance(value, tuple):
        return [_plain(each, unit) for each in value]
    if isinstance(value, float):
        return _number(Decimal(repr(value)) / unit)
    return value


def _number(value):
    """A whole number as one; as few digits as it has."""
    return int(value) if value == value.to_integral_value() else value.normalize()


def _literal(value):
    match value:
        case bool():
            return str(value).lower()
        case Decimal():
            return f"{value:f}"
        case str():
            return _text(value)
        case list():
            return _list([_literal(each) for each in value])
        case dict():
            return f"{{ {', '.join(f'{key} = {_literal(each)}' for key, each in value.items())} }}"
        case int() | date():
            return str(value)
    raise TypeError(f"{type(value).__name__} is nothing that a file of the catalog has")


def _list(parts):
    """On one line, or a line for each where they are long."""
    line = f"[{', '.join(parts)}]"
    if len(line) <= _WIDTH - 20:
        return line
    return "\n".join(["[", *(f"    {part}," for part in parts), "]"])


def _text(value):
    """A basic string, or a multi-line one where that is long; both read back as `value`."""
    escaped = "".join(_escaped(character) for character in value)
    if len(escaped) <= _WIDTH:
        return f'"{escaped}"'
    lines, line = [], ""
    for word in escaped.split(" "):
        if line and len(line) + len(word) > _WIDTH - 4:
            lines.append(line)
            line = ""
        line += f"{word} "
    lines.append(line[:-1])
    return '"""\\\n' + "\\\n".join(lines) + '"""'


def _escaped(character):
    if character in '"\\':
        return f"\\{character}"
    if character.isprintable():
        return character
    return f"\\U{ord(character):08x}"
