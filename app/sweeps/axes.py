"""The axes of a sweep as its page has them: read with suspicion, refused in the page's words."""

from app.sweeps.terms import label_of
from simcore.errors import ScenarioError
from simcore.parameters import parameters_of
from simcore.scenario import Scenario
from simcore.sweep import SweepPlan

MOST_CELLS = 2_000
ENDS = ("from", "to", "step")


class EndError(ScenarioError):
    """An axis of which one box is wrong.

    Attributes
    ----------
    end : one of `ENDS`
    """

    def __init__(self, message: str, *, field: str, end: str):
        super().__init__(message, field=field)
        self.end = end


class BadRequest(ValueError):
    """A body that this app's own pages never send."""


def checked(field: str, value):
    """`value` as the scenario's field takes it; what is no field stays as it is.

    Raises ScenarioError, which calls the field as the page does.
    """
    info = parameters_of(Scenario).get(field)
    if info is None:
        return value
    try:
        return info.check(label_of(field), value)
    except ScenarioError as error:
        raise ScenarioError(str(error), field=field) from None


def points(plan: SweepPlan, field: str, span) -> tuple:
    """The values of an axis, which are at least one and few enough.

    Parameters
    ----------
    span : a list of names where the field is a choice, one of numbers where the plan lists them,
        else an object of from, to and step

    Raises ScenarioError for what its reader can put right, BadRequest for anything else.
    """
    if plan.is_choice(field):
        return _names(field, span)
    if plan.is_list(field):
        return _numbers(field, span)
    if not isinstance(span, dict) or set(span) != set(ENDS):
        raise BadRequest(f"the axis {field} is an object of from, to and step")
    low, high = _end(field, span, "from"), _end(field, span, "to")
    step = _step(field, span["step"])
    if high < low:
        raise EndError(
            f"{label_of(field)} ends at {high:,}, before it begins at {low:,}; "
            f"let it go from {high:,} to {low:,}",
            field=field,
            end="to",
        )
    values = range(low, high + 1, step)
    if len(values) > MOST_CELLS:
        raise EndError(
            f"{label_of(field)} has {len(values):,} values, more than {MOST_CELLS:,}; "
            "take larger steps",
            field=field,
            end="step",
        )
    return tuple(values)


def list_text(values) -> str:
    """Numbers as the box of a list has them."""
    return ", ".join(map(str, values))


def _numbers(field, listed):
    if not isinstance(listed, list):
        raise BadRequest(f"the axis {field} is a list of numbers")
    if not listed:
        raise ScenarioError(f"{label_of(field)} has no values; list at least one", field=field)
    if len(listed) > MOST_CELLS:
        raise BadRequest(f"the axis {field} has {MOST_CELLS} values at most")
    values = [checked(field, value) for value in listed]
    if None in values:
        raise BadRequest(f"the axis {field} is a list of numbers")
    if len(set(values)) < len(values):
        twice = next(value for value in values if values.count(value) > 1)
        raise ScenarioError(f"{label_of(field)} has {twice} twice; list it once", field=field)
    return tuple(sorted(values))


def _names(field, names):
    if not isinstance(names, list):
        raise BadRequest(f"the axis {field} is a list of names")
    if not names:
        raise ScenarioError(f"{label_of(field)} has no values; choose at least one", field=field)
    if len(names) > len(parameters_of(Scenario)[field].options()):
        raise BadRequest(f"the axis {field} has each name once")
    values = tuple(checked(field, name) for name in names)
    if len(set(values)) < len(values):
        raise BadRequest(f"the axis {field} has each name once")
    return values


def _end(field, span, end):
    try:
        return checked(field, span[end])
    except ScenarioError as error:
        raise EndError(str(error), field=field, end=end) from None


def _step(field, step):
    most = parameters_of(Scenario)[field].most
    number = isinstance(step, int | float) and not isinstance(step, bool)
    if not number or not 1 <= step <= most or step != int(step):
        raise EndError(
            f"The step of {label_of(field)} is not a whole number from 1 to {most:,}",
            field=field,
            end="step",
        )
    return int(step)
