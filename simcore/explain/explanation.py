"""A formula with its values put in."""

from dataclasses import dataclass

from simcore.explain.formula import Formula


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
    details : the same for what was put in, where that is computed too
    """

    title: str
    formula: str
    values: str
    value: float
    unit: str
    source: str
    details: tuple["Explanation", ...] = ()

    @property
    def lines(self) -> list[str]:
        """As lines of text: title, formula and values, those of the details, then the source."""
        return [self.title, *self._body(), f"Source: {self.source}."]

    def _body(self):
        body = [self.formula, self.values]
        for detail in self.details:
            body += detail._body()
        return body


def explained(formula: Formula, values: str, value: float, *, title=None, details=()):
    """`formula` with `values` put in, which give `value`."""
    return Explanation(
        title=title or formula.name,
        formula=formula.expression,
        values=values,
        value=float(value),
        unit=formula.unit,
        source=formula.source,
        details=tuple(details),
    )
