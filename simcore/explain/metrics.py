"""How a metric of a run was computed."""

import numpy as np

from simcore.explain.explanation import Explanation, explained
from simcore.explain.formulas import formula_of
from simcore.explain.memory import explain_memory, explain_need
from simcore.explain.numbers import percent, quantity
from simcore.pipelines.critical_path import PathKind
from simcore.run import Result

# Parts smaller than this share of their sum are not named one by one.
SMALL_PART = 1e-3


def explain_metric(result: Result, name: str) -> Explanation:
    """How the metric `name` of `result` came about.

    Raises KeyError if `name` is not in `METRICS`.
    """
    if name not in METRICS:
        raise KeyError(f"no metric {name!r}; use one of {', '.join(METRICS)}")
    return METRICS[name](result)


def _ttds(result):
    metrics = result.metrics
    return _said(result, "ttds", f"{_parts(result)} = {quantity(metrics.ttds_s, 's')}",
                 metrics.ttds_s)  # fmt: skip


def _parts(result):
    seconds = result.critical_path.seconds("ttds")
    shown = sorted((kind for kind in seconds if seconds[kind]), key=seconds.get, reverse=True)
    small = [kind for kind in shown if seconds[kind] < SMALL_PART * result.metrics.ttds_s]
    terms = [f"{quantity(seconds[kind], 's')} {kind.value}" for kind in shown if kind not in small]
    if small:
        terms.append(f"{quantity(sum(seconds[kind] for kind in small), 's')} other")
    return " + ".join(terms)


def _tpot(result):
    steps, tpot = result.scenario.output_tokens, result.metrics.tpot_s
    batches = result.scenario.decode_microbatches
    if batches > 1:
        # Of each micro-batch one after its first token, or the first step where that is all.
        times = batches * max(steps - 1, 1)
        values = f"{quantity(tpot * times, 's')} / {times} = {quantity(tpot, 's')}"
        return _said(result, "tpot", values, tpot)
    total = f"({_first_step(result)})" if steps == 1 else quantity(tpot * steps, "s")
    return _said(result, "tpot", f"{total} / {steps} = {quantity(tpot, 's')}", tpot)


def _ttft(result):
    ttds, ttft = result.metrics.ttds_s, result.metrics.ttft_s
    values = f"{quantity(ttds, 's')} + {_first_step(result)} = {quantity(ttft, 's')}"
    return _said(result, "ttft", values, ttft)


def _first_step(result):
    path = result.critical_path
    before = path.seconds("ttds")
    step = {kind: seconds - before[kind] for kind, seconds in path.seconds("ttft").items()}
    kinds = (
        PathKind.DECODE_COMPUTE,
        PathKind.DECODE_COLLECTIVE,
        PathKind.DECODE_TRANSFER,
        PathKind.WAITING,
    )
    return " + ".join(
        f"{quantity(step[kind], 's')} {kind.value}"
        for kind in kinds
        if step[kind] > SMALL_PART * SMALL_PART * result.metrics.ttft_s
    )


def _bubble(result):
    table, bubble = result.table, result.metrics.bubble
    passes = np.isin(table.kind, ("prefill", "collective"))
    span, stages = float(table.end_s[passes].max()), result.scenario.pp
    # Of passes in parts the time on the wires counts, which no row has by itself.
    busy = (1.0 - bubble) * stages * span
    values = f"1 − {quantity(busy, 's')} / ({stages} · {quantity(span, 's')}) = {percent(bubble)}"
    return _said(result, "bubble", values, bubble)


def _exposed(result):
    exposed = result.metrics.handoff_exposed_s
    return _said(result, "handoff_exposed", quantity(exposed, "s"), exposed)


def _hidden(result):
    exposed, hidden = result.metrics.handoff_exposed_s, result.metrics.handoff_hidden_s
    together = quantity(hidden + exposed, "s")
    values = f"{together} − {quantity(exposed, 's')} = {quantity(hidden, 's')}"
    return _said(result, "handoff_hidden", values, hidden)


def _said(result, key, values, value):
    return explained(formula_of(key, result.scenario.cost_model), values, value)


METRICS = {
    "ttds": _ttds,
    "tpot": _tpot,
    "ttft": _ttft,
    "bubble": _bubble,
    "handoff_exposed": _exposed,
    "handoff_hidden": _hidden,
    "prefill_need": lambda result: explain_need(result, "prefill"),
    "decode_need": lambda result: explain_need(result, "decode"),
    "prefill_weights": lambda result: explain_memory(result, "prefill", "weights"),
    "prefill_kv": lambda result: explain_memory(result, "prefill", "kv"),
    "decode_weights": lambda result: explain_memory(result, "decode", "weights"),
    "decode_kv": lambda result: explain_memory(result, "decode", "kv"),
}
