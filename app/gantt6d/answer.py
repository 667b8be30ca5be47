"""What the Gantt page shows for a request: the picture and its numbers, or what is wrong."""

import base64
import logging
import re

import numpy as np

from app import numbers
from app.figures.overview import overview
from app.figures.strip import pool_spans, rows, strip
from app.figures.timeline import bars_of, unit_of
from app.gantt6d.asked import plain_values, read, seq_of
from app.gantt6d.idle import idle_fields
from app.gantt6d.results import Picture, Pictures
from app.metrics_told import METRICS
from app.scenario_told import shape_told
from app.share import query_of, query_of_values
from simcore import (
    DoesNotFit,
    PdscopeError,
    PoolMemory,
    Scenario,
    ScenarioError,
    expected_errors_of,
    memory_of,
)
from simcore.parameters import parameters_of

# Nine bytes each, so that an answer stays within 30 kB.
COARSE_BARS, FULL_BARS = 600, 1600
# So many times as many where ranks are shown: there are that many more lanes.
OPEN_TIMES = 3
# Room to the right of the last event, as a share of the run.
AFTER = 0.004

log = logging.getLogger(__name__)


def answer_to(asked, pictures: Pictures) -> dict:
    """The answer to whatever the browser sent; it never raises for what may be posted."""
    try:
        request = read(asked)
        scenario = request.scenario()
    except PdscopeError as error:
        return refusal(asked, error, None)
    try:
        picture = pictures.of(scenario)
    except PdscopeError as error:
        return refusal(asked, error, scenario)
    return _answer(request, picture)


def _answer(request, picture: Picture) -> dict:
    events, metrics, scenario = picture.opened(request.opened), picture.metrics, picture.scenario
    end = events.end * (1 + AFTER)
    window = request.window or (0.0, end)
    most = COARSE_BARS if request.coarse else FULL_BARS
    if events.lanes.any_open:
        most *= OPEN_TIMES
    bars = bars_of(events, window=window, pixels=request.pixels, most=most)
    unit, per_s = unit_of(events.end)
    return {
        "seq": request.seq,
        "coarse": request.coarse,
        "bars": strip(events, bars, window),
        "window": window,
        "lanes": rows(events.lanes),
        "opened": events.lanes.opened_stages,
        "ranks": [pool.stage_gpus for pool in (scenario.prefill_pool, scenario.decode_pool)],
        "marks": [
            {"text": f"{name} {numbers.duration_text(moment)}", "at_s": moment}
            for name, moment in (("TTDS", metrics.ttds_s), ("TTFT", metrics.ttft_s))
        ],
        "pools": [
            {"name": name, "top": top, "height": height}
            for name, (top, height) in zip(
                (f"Prefill · {scenario.prefill_gpu}", f"Decode · {scenario.decode_gpu}"),
                # Behind them may be background traffic, whose lane has no room for a name.
                pool_spans(events.lanes)[:2],
                strict=True,
            )
        ],
        "unit": unit,
        "per_s": per_s,
        "end_s": end,
        "run_end_s": events.end,
        "cards": {key: _card(metric, metrics) for key, metric in METRICS.items()},
        "also": {"tpot": numbers.rate_text(metrics.decode_tokens_per_s)},
        "bands": _bands(scenario),
        "meters": [_meter(pool) for pool in picture.memory],
        "breakdown": picture.breakdown,
        "drawn": _drawn(bars, picture),
        "collectives": picture.collectives,
        "said": _sentence(metrics),
        "overview": [_bytes(shares) for shares in overview(picture.events)],
        "idle": idle_fields(scenario),
        "query": query_of(scenario),
        "title": title_of(scenario),
    }


def _card(metric, metrics):
    """Number, unit and raw value."""
    value = getattr(metrics, metric.field)
    return [*metric.text(value).split(" "), value]


def _bands(scenario):
    """Of the cards whose times have one: the expected error in a word, and why."""
    expected = expected_errors_of(scenario)
    return {
        key: [expected[metric.field].short, expected[metric.field].reason]
        for key, metric in METRICS.items()
        if metric.field in expected
    }


def title_of(scenario: Scenario) -> str:
    """The scenario in a line, as the window's title has it."""
    return (
        f"{scenario.llm}, {scenario.prefill_gpu} → {scenario.decode_gpu}, {shape_told(scenario)}, "
        f"N {scenario.batch_size}, T {scenario.prompt_tokens}, M {scenario.chunk_tokens}"
    )


