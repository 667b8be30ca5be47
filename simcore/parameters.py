"""What a scenario field is: its symbol, unit, range and help, and the check that goes with them.

The slider, the command-line flag, the file key and the sweep axis are all made from these.
"""

import dataclasses
import numbers
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum

from simcore.errors import ScenarioError

# A message names all options if there are no more than this.
MOST_NAMED = 12
MOST_CHARACTERS = 200


class Group(Enum):
    """What a field is about; pages and help put those of a group together."""

    BATCH = "Requests and pools"
    PARALLELISM = "Parallelism"
    FABRIC = "Fabric"
    TRANSFERS = "Collectives and KV handoff"


@dataclass(frozen=True, kw_only=True)
class Number:
    """A numeric field.

    Attributes
    ----------
    key : short name, for addresses
    symbol, label, unit, help : for people; the unit is "" for a plain count
    low, high, step : of the slider
    least, most : what may be typed; the cost of a run is bounded by these and by its event count
    whole : whether it counts something
    optional : whether None is a value, and then what None means
    group : what it is about
    """

    key: str
    symbol: str
    label: str
    unit: str
    help: str
    low: float
    high: float
    step: float
    least: float
    most: float
    whole: bool = True
    optional: str | None = None
    group: Group = Group.BATCH

    def check(self, name: str, value):
        """`value` as int or float; raises ScenarioError naming the field and its range."""
        if value is None and self.optional:
            return None
        if isinstance(value, str) and not value.strip():
            raise ScenarioError(f"{name} is empty; {self._range()}", field=name)
        asked = f"{name} = {_shown(value)}"
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            raise ScenarioError(f"{asked} is not a number; {self._range()}", field=name)
        if not self.least <= value <= self.most:  # NaN is not, either
            raise ScenarioError(f"{asked} is out of range; {self._range()}", field=name)
        if not self.whole:
            return float(value)
        if value != int(value):
            raise ScenarioError(f"{asked} is not a whole number; {self._range()}", field=name)
        return int(value)

    def _range(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        kind = "a whole number" if self.whole else "a number"
        return f"use {kind} from {self.least:,} to {self.most:,}{unit}"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A field that names one of several things.

    Attributes
    ----------
    key : short name, for addresses
    options : returns the names, in the order in which a slider steps through them
    named : returns the option that a text is another spelling or an alias of, or None
    nearest : returns the option whose name or alias is spelt most like a text, or None
    """

    key: str
    symbol: str
    label: str
    help: str
    options: Callable[[], tuple[str, ...]]
    named: Callable[[str], str | None] | None = None
    nearest: Callable[[str], str | None] | None = None
    group: Group = Group.BATCH

    def check(self, name: str, value):
        """The option that `value` names; raises ScenarioError with the closest one."""
        if self.named and isinstance(value, str) and (option := self.named(value)):
            return option
        options = self.options()
        if isinstance(value, str) and value in options:
            return value
        near = self._near(value, options) if isinstance(value, str) else None
        hint = f"did you mean {near!r}? " if near else ""
        if len(options) <= MOST_NAMED:
            known = f"use one of {', '.join(options)}"
        else:
            known = f"use one of the {len(options)} from {options[0]} to {options[-1]}"
        raise ScenarioError(f"{name} = {_shown(value)} is unknown; {hint}{known}", field=name)

    def _near(self, value, options):
        # Of what is long nothing is near, and to find that out would take long.
        if len(value) > MOST_CHARACTERS:
            return None
        return _closest(value, options) or (self.nearest(value) if self.nearest else None)


@dataclass(frozen=True, kw_only=True)
class Text:
    """A field that lists things in a short notation of its own.

    Attributes
    ----------
    key : short name, for addresses
    optional : what None means
    example : a text that it takes
    written : returns the one way in which what a text means is written; raises ValueError, saying
        what is wrong with it
    """

    key: str
    symbol: str
    label: str
    help: str
    optional: str
    example: str
    written: Callable[[str], str]
    group: Group = Group.BATCH

    def check(self, name: str, value):
        """The text as it is written, or None; raises ScenarioError with an example."""
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        if not isinstance(value, str):
            problem = "is no text"
        elif len(value) > MOST_CHARACTERS:
            problem = f"has more than {MOST_CHARACTERS} characters"
        else:
            try:
                return self.written(value)
            except ValueError as error:
                problem = f"is wrong: {error}"
        raise ScenarioError(
            f"{name} = {_shown(value)} {problem}; write it like {self.example!r}, or leave it "
            f"empty for {self.optional}",
            field=name,
        )


Parameter = Number | Choice | Text


def parameter(info: Parameter, default):
    """A dataclass field that carries its description."""
    return dataclasses.field(default=default, metadata={"info": info})


def parameters_of(cls) -> dict[str, Parameter]:
    """The descriptions of a dataclass's fields, by name, in order."""
    return {f.name: f.metadata["info"] for f in dataclasses.fields(cls)}


def _closest(value, options):
    """The option that `value` is a slip of, or in any case a part of; None if of none."""
    parts = [option for option in options if value and value.casefold() in option.casefold()]
    near = get_close_matches(value, options, n=1) or parts
    return near[0] if near else None


def _shown(value) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
