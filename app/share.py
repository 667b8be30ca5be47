"""A scenario as the part of an address after "?", and back: short, readable, versioned.

    v=3&prefill=NVIDIA+H200&t=4096&m=512&pin=m:256,t:4096&pin=default&base=2

Each key is the one that the scenario's field names; fields at their defaults are left out. The
version says which defaults and keys are meant: whoever changes either adds a version, and says what
links of the versions before it mean. Where a link has none, the latest is meant.

Scenarios that are pinned to be compared with are a `pin` each, with the same keys; `base` is the
number of the one that is the baseline, unless it is the first. What parts a pin is written as %2C
and %3A within a value, which an address escapes once more.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlencode

from app.controls import WITHOUT
from simcore import Scenario, ScenarioError
from simcore.parameters import MOST_CHARACTERS as LONGEST_TEXT
from simcore.parameters import Number, Text, parameters_of

VERSION = 3
# By version, the defaults that have changed since.
FORMER_DEFAULTS: dict[int, dict[str, str]] = {1: {"cost_model": "physical"}}
MOST_CHARACTERS = 4096
MOST_PAIRS = 64
LONGEST_SHOWN = 24
LONGEST_VALUE = 64
# What a pin's values may not have as they are, and how they have it.
ESCAPES = {"%": "%25", ",": "%2C", ":": "%3A"}
MOST_PINS = 4
PIN, BASE = "pin", "base"
# A pinned scenario where all is as usual.
ALL_USUAL = "default"


@dataclass(frozen=True)
class Link:
    """What an address says.

    Attributes
    ----------
    scenario : with the defaults for what it does not say, or says wrongly
    own : the page's own keys that it has, with their texts
    ignored : what it says that means nothing, a sentence each
    pins : scenarios to compare with, MOST_PINS at most
    base : index of the pin that is the baseline, 0 where there is none
    """

    scenario: Scenario
    own: dict[str, str]
    ignored: tuple[str, ...]
    pins: tuple[Scenario, ...] = ()
    base: int = 0

    @property
    def notice(self) -> str | None:
        """What the visitor should know of it; None if there is nothing."""
        if not self.ignored:
            return None
        return f"Ignored in this link: {' '.join(self.ignored)}"


def query_of(
    scenario: Scenario,
    own: dict[str, str] | None = None,
    *,
    pins: Sequence[Scenario] = (),
    base: int = 0,
) -> str:
    """The address of a scenario; "" where all is as usual.

    Parameters
    ----------
    own : further keys, which the page itself reads
    pins : scenarios to compare with
    base : index of the pin that is the baseline
    """
    pairs = [*_pairs(scenario.to_dict()).items(), *(own or {}).items()]
    pairs += [(PIN, pin_text(pin)) for pin in pins]
    if base:
        pairs.append((BASE, base + 1))
    return _joined(pairs)


def query_of_values(values: Mapping) -> str:
    """The address of what controls say, though it may be no scenario: who opens it is told why.

    Parameters
    ----------
    values : by field; what is no field, or no number or text that fits an address, is left out
    """
    said = {
        name: value
        for name, value in values.items()
        if value is None or (type(value) in (int, float, str) and len(str(value)) <= _longest(name))
    }
    return _joined(_pairs(said).items())


def _longest(name):
    """Characters that an address takes of a field's value."""
    text = isinstance(parameters_of(Scenario).get(name), Text)
    return LONGEST_TEXT if text else LONGEST_VALUE


def pin_text(scenario: Scenario) -> str:
    """A pinned scenario as an address has it, before it is escaped."""
    pairs = _pairs(scenario.to_dict())
    return ",".join(f"{key}:{_escaped(value)}" for key, value in pairs.items()) or ALL_USUAL


def _escaped(value):
    return "".join(ESCAPES.get(character, character) for character in str(value))


def read_query(query: str, own: Collection[str] = ()) -> Link:
    """What an address says; never raises, but says what it ignored.

    Parameters
    ----------
    query : behind the "?"
    own : the page's own keys
    """
    if len(query) > MOST_CHARACTERS:
        return Link(Scenario(), {}, (f"it is longer than {MOST_CHARACTERS:,} characters.",))
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MOST_PAIRS)
    except ValueError:
        return Link(Scenario(), {}, (f"it has more than {MOST_PAIRS} parts.",))
    pinned = [text for key, text in pairs if key == PIN]
    bases = [text for key, text in pairs if key == BASE]
    kept = {key: text for key, text in pairs if key in own}
    apart = {"v", PIN, BASE, *own}
    ignored = [doubt for key, text in pairs if key == "v" for doubt in _doubts(text)]
    usual = _usual([text for key, text in pairs if key == "v"])
    scenario = _read([pair for pair in pairs if pair[0] not in apart], usual, ignored)
    pins, places = _read_pins(pinned, usual, ignored)
    base = _read_base(bases, places, ignored)
    return Link(scenario, kept, tuple(ignored), pins, base)


