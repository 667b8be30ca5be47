"""A scenario as the part of an address after "?", and back: short, readable, versioned.

    v=1&prefill=NVIDIA+H200&t=4096&m=512

Each key is the one that the scenario's field names; fields at their defaults are left out. The
version says which defaults and keys are meant: whoever changes either adds a version.
"""

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from simcore import Scenario, ScenarioError
from simcore.parameters import Number, parameters_of

VERSION = 1
MOST_CHARACTERS = 4096
MOST_PAIRS = 64
LONGEST_SHOWN = 24


@dataclass(frozen=True)
class Link:
    """What an address says.

    Attributes
    ----------
    scenario : with the defaults for what it does not say, or says wrongly
    own : the page's own keys that it has, with their texts
    ignored : what it says that means nothing, a sentence each
    """

    scenario: Scenario
    own: dict[str, str]
    ignored: tuple[str, ...]

    @property
    def notice(self) -> str | None:
        """What the visitor should know of it; None if there is nothing."""
        if not self.ignored:
            return None
        return f"This link says what could not be used: {' '.join(self.ignored)}"


def query_of(scenario: Scenario, own: dict[str, str] | None = None) -> str:
    """The address of a scenario; "" where all is as usual.

    Parameters
    ----------
    own : further keys, which the page itself reads
    """
    pairs = {**_pairs(scenario), **(own or {})}
    # Readable in an address line: neither is special behind the "?".
    return urlencode({"v": VERSION, **pairs}, safe=":,") if pairs else ""


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
    fields = _fields_by_key()
    scenario, kept, ignored = Scenario(), {}, []
    for key, text in pairs:
        if key in own:
            kept[key] = text
        elif key == "v":
            ignored += _doubts(text)
        elif key in fields:
            try:
                scenario = scenario.replace(**{fields[key]: _value(fields[key], text)})
            except ScenarioError as error:
                ignored.append(f"{error}.")
        else:
            ignored.append(f"{_short(key)} is no setting.")
    return Link(scenario, kept, tuple(ignored))


def _pairs(scenario):
    usual, infos = Scenario().to_dict(), parameters_of(Scenario)
    said = {name: value for name, value in scenario.to_dict().items() if value != usual[name]}
    return {infos[name].key: "" if value is None else value for name, value in said.items()}


def _fields_by_key():
    """By short key, and by the field's whole name, which links had before there were versions."""
    infos = parameters_of(Scenario)
    return {**{name: name for name in infos}, **{info.key: name for name, info in infos.items()}}


def _doubts(text):
    if text == str(VERSION):
        return []
    if text.isdecimal() and int(text[:9]) > VERSION:
        return [
            f"version {_short(text)} is newer than this pdscope, which reads version {VERSION}."
        ]
    return [f"v={_short(text)} is no version; this pdscope reads version {VERSION}."]


def _value(name, text):
    """The number in `text`, or the text, which the scenario will refuse by name."""
    info = parameters_of(Scenario)[name]
    if not isinstance(info, Number):
        return text
    if info.optional and not text:
        return None
    try:
        return float(text)
    except ValueError:
        return text


def _short(text):
    shown = text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"
    return f"“{shown}”"
