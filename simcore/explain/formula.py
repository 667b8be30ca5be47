"""What a formula is, as data."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Formula:
    """One formula, for people.

    Attributes
    ----------
    key : what it gives; one key may have a formula in each cost model
    name : the same in words
    expression : the formula
    symbols : what its symbols mean, beyond those of every scenario, in order
    unit : of the result; "" for a share
    source : where it comes from
    """

    key: str
    name: str
    expression: str
    symbols: tuple[tuple[str, str], ...] = ()
    unit: str
    source: str