def _drawn(bars, picture):
    """How many bars stand for how much; a transfer is one bar and two events."""
    shown, count = int(bars.count.sum()), numbers.count
    rows, events = len(picture.events), f"{count(picture.metrics.events)} events"
    if bars.events != rows:
        return f"{count(len(bars))} bars for {count(rows)} jobs and transfers by rank ({events})"
    some = "" if shown == rows else f"{count(shown)} of "
    return f"{count(len(bars))} bars for {some}{count(rows)} jobs and transfers ({events})"


def refusal(asked, error: PdscopeError, scenario: Scenario | None) -> dict:
    """What is told instead of a picture: what is wrong, at which control, and what would help."""
    infos = parameters_of(Scenario)
    remedies = error.remedies if isinstance(error, DoesNotFit) else {}
    values = asked.get("values") if isinstance(asked, dict) else None
    meters = _meters_if_any(scenario)
    return {
        "seq": seq_of(asked),
        "coarse": isinstance(asked, dict) and asked.get("coarse") is True,
        "wrong": {
            "field": getattr(error, "field", None),
            "message": _spoken(error, infos) + _as_well(error, meters),
            "remedies": [
                {"field": field, "value": value, "label": _set_to(infos[field], value)}
                for field, value in remedies.items()
            ],
        },
        "meters": meters,
        "idle": None if scenario is None else idle_fields(scenario),
        # As the controls are, so that a link or a reload has them again.
        "query": query_of_values(plain_values(values)) if isinstance(values, dict) else "",
        "title": None if scenario is None else title_of(scenario),
    }


def _set_to(info, value):
    return f"{info.symbol or info.label} = {numbers.count(value)}"


def _spoken(error, infos):
    """An error as a sentence of its own, which calls fields what the page calls them."""
    # A field that is called by a plain word is named in prose, too, and then means that.
    names = {
        name: info.symbol or info.label
        for name, info in infos.items()
        if info.symbol or "_" in name
    }
    field = re.compile(rf"\b({'|'.join(names)})\b(?!')")
    message = field.sub(lambda name: names[name[0]], str(error).rstrip("."))
    return f"{message[:1].upper()}{numbers.spaced(message[1:])}."


def _as_well(error, meters):
    """Of the pools an error names the first alone."""
    if not isinstance(error, DoesNotFit):
        return ""
    others = [meter for meter in meters or [] if not meter["fits"] and meter["pool"] != error.pool]
    return "".join(
        f" Nor does the {other['pool']} pool: {other['gpu']}, {other['text']}." for other in others
    )


def _meters_if_any(scenario):
    """Where memory is what is wrong, how much; nothing where that cannot be said."""
    if scenario is None:
        return None
    try:
        return [_meter(pool) for pool in memory_of(scenario)]
    except ScenarioError as error:
        log.debug("no memory to show: %s", error)
        return None


def _meter(pool: PoolMemory) -> dict:
    """A meter's parts as percentages of its width; it is as wide as the memory, or as the need."""
    scale = 100 / max(pool.capacity, pool.need)
    return {
        "pool": pool.pool,
        "gpu": pool.gpu,
        "weights": pool.weights * scale,
        "kv": pool.kv * scale,
        "excess": pool.excess * scale,
        "limit": pool.limit * scale,
        "over": max(0.0, pool.need - pool.limit) * scale,
        "fits": pool.fits,
        "text": f"{numbers.gib(pool.need)} of {numbers.gib(pool.limit)} GiB",
        "detail": f"stage {pool.stage}: "
        + ", ".join(f"{numbers.gib(size)} GiB {name}" for name, size in pool.parts.items())
        + f"; {numbers.gib(pool.capacity)} GiB in all",
    }


def _sentence(metrics) -> str:
    """What the numbers amount to, for eyes and screen readers."""
    exposed = metrics.handoff_exposed_s
    share = exposed / metrics.ttds_s if metrics.ttds_s else 0.0
    busy = numbers.percent(1 - metrics.bubble)
    return (
        f"Decode starts after {numbers.duration_text(metrics.ttds_s)}; the first token is there "
        f"after {numbers.duration_text(metrics.ttft_s)}. The prefill pool computes {busy} of its "
        f"time; {numbers.duration_text(exposed)} of KV handoff "
        f"({numbers.percent(share)} of TTDS) is not hidden."
    )


def _bytes(shares) -> str:
    """Shares from 0 to 1 as a byte each, in base64."""
    return base64.b64encode(np.round(255 * shares).astype(np.uint8).tobytes()).decode("ascii")
