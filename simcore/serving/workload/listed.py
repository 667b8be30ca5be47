"""Fields that list numbers."""

import numbers
from dataclasses import dataclass

from simcore.errors import ScenarioError

MOST_LISTED = 100_000


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A field that is a list of numbers.

    Attributes
    ----------
    least, most : what each may be
    empty : whether there may be none
    """

    least: float
    most: float
    empty: bool = False

    def check(self, name: str, value) -> tuple[float, ...]:
        """`value` as a tuple of floats; raises ScenarioError naming the place and the range."""
        if not isinstance(value, list | tuple):
            raise ScenarioError(f"{name} must be a list of numbers", field=name)
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
                    f"{name}[{place}] = {repr(number)[:60]} is out of range; use a number from "
                    f"{self.least:,} to {self.most:,}",
                    field=name,
                )
        return tuple(map(float, value))
