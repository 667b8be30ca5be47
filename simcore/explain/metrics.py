"""How a metric of a run was computed."""

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
    kinds = (PathKind.DECODE_COMPUTE, PathKind.DECODE_TRANSFER, PathKind.WAITING)
    return " + ".join(
        f"{quantity(step[kind], 's')} {kind.value}"
        for kind in kinds
        if step[kind] > SMALL_PART * SMALL_PART * result.metrics.ttft_s
    )


def _bubble(result):
    table = result.table
    prefill = table.kind.codes == table.kind.categories.get_loc("prefill")
    busy = float((table.end_s[prefill] - table.start_s[prefill]).sum())
    span, stages = float(table.end_s[prefill].max()), result.scenario.pp
    bubble = result.metrics.bubble
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
