"""A formula with its values put in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from simcore.explain.formula import Formula
from simcore.explain.formulas import SYMBOLS

# Of the general symbols those that stand beside the page's controls.
CONTROLS = ("N", "T", "M", "O", "PP", "TP", "DP")


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """How one number was computed.

    Attributes
    ----------
    title : what it is
    formula : the formula
    values : the same with values put in, and what comes of it, as text
    value : what comes of it, in `unit`
    unit : "s", "B" or "FLOP"; "" for a share
    source : where the formula comes from
    where : what the formula's symbols mean and, where they are few, what they are here
    details : the same for what was put in, where that is computed too
    """

    title: str
    formula: str
    values: str
    value: float
    unit: str
    source: str
    where: str = ""
    details: tuple["Explanation", ...] = ()

    @property
    def lines(self) -> list[str]:
        """Title; formula, values and symbols, and those of the details; then the source."""
        return [self.title, *self._body(), f"Source: {self.source}."]

    def _body(self):
        body = [self.formula, self.values]
        if self.where:
            body.append(f"where {self.where}")
        for detail in self.details:
            body += detail._body()
        return body


def explained(
    formula: Formula,
    values: str,
    value: float,
    *,
    title: str | None = None,
    known: Mapping[str, str] | None = None,
    details: tuple[Explanation, ...] = (),
) -> Explanation:
    """`formula` with `values` put in, which give `value`; of some symbols the value is `known`."""
    return Explanation(
        title=title or formula.name,
        formula=formula.expression,
        values=values,
        value=float(value),
        unit=formula.unit,
        source=formula.source,
        where=_where(formula, known or {}),
        details=tuple(details),
    )


def _where(formula, known):
    """The symbols in a formula in few words: of each what stands before the first colon."""
    told = []
    for symbol, meaning in (*formula.symbols, *SYMBOLS):
        if symbol in CONTROLS or not _is_in(symbol, formula.expression):
            continue
        short = re.split("[;:]", meaning)[0]
        value = f" = {known[symbol]}," if symbol in known else ":"
        told.append(f"{symbol}{value} {short}")
    return "; ".join(told)


def _is_in(symbol, expression):
    """Whether one of some symbols stands there; a function with whatever arguments."""
    names = [name.partition("(")[0] for name in symbol.split(", ")]
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", expression) for name in names)