def _usual(versions):
    """The scenario of a link that says nothing but its versions, of which the last counts."""
    former = {str(version): values for version, values in FORMER_DEFAULTS.items()}
    return Scenario(**former.get(versions[-1] if versions else str(VERSION), {}))


def _read(pairs, usual, ignored):
    """`usual` with what keys and texts say; what means nothing is added to `ignored`."""
    fields, scenario = _fields_by_key(), usual
    for key, text in pairs:
        if key not in fields:
            ignored.append(f"{_short(key)} is no setting.")
            continue
        try:
            said = scenario.replace(**{fields[key]: _value(fields[key], text)})
            if fields[key] in WITHOUT and said != scenario:
                raise ScenarioError(f"{fields[key]} is set in files and by flags alone")
            scenario = said
        except ScenarioError as error:
            ignored.append(f"{_by_key(str(error))}.")
    return scenario


def _by_key(message):
    """An error that calls fields as links do: m = 0.5 and not chunk_tokens = 0.5."""
    keys = {name: info.key for name, info in parameters_of(Scenario).items()}
    return re.sub(r"\b\w+(?= (?:=|is) )", lambda word: keys.get(word[0], word[0]), message)


def _read_pins(texts, usual, ignored):
    """The pins, no two of them alike, and by the number of each pin in the link its index here."""
    if len(texts) > MOST_PINS:
        ignored.append(f"of {len(texts)} pins only the first {MOST_PINS} are kept.")
    pins, places = [], {}
    for number, text in enumerate(texts[:MOST_PINS], 1):
        pin = _read_pin(number, text, usual, ignored)
        if pin is None:
            continue
        if pin in pins:
            ignored.append(f"pin {number} is the same as pin {_first(pins.index(pin), places)}.")
        else:
            pins.append(pin)
        places[number] = pins.index(pin)
    return tuple(pins), places


def _first(index, places):
    return next(number for number, place in places.items() if place == index)


def _read_pin(number, text, usual, ignored):
    """The pinned scenario; None where its text says nothing that can be used."""
    parts = [] if text in ("", ALL_USUAL) else text.split(",")
    pairs = [(key, unquote(value)) for key, _, value in (part.partition(":") for part in parts)]
    doubts = []
    scenario = _read(pairs, usual, doubts)
    ignored += [f"pin {number}: {doubt}" for doubt in doubts]
    return None if doubts and len(doubts) == len(parts) else scenario


def _read_base(texts, places, ignored):
    if not texts:
        return 0
    index = {str(number): place for number, place in places.items()}.get(texts[-1])
    if index is None:
        ignored.append(f"base={_short(texts[-1])} is the number of no pin.")
    return index or 0


def _pairs(values):
    usual, infos = Scenario().to_dict(), parameters_of(Scenario)
    said = {name: values[name] for name in infos if name in values and values[name] != usual[name]}
    return {infos[name].key: "" if value is None else value for name, value in said.items()}


def _joined(pairs):
    # Readable in an address line: neither is special behind the "?".
    return urlencode([("v", VERSION), *pairs], safe=":,", errors="replace") if pairs else ""


def _fields_by_key():
    """By short key, and by the field's whole name, which links had before there were versions."""
    infos = parameters_of(Scenario)
    return {**{name: name for name in infos}, **{info.key: name for name, info in infos.items()}}


def _doubts(text):
    if text in map(str, range(1, VERSION + 1)):
        return []
    if text.isdecimal() and int(text[:9]) > VERSION:
        return [f"version {_short(text)} is newer than this pdscope, which reads up to {VERSION}."]
    return [f"v={_short(text)} is no version; this pdscope reads versions up to {VERSION}."]


def _value(name, text):
    """The number in `text`, or the text, which the scenario will refuse by name."""
    info = parameters_of(Scenario)[name]
    if not isinstance(info, Number):
        return text
    if info.optional and not text:
        return None
    try:
        number = float(text)
    except ValueError:
        return text
    # In a refusal it reads as it was written.
    return int(number) if number.is_integer() else number


def _short(text):
    shown = text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"
    return f"“{shown}”"
