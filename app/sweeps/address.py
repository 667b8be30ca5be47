"""A sweep as the part of an address after "?": its scenario, its axes and what is shown of it.

    v=3&n=4&ms=64:512:64&decodes=NVIDIA+H100,NVIDIA+H200&metric=tpot

An axis has the key of its field with an s behind it, and from:to:step, or names or numbers with
commas. What is as the page has it by default is left out. The browser itself adds the metric
(assets/pages/sweep/address.js).
"""

from dataclasses import dataclass

from app.share import VERSION, Link, query_of, read_query
from app.sweeps.axes import ENDS, BadRequest, points
from app.sweeps.terms import metrics_of, usual_metric
from simcore.errors import ScenarioError
from simcore.parameters import parameters_of
from simcore.scenario import Scenario
from simcore.sweep import SWEEPS, SweepPlan

METRIC_KEY = "metric"


def axis_key(field: str) -> str:
    """Of an axis over the field."""
    return f"{parameters_of(Scenario)[field].key}s"


# Of all sweeps, so that the address of one can be opened as another's.
OWN_KEYS = (
    METRIC_KEY,
    *dict.fromkeys(axis_key(field) for plan in SWEEPS.values() for field in (plan.x, plan.y)),
)


@dataclass(frozen=True)
class SweepLink:
    """What an address says of a sweep.

    Attributes
    ----------
    base : the scenario, with the values of the axes' fields that other pages have
    spans : of each axis from, to and step, or names, or a list of numbers
    metric : key of the plan's metrics
    notice : what the visitor should know of it; None if there is nothing
    """

    base: Scenario
    spans: dict[str, dict | list]
    metric: str
    notice: str | None


def default_span(plan: SweepPlan, field: str) -> dict | list:
    """The plan's axis as the page's boxes have it."""
    values = plan.axes[field]
    if plan.is_choice(field) or plan.is_list(field):
        return list(values)
    step = values[1] - values[0]
    high = parameters_of(Scenario)[field].high
    # As people say it: M to 2048, though no step ends there.
    last = high if values[-1] < high < values[-1] + step else values[-1]
    return dict(zip(ENDS, (values[0], last, step), strict=True))


def read_sweep(query: str, plan: SweepPlan) -> SweepLink:
    """What the address says; never raises, but says what it ignored.

    Where it says nothing of the scenario, that is the plan's own.
    """
    link = read_query(query, OWN_KEYS)
    says_scenario = any(part and not _is_own(part) for part in query.split("&"))
    ignored, spans = list(link.ignored), {}
    for field in (plan.x, plan.y):
        spans[field] = default_span(plan, field)
        text = link.own.get(axis_key(field))
        if text is not None:
            try:
                span = _span(plan, field, text)
                points(plan, field, span)
                spans[field] = span
            except (ScenarioError, BadRequest) as error:
                ignored.append(f"{error}.")
    metric, known = link.own.get(METRIC_KEY, usual_metric(plan)), metrics_of(plan)
    if metric not in known:
        ignored.append(f"{METRIC_KEY} is one of {', '.join(known)}.")
        metric = usual_metric(plan)
    base = link.scenario if says_scenario else plan.base
    notice = Link(base, {}, tuple(ignored)).notice
    return SweepLink(base, spans, metric, notice)


def query_of_sweep(plan: SweepPlan, base: Scenario, spans: dict) -> str:
    """The address of a sweep, but for its metric.

    Parameters
    ----------
    spans : as `SweepLink` has them, already checked
    """
    own = {
        axis_key(field): _text(span)
        for field, span in spans.items()
        if span != default_span(plan, field)
    }
    if base == plan.base and not own:
        return ""
    return query_of(base, own) or f"v={VERSION}"


def _is_own(part):
    return part.split("=", 1)[0] in OWN_KEYS


def _text(span):
    if isinstance(span, list):
        return ",".join(map(str, span))
    return ":".join(f"{span[end]:.0f}" for end in ENDS)


def _span(plan, field, text):
    if plan.is_choice(field):
        return text.split(",")
    if plan.is_list(field):
        return [_whole(field, part) for part in text.split(",")]
    parts = text.split(":")
    if len(parts) != len(ENDS) or not all(p.isascii() and p.isdigit() for p in parts):
        raise BadRequest(f"{axis_key(field)} is not from:to:step in whole numbers")
    return {end: _whole(field, part) for end, part in zip(ENDS, parts, strict=True)}


def _whole(field, text):
    if not (text.isascii() and text.isdigit()):
        raise BadRequest(f"{axis_key(field)} is not a list of whole numbers")
    # More digits than any field takes are as wrong as the first ten.
    return int(text[:10])
