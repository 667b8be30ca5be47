"""The roofline of chosen GPUs, with the passes of a scenario on it, for what the browser asks."""

from app import numbers
from app.figures.palette import SCHEMES
from app.figures.roofline import Passes, Roof, colours, roofline
from app.gantt6d.asked import scenario_in
from gpu_catalog import gpu, gpu_name
from simcore import PdscopeError, Scenario, ScenarioError
from simcore.costs import Pool
from simcore.explain.numbers import quantity
from simcore.run import cost_model_of

MOST_GPUS = 6
FORMATS = {"BF16": "flops", "FP8": "flops_fp8"}


def roofline_for(asked) -> dict:
    """The answer to whatever the browser sent; it never raises for what may be posted.

    `asked` is {"values": scenario fields, "gpus": names, "formats": of FORMATS, "scheme"}. The
    answer has the `figure`, the `colours` of its GPUs, what is `said` of the passes, which formats
    GPUs are `without`, and, where there are no passes, `wrong`, which says why. Where what is asked
    for makes no sense there is an `error` in their place.
    """
    try:
        names, formats, scheme = _chosen(asked)
        roofs = [
            Roof(gpu=name, format=each, flops=peak, bandwidth=gpu(name).bandwidth)
            for name in names
            for each in formats
            if (peak := getattr(gpu(name), FORMATS[each]))
        ]
    except PdscopeError as error:
        return {"error": f"{error}."}
    points, wrong = (), {}
    try:
        points = passes_of(scenario_in(asked))
    except PdscopeError as error:
        wrong = {"wrong": f"No passes are shown: {numbers.spaced(str(error))}."}
    return {
        "figure": roofline(roofs, points, scheme),
        "colours": colours([roof.gpu for roof in roofs], scheme),
        "said": " ".join(_said(point) for point in points),
        "without": [
            f"{name} has no {each}" for name in names for each in formats
            if not getattr(gpu(name), FORMATS[each])
        ],
        **wrong,
    }  # fmt: skip


def passes_of(scenario: Scenario) -> tuple[Passes, Passes]:
    """Prefill and decode passes of the first stage of each pool.

    Raises ScenarioError where the scenario's cost model cannot describe it.
    """
    costs = cost_model_of(scenario)
    return (
        _passes(costs.prefill_passes(0), scenario.prefill_pool, scenario, "chunks"),
        _passes(costs.decode_passes(0), scenario.decode_pool, scenario, "steps"),
    )


def _passes(costs, pool: Pool, scenario, what):
    flop, traffic, seconds = (
        float(part.sum()) for part in (costs.flop, costs.traffic, costs.seconds)
    )
    count, intensity, flops = len(costs.seconds), flop / traffic, flop / seconds
    roof = min(costs.flops, costs.bandwidth * intensity)
    bound = "computing" if intensity >= costs.flops / costs.bandwidth else "memory"
    told = (
        f"<b>{pool.name} on {pool.gpu.name}</b>",
        f"stage 0, {numbers.count(count)} {what if count > 1 else what[:-1]}, "
        f"{scenario.cost_model} costs",
        f"{quantity(flop, 'FLOP')} by {quantity(traffic, 'B')}: "
        f"{numbers.significant(intensity)} FLOP/byte",
        f"in {numbers.duration_text(seconds)}: {quantity(flops, 'FLOP/s')}",
        f"{numbers.percent(flops / roof)} of its roof of {quantity(roof, 'FLOP/s')}, "
        f"which {bound} sets",
    )
    return Passes(pool=pool.name, gpu=pool.gpu.name, intensity=intensity, flops=flops, told=told)


def _said(point):
    first, _, _, *rest = point.told
    name = first.removeprefix("<b>").removesuffix("</b>")
    return (
        f"{name[:1].upper()}{name[1:]}: {numbers.significant(point.intensity)} FLOP/byte, "
        f"{quantity(point.flops, 'FLOP/s')}, {rest[-1]}."
    )


def _chosen(asked):
    """GPUs, formats and colours; raises ScenarioError where they are none."""
    if not isinstance(asked, dict):
        raise ScenarioError("a request is a mapping with `values`, `gpus`, `formats` and `scheme`")
    names, formats, scheme = (asked.get(key) for key in ("gpus", "formats", "scheme"))
    if not isinstance(names, list) or len(names) > MOST_GPUS:
        raise ScenarioError(f"`gpus` is a list of {MOST_GPUS} names at most")
    known = [gpu_name(name) if isinstance(name, str) else None for name in names]
    if None in known:
        raise ScenarioError("`gpus` has a name that the catalog has not")
    if not isinstance(formats, list) or not all(
        isinstance(each, str) and each in FORMATS for each in formats
    ):
        raise ScenarioError(f"`formats` is a list of {', '.join(FORMATS)}")
    if scheme not in SCHEMES:
        raise ScenarioError(f"`scheme` is one of {', '.join(SCHEMES)}")
    return list(dict.fromkeys(known)), list(dict.fromkeys(formats)), scheme
