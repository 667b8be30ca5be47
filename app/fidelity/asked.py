"""What the page's browser asks for, read with suspicion."""

from dataclasses import dataclass

import pandas as pd

from app.fidelity.shown import AGAINST, COST_MODELS, FILTERS, GROUPINGS, points_of, values_of
from app.figures.palette import SCHEMES
from simcore.errors import PdscopeError

MOST_SEQ = 2**53
MOST_CHOSEN = 100


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A choice of points and how they are to be shown.

    Attributes
    ----------
    seq : number of the request, which the answer carries
    chosen : by grouping the values that are wanted; a grouping without any wants all
    by : grouping that colours tell apart
    against : column that residuals are drawn over
    scheme : light or dark
    """

    seq: int
    cost_model: str
    chosen: dict[str, tuple[str, ...]]
    by: str
    against: str
    scheme: str

    def points(self, cost_model: str | None = None) -> pd.DataFrame:
        """The points that are wanted, with the predictions of the cost model asked for or given."""
        points = points_of(cost_model or self.cost_model)
        for grouping, values in self.chosen.items():
            if values:
                points = points[points[GROUPINGS[grouping].column].isin(values)]
        return points


def seq_of(body) -> int | None:
    """The number of a request, if it has one, however wrong the rest is."""
    seq = body.get("seq") if isinstance(body, dict) else None
    return seq if type(seq) is int and 0 <= seq <= MOST_SEQ else None


def read(body) -> Asked:
    """The request in what was sent; raises PdscopeError naming what is wrong with it."""
    seq = seq_of(body)
    if seq is None:
        raise PdscopeError("a request is a mapping with a number `seq`")
    return Asked(
        seq=seq,
        cost_model=_one_of(body, "cost_model", COST_MODELS),
        chosen={grouping: _some_of(body, name, grouping) for grouping, name in FILTERS.items()},
        by=_one_of(body, "by", GROUPINGS),
        against=_one_of(body, "against", AGAINST),
        scheme=_one_of(body, "scheme", SCHEMES),
    )


def _one_of(body, name, known):
    value = body.get(name)
    if not isinstance(value, str) or value not in known:
        raise PdscopeError(f"`{name}` is one of {', '.join(known)}")
    return value


def _some_of(body, name, grouping):
    values = body.get(name)
    if not isinstance(values, list) or len(values) > MOST_CHOSEN:
        raise PdscopeError(f"`{name}` is a list of at most {MOST_CHOSEN} names")
    known = values_of(grouping)
    unknown = [value for value in values if not (isinstance(value, str) and value in known)]
    if unknown:
        raise PdscopeError(f"`{name}` holds a name that no point has; choose from the list")
    return tuple(values)
