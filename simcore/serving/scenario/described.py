"""Fields of a cluster's description that are values of other rooms, by their own checks."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol

from simcore.errors import ScenarioError
from simcore.parameters import MOST_CHARACTERS
from simcore.registry import Registry
from simcore.serving.policies import Policy, made
from simcore.serving.workload.building import inside, refuse_unknown, shown

POLICY = "policy"


class Checked(Protocol):
    """What says of a field's plain value what it means."""

    def check(self, name: str, value: Any) -> Any:
        """The value; raises ScenarioError that names the place."""


@dataclass(frozen=True)
class Switch:
    """A field that is true or false."""

    help: str = ""

    def check(self, name: str, value) -> bool:
        """The value; raises ScenarioError for any other."""
        if not isinstance(value, bool):
            raise ScenarioError(f"{name} = {shown(value)}; use true or false", field=name)
        return value


@dataclass(frozen=True)
class OneOf:
    """A field that names a member of `kind` by its value."""

    kind: type[Enum]

    def check(self, name: str, value):
        """The member; raises ScenarioError that lists them."""
        for member in self.kind:
            if member is value or member.value == value:
                return member
        names = ", ".join(member.value for member in self.kind)
        raise ScenarioError(f"{name} = {shown(value)} is unknown; use one of {names}", field=name)

    @staticmethod
    def plain(value: Enum) -> str:
        """What the member is called."""
        return value.value


@dataclass(frozen=True)
class Told:
    """A field that is a value of the dataclass `kind`, which checks its own numbers.

    Attributes
    ----------
    those : fields that plain data say in another way than as they are
    optional : whether it may be None
    hidden : fields that a description cannot set
    """

    kind: type
    those: Mapping[str, Checked] = field(default_factory=dict)
    optional: bool = False
    hidden: tuple[str, ...] = ()

    def check(self, name: str, value):
        """The value that a mapping describes; raises ScenarioError that names the place."""
        if isinstance(value, self.kind) or (value is None and self.optional):
            return value
        known = [f.name for f in dataclasses.fields(self.kind) if f.name not in self.hidden]
        if not isinstance(value, Mapping):
            raise ScenarioError(
                f"{name} = {shown(value)} must be a mapping with the keys {', '.join(known)}",
                field=name,
            )
        refuse_unknown(name, value, known)
        values = {
            key: self.those[key].check(inside(name, key), each) if key in self.those else each
            for key, each in value.items()
        }
        return placed(name, lambda: self.kind(**values))

    def plain(self, value) -> dict | None:
        """The mapping; what is as by default is left out."""
        if value is None:
            return None
        found = {}
        for each in dataclasses.fields(value):
            now = getattr(value, each.name)
            if now != each.default and each.name not in self.hidden:
                how = self.those.get(each.name)
                found[each.name] = how.plain(now) if hasattr(how, "plain") else now
        return found


@dataclass(frozen=True)
class Chooses:
    """A field that is a policy: its name, or a mapping with the name and parameters."""

    registry: Registry

    def check(self, name: str, value) -> Policy:
        """The policy; raises ScenarioError where there is none such, or a parameter is wrong."""
        if isinstance(value, Policy):
            policy = value
        elif isinstance(value, str):
            policy = Policy(value[:MOST_CHARACTERS])
        elif isinstance(value, Mapping) and isinstance(value.get(POLICY), str):
            rest = {key: each for key, each in value.items() if key != POLICY}
            policy = Policy(value[POLICY][:MOST_CHARACTERS], rest)
        else:
            raise ScenarioError(
                f"{name} = {shown(value)} must name a policy, one of "
                f"{', '.join(self.registry.names())}, or be a mapping with {POLICY} and its "
                "parameters",
                field=name,
            )
        placed(name, lambda: made(self.registry, policy))
        return policy

    @staticmethod
    def plain(policy: Policy) -> str | dict:
        """The name, or the mapping."""
        return {POLICY: policy.name, **policy.parameters} if policy.parameters else policy.name


def placed(name: str, make: Callable):
    """What `make` returns; its ScenarioError names the place `name`, too."""
    try:
        return make()
    except ScenarioError as error:
        at = inside(name, error.field) if error.field else name
        raise ScenarioError(f"{name}: {error}", field=at) from None
