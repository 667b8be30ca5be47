"""From plain data, as a YAML file has it, to values; errors name the place and what to write."""

import dataclasses
import numbers
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from simcore.errors import ScenarioError, one_line
from simcore.parameters import MOST_CHARACTERS, parameters_of
from simcore.registry import Registry

MOST_LISTED = 100_000


def built(kind: type, where: str, values, **given) -> Any:
    """A dataclass `kind` from a mapping of its fields.

    Parameters
    ----------
    kind : a dataclass whose fields are described, each by something that has a `check`
    where : place of the mapping, "" for the top
    values : what stands there
    given : fields that are built already

    Raises ScenarioError with the place as `field`.
    """
    fields = parameters_of(kind)
    if not isinstance(values, Mapping):
        raise ScenarioError(
            f"{where or 'it'} = {shown(values)} must be a mapping with the keys "
            f"{', '.join(fields)}",
            field=where or None,
        )
    refuse_unknown(where, values, fields)
    checked = {
        name: fields[name].check(inside(where, name), value) for name, value in values.items()
    }
    try:
        return kind(**checked, **given)
    except ScenarioError as error:
        at = inside(where, error.field) if error.field else where
        raise ScenarioError(f"{where}: {error}" if where else str(error), field=at) from None


def refuse_unknown(where: str, values: Mapping, known: Iterable[str]) -> None:
    """Raise ScenarioError for a key of `values` that is not known, with the closest one."""
    known = tuple(known)
    for key in values:
        if key not in known:
            near = get_close_matches(str(key)[:MOST_CHARACTERS], known, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            at = inside(where, key)
            raise ScenarioError(f"{at} is unknown; {hint}the keys are {', '.join(known)}", field=at)


def inside(where: str, key) -> str:
    """The place of `key` in the mapping at `where`."""
    key = one_line(str(key))[:MOST_CHARACTERS]
    return f"{where}.{key}" if where else key


def shown(value) -> str:
    """`value` for a message, cut where it is long."""
    text = one_line(repr(value))
    return text if len(text) <= 60 else text[:57] + "..."


def plain(value) -> dict:
    """What `built` would make the dataclass `value` of; what is as by default is left out."""
    fields = ((f, getattr(value, f.name)) for f in dataclasses.fields(value))
    return {f.name: _plain(f.metadata["info"], x) for f, x in fields if x != f.default}


def _plain(info, value):
    return info.plain(value) if hasattr(info, "plain") else value


@dataclass(frozen=True)
class Name:
    """A field that is a short text."""

    def check(self, name: str, value) -> str:
        """The text; raises ScenarioError for another thing, an empty or a long one."""
        if not isinstance(value, str) or not value.strip():
            raise ScenarioError(f"{name} = {shown(value)} must be a text", field=name)
        if len(value) > MOST_CHARACTERS:
            raise ScenarioError(f"{name} has more than {MOST_CHARACTERS} characters", field=name)
        return value

    plain = staticmethod(str)


@dataclass(frozen=True)
class Listed:
    """A field that is a list of numbers from `least` to `most`; `empty` where it may be empty."""

    least: float
    most: float
    empty: bool = False

    def check(self, name: str, value) -> tuple[float, ...]:
        """`value` as a tuple of floats; raises ScenarioError naming the place and the range."""
        if not isinstance(value, list | tuple):
            raise ScenarioError(f"{name} = {shown(value)} must be a list of numbers", field=name)
        if not value and not self.empty:
            raise ScenarioError(f"{name} is empty; give one number or more", field=name)
        if len(value) > MOST_LISTED:
            raise ScenarioError(
                f"{name} lists {len(value):,} numbers; use {MOST_LISTED:,} or fewer", field=name
            )
        for place, number in enumerate(value):
            real = isinstance(number, numbers.Real) and not isinstance(number, bool)
            if not real or not self.least <= number <= self.most:
                raise ScenarioError(
                    f"{name}[{place}] = {shown(number)} is out of range; use a number from "
                    f"{self.least:,} to {self.most:,}",
                    field=name,
                )
        return tuple(map(float, value))

    plain = staticmethod(list)


@dataclass(frozen=True)
class Part:
    """A field that is a value of the dataclass `kind`, or None."""

    kind: type

    def check(self, name: str, value):
        """The value that a mapping describes; None stays None."""
        return None if value is None else built(self.kind, name, value)

    @staticmethod
    def plain(value):
        """The mapping, or None."""
        return None if value is None else plain(value)


@dataclass(frozen=True)
class Parts:
    """A field that lists values of the dataclass `kind`, up to `most`."""

    kind: type
    most: int

    def check(self, name: str, value) -> tuple:
        """The values that a list of mappings describes; raises ScenarioError naming the place."""
        if not isinstance(value, list | tuple):
            raise ScenarioError(f"{name} = {shown(value)} must be a list", field=name)
        if len(value) > self.most:
            raise ScenarioError(
                f"{name} lists {len(value):,}; use {self.most} or fewer", field=name
            )
        return tuple(built(self.kind, f"{name}[{i}]", each) for i, each in enumerate(value))

    @staticmethod
    def plain(value):
        """The list of mappings."""
        return [plain(each) for each in value]


@dataclass(frozen=True)
class Chosen:
    """A field that is one of the laws of a registry.

    Attributes
    ----------
    number : name of the law that a plain number stands for, and of its field; None for none
    optional : whether it may be None
    """

    registry: Registry
    number: tuple[str, str] | None = None
    optional: bool = False

    def check(self, name: str, value):
        """The law that a mapping describes: its name under `law`, and its fields."""
        if value is None and self.optional:
            return None
        if self.number and isinstance(value, numbers.Real) and not isinstance(value, bool):
            law, field = self.number
            value = {"law": law, field: value}
        if not isinstance(value, Mapping) or not isinstance(value.get("law"), str):
            number = "a number, or " if self.number else ""
            raise ScenarioError(
                f"{name} = {shown(value)} must be {number}a mapping with a law, one of "
                f"{', '.join(self.registry.names())}",
                field=name,
            )
        try:
            kind = self.registry[value["law"][:MOST_CHARACTERS]]
        except ScenarioError as error:
            raise ScenarioError(f"{name}.law: {error}", field=f"{name}.law") from None
        return built(kind, name, {k: v for k, v in value.items() if k != "law"})

    def plain(self, value):
        """The mapping, with the law's name."""
        names = {kind: name for name, kind in self.registry.registered.items()}
        return None if value is None else {"law": names[type(value)], **plain(value)}
