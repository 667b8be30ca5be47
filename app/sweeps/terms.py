"""How people call what a sweep varies and what it measures."""

import re
from urllib.parse import parse_qsl

from app import numbers
from app.figures.grid import Axis, Metric
from app.metrics_told import DURATIONS, RATES, MetricTold
from app.scenario_told import fabric_told, pool_told, shape_told
from app.share import query_of
from simcore.parameters import Choice, parameters_of
from simcore.scenario import Scenario
from simcore.sweep import SweepPlan

OF_DECODE = {"decode_pp": "pp", "decode_tp": "tp"}
"""Degrees of the decode pool, whose labels are short as they stand beside those of prefill."""


def told_of(plan: SweepPlan) -> dict[str, MetricTold]:
    """The metrics that a plan's page offers, by the short name that addresses have."""
    return DURATIONS | ({"rate": RATES[plan.pool]} if plan.pool else {})


def metrics_of(plan: SweepPlan) -> dict[str, Metric]:
    """The same, as pictures take them."""
    return {
        key: Metric(field=told.field, symbol=told.symbol, text=told.text, rate=told.rate)
        for key, told in told_of(plan).items()
    }


def usual_metric(plan: SweepPlan) -> str:
    """Key of the metric that is shown unless another is asked for.

    Of pairs of GPUs that is the TTFT, as the TTDS does not depend on the one that decodes. Of a
    pool it is what that pool is there for.
    """
    if plan.pool:
        return "ttft" if plan.pool == "prefill" else "tpot"
    return "ttft" if plan.is_choice(plan.x) else "ttds"


def axis_of(field: str, plan: SweepPlan) -> Axis:
    """How a picture shows a field of the scenario that a plan sweeps."""
    info = parameters_of(Scenario)[field]
    if isinstance(info, Choice):
        return Axis(
            field=field,
            name=info.label[:1].lower() + info.label[1:],
            title=info.label,
            brief=info.label,
            names=True,
            listed=False,
            text=str,
        )
    unit = f" [{info.unit}]" if info.unit else ""
    return Axis(
        field=field,
        name=info.symbol,
        title=f"{label_of(field)}{unit}",
        brief=f"{info.symbol}{unit}",
        names=False,
        listed=plan.is_list(field),
        text=numbers.count,
    )


def label_of(field: str) -> str:
    """How a message or an axis calls a field of the scenario."""
    infos = parameters_of(Scenario)
    if field in OF_DECODE:
        info = infos[OF_DECODE[field]]
        return f"Decode {info.label[:1].lower()}{info.label[1:]} {info.symbol}"
    info = infos[field]
    return f"{info.label} {info.symbol}".strip()


def short_label_of(field: str) -> str:
    """How a sentence that has little room calls a field of the scenario."""
    info = parameters_of(Scenario)[field]
    return info.symbol or f"{info.label[:1].lower()}{info.label[1:]}"


def on_screen(message: str) -> str:
    """A message for people, its thousands apart as everywhere on the page."""
    return re.sub(r"(?<=\d),(?=\d{3})", numbers.THIN_SPACE, message)


def filename_of(plan: SweepPlan, metric: Metric) -> str:
    """Of the plan's picture of a metric, without the ending."""
    usual = DURATIONS["ttds"].symbol
    if usual in plan.filename:
        return plan.filename.replace(usual, metric.symbol)
    return f"{plan.filename}_{re.sub('[^A-Za-z0-9]+', '-', metric.symbol)}"


def table_filename_of(plan: SweepPlan) -> str:
    """Of the plan's table, which holds all metrics, without the ending."""
    return plan.filename.removesuffix("_3d").replace(f"_{DURATIONS['ttds'].symbol}", "")


def filename_suffix(base: Scenario) -> str:
    """What a file's name says of the scenario: all that is not as usual."""
    pairs = parse_qsl(query_of(base))[1:]
    return "".join(f"_{key}-{re.sub(r'[^A-Za-z0-9.]+', '-', text)}" for key, text in pairs)


def describe(base: Scenario, plan: SweepPlan) -> list[str]:
    """What the cells of a sweep have in common, in lines short enough for a phone."""
    axes = (plan.x, plan.y)
    infos = parameters_of(Scenario)
    pools = {name: getattr(base, name) for name in ("prefill_gpu", "decode_gpu")}
    shown = " → ".join("any GPU" if name in axes else gpu for name, gpu in pools.items())
    sizes = [
        base.nics_told
        if field == "prefill_nics"
        else f"{infos[field].symbol} {numbers.count(getattr(base, field))}"
        for field in (
            *("prompt_tokens", "chunk_tokens"),
            *("batch_size", "prefill_nics", "output_tokens"),
        )
        if field not in axes
    ]
    if plan.pool:
        other = {"prefill": base.decode_pool, "decode": base.prefill_pool}[plan.pool]
        sizes.insert(0, f"{other.name} {pool_told(other)}")
    elif "pp" not in axes:
        sizes.insert(0, shape_told(base))
    where = [fabric_told(base)]
    if shown != "any GPU → any GPU":
        where.insert(0, shown)
    lines = [
        f"{base.llm}, {base.costs_told}",
        ", ".join(filter(None, where)),
        f"{', '.join(sizes)}, {100 * base.vram_limit_ratio:.3g} % of VRAM",
    ]
    return [line for line in lines if line]
