"""The measured points with every cost model's predictions, computed once a process."""

from dataclasses import dataclass
from functools import cache

import pandas as pd

from gpu_catalog import overlay
from simcore.calibration.points import USES, predicted_points

COST_MODELS = ("calibrated", "physical", "reference")


@dataclass(frozen=True, kw_only=True)
class Grouping:
    """What points can be told apart by.

    Attributes
    ----------
    column : of the points
    title : on screen
    none : what a point is called that has no value there
    """

    column: str
    title: str
    none: str = ""


GROUPINGS = {
    "quantity": Grouping(column="quantity", title="Quantity"),
    "gpu": Grouping(column="gpu", title="GPU"),
    "model": Grouping(column="model", title="Model", none="no model"),
    "engine": Grouping(column="engine", title="Engine or library"),
    "use": Grouping(column="use", title="Seen in fitting"),
}
"""By the short name that requests have."""

FILTERS = {"quantity": "quantities", "gpu": "gpus", "model": "models", "engine": "engines"}
"""Groupings that points can be chosen by, and how requests call the chosen values."""

AGAINST = {
    "measured_s": "Measured time",
    "batch": "Requests together",
    "context": "Context [token]",
    "tp": "Ranks",
    "bytes": "Bytes sent",
}
"""What residuals can be drawn against, by column of the points."""


@cache
# What ships is judged by what ships: all sessions share it, and none adds to it.
@overlay(None)
def points_of(cost_model: str) -> pd.DataFrame:
    """The points with the predictions of a cost model; shared, so do not write into it.

    Its columns are those of `predicted_points`, and `error`: predicted / measured - 1, NaN where
    nothing is predicted.
    """
    points = predicted_points(cost_model)
    for grouping in GROUPINGS.values():
        if grouping.none:
            points[grouping.column] = points[grouping.column].replace("", grouping.none)
    return points.assign(error=points["predicted_s"] / points["measured_s"] - 1)


@cache
def values_of(grouping: str) -> tuple[str, ...]:
    """The values that points have, in the order in which lists show them."""
    values = points_of(COST_MODELS[0])[GROUPINGS[grouping].column].unique()
    if grouping == "quantity":
        return tuple(values)
    if grouping == "use":
        return tuple(USES)
    return tuple(sorted(values, key=str.casefold))
