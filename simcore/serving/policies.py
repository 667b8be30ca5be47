"""Policies by name: what a description says, and the objects that are made of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Any

from simcore.errors import ScenarioError
from simcore.registry import Registry


@dataclass(frozen=True)
class Policy:
    """A policy by its name, and what is set of its parameters.

    Attributes
    ----------
    parameters : by their names; the others have their defaults
    """

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


def made(registry: Registry, policy: Policy):
    """The policy that a description names, a new one at each call.

    Policies are dataclasses, whose fields are their parameters. Raises ScenarioError where there is
    none of that name, or it has no such parameter, or refuses a value.
    """
    kind = registry[policy.name]
    names = [each.name for each in fields(kind) if each.init]
    for name in policy.parameters:
        if name not in names:
            near = get_close_matches(str(name), names, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            said = f"it has {', '.join(names)}" if names else "it has none"
            raise ScenarioError(
                f"{registry.kind} {policy.name!r} has no parameter {str(name)[:60]!r}; "
                f"{hint}{said}",
                field=str(name)[:60],
            )
    return kind(**policy.parameters)


def refuse_outside(policy, name: str, low: float, high: float, *, whole: bool = False) -> None:
    """Raises ScenarioError unless a parameter is a number from `low` to `high`."""
    value = getattr(policy, name)
    kinds = int if whole else int | float
    if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
        what = "a whole number" if whole else "a number"
        raise ScenarioError(
            f"{name} = {value!r}; use {what} from {low:g} to {high:g}",
            field=name,
        )
