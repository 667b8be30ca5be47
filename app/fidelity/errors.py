"""How far predictions are from measurements, group by group."""

from dataclasses import dataclass

import pandas as pd

from app.fidelity.asked import Asked
from app.fidelity.shown import COST_MODELS, GROUPINGS, values_of
from simcore.calibration.accuracy import Accuracy, accuracy

NEAR, FAR = 0.10, 0.25
"""Errors that people ask for the share of points within."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Some of the points and how well they are predicted.

    Attributes
    ----------
    name : "" for all points together
    number : of its colour; None for all points together
    points : how many there are
    accuracy : of those that are predicted; None where none is
    alike : whether all are of one quantity, so that R² says something
    others : mean error by the other cost models, None where one predicts none of the points
    """

    name: str
    number: int | None
    points: int
    accuracy: Accuracy | None
    alike: bool
    others: dict[str, float | None]


def groups_of(asked: Asked) -> tuple[str, ...]:
    """The names of the groups that the points asked for are in, in the order of their colours."""
    column = GROUPINGS[asked.by].column
    present = set(asked.points()[column])
    return tuple(name for name in values_of(asked.by) if name in present)


def table_of(asked: Asked) -> list[Group]:
    """All points together, and each group of them."""
    column = GROUPINGS[asked.by].column
    by_model = {model: asked.points(model) for model in COST_MODELS}
    table = [_group(asked, "", None, by_model)]
    # What was seen in fitting is told of the cost model that is asked for.
    label = by_model[asked.cost_model][column]
    for number, name in enumerate(groups_of(asked)):
        rows = label.index[label == name]
        parts = {model: points.loc[rows] for model, points in by_model.items()}
        table.append(_group(asked, name, number, parts))
    return table


def furthest(points: pd.DataFrame, count: int) -> pd.DataFrame:
    """The points whose predictions are furthest off, the worst first."""
    order = points["error"].abs().sort_values(ascending=False, kind="stable").dropna().index
    return points.loc[order[:count]]


def within(points: pd.DataFrame, error: float) -> float:
    """Share of the predicted points that are off by no more than `error`."""
    errors = points["error"].dropna().abs()
    return float((errors <= error).mean())


def _group(asked, name, number, by_model) -> Group:
    found = {model: _accuracy(points) for model, points in by_model.items()}
    return Group(
        name=name,
        number=number,
        points=len(by_model[asked.cost_model]),
        accuracy=found.pop(asked.cost_model),
        alike=by_model[asked.cost_model]["quantity"].nunique() == 1,
        others={model: known and known.mape for model, known in found.items()},
    )


def _accuracy(points):
    known = points[points["predicted_s"].notna()]
    return accuracy(known["predicted_s"], known["measured_s"]) if len(known) else None
