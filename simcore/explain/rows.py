"""How the duration of a pass or transfer was computed."""

import operator

import gpu_catalog
from simcore.costs import transformer as tf
from simcore.costs.models.reference import MEMORY_EFFICIENCY
from simcore.costs.plan import split_layers
from simcore.explain.explanation import Explanation, explained
from simcore.explain.formulas import formula_of
from simcore.explain.numbers import count, quantity
from simcore.explain.parts import explain_engine, sum_of_parts
from simcore.explain.sizes import size_of
from simcore.pipelines import Activations, DecodeActivations, DecodePass, Handoff, PrefillPass
from simcore.pipelines.walk_back import ROUNDING
from simcore.run import Result


def explain_row(result: Result, row: int) -> Explanation:
    """How long a row of the trace took, and why.

    Raises IndexError if there is no such row.
    """
    row = operator.index(row)
    if not 0 <= row < len(result.table):
        raise IndexError(f"row {row}: the trace has rows 0 to {len(result.table) - 1}")
    tag = result.graph.tag(result.task_of_row[row])
    if isinstance(tag, PrefillPass | DecodePass):
        return _pass(result, tag)
    return _transfer(result, row, tag)


def _pass(result, tag):
    costs, place = result.plan.costs_of(tag)
    flop, attention = float(costs.flop[place]), float(costs.attention[place])
    traffic, weights = float(costs.traffic[place]), float(costs.weights[place])
    computing, moving = flop / costs.flops, traffic / costs.bandwidth
    seconds = float(costs.seconds[place])
    model = result.scenario.cost_model
    wide = quantity(costs.bandwidth, "B/s")
    if model == "reference":
        peak = quantity(costs.bandwidth / MEMORY_EFFICIENCY, "B/s")
        wide = f"({MEMORY_EFFICIENCY} · {peak})"
    values = (
        sum_of_parts(tag, costs, place)
        if costs.parts
        else (
            f"max({quantity(flop, 'FLOP')} / {quantity(costs.flops, 'FLOP/s')}, "
            f"{quantity(traffic, 'B')} / {wide}) = "
            f"max({quantity(computing, 's')}, {quantity(moving, 's')}) = {quantity(seconds, 's')}, "
            f"{'compute' if costs.compute_bound[place] else 'memory'}-bound"
        )
    )
    role = "prefill" if isinstance(tag, PrefillPass) else "decode"
    known = _known(result.scenario, tag)
    details = (
        explained(
            formula_of(f"{role}_flop", model),
            f"{quantity(flop - attention, 'FLOP')} products with weights + "
            f"{quantity(attention, 'FLOP')} attention = {quantity(flop, 'FLOP')}",
            flop,
            known=known,
        ),
        explained(
            formula_of(f"{role}_bytes", model),
            f"{quantity(weights, 'B')} weights + {quantity(traffic - weights, 'B')} KV cache = "
            f"{quantity(traffic, 'B')}",
            traffic,
            known=known,
        ),
        *explain_engine(result.scenario, tag, costs, place),
    )
    return explained(
        formula_of("pass", model), values, seconds, title=title_of(tag), details=details
    )


def _known(scenario, tag):
    """What the symbols of a pass's formulas are, of those that a few digits tell."""
    total, first = scenario.prompt_tokens, scenario.chunk_tokens
    if scenario.cost_model == "reference":
        return {} if isinstance(tag, PrefillPass) else {"t": count(total + tag.step)}
    llm = gpu_catalog.llm(scenario.llm)
    if isinstance(tag, PrefillPass):
        before, stages = tag.chunk * first, scenario.pp
        known = {"s": count(min(first, total - before)), "o": count(before)}
    else:
        known, stages = {"o": count(total + tag.step)}, scenario.decode_stages
    part = tf.slice_of(llm, split_layers(llm.layers, stages)[tag.stage])
    # Each weight that a token meets is two operations.
    met = float(tf.projection_flop(llm, part, 1, outputs=0)) / 2
    return known | {"A": quantity(met, ""), "b": f"{count(tf.kv_bytes_per_token(llm))} B"}


def _transfer(result, row, tag):
    graph, table = result.graph, result.table
    task = result.task_of_row[row]
    routes, route = graph.routes, graph.route[task]
    latency, bandwidth = routes.latency[route], routes.alone[route]
    size = graph.amount[task]
    took = float(table.end_s[row] - table.start_s[row])
    alone = latency + size / bandwidth
    waiting = took - alone if took - alone > ROUNDING * table.end_s[row] else 0.0
    narrowest = min(routes.paths[route], key=lambda channel: channel.bandwidth_bps)
    values = (
        f"{quantity(latency, 's')} + {quantity(size, 'B')} / {quantity(bandwidth, 'B/s')} "
        f"({narrowest.name}) + {quantity(waiting, 's')} = {quantity(took, 's')}"
    )
    return explained(
        formula_of("transfer", result.scenario.cost_model),
        values,
        alone + waiting,
        title=title_of(tag),
        details=(size_of(result, tag),),
    )


def title_of(tag) -> str:
    """What a pass or transfer is, for people."""
    match tag:
        case PrefillPass(stage, chunk):
            return f"Prefill, stage {stage}, chunk {chunk}"
        case Handoff(stage, to_stage, chunk):
            return f"KV handoff, stage {stage} to decode stage {to_stage}, chunk {chunk}"
        case Activations(stage, to_stage, chunk):
            return f"Activations, stage {stage} to {to_stage}, chunk {chunk}"
        case DecodePass(stage, step):
            return f"Decode, stage {stage}, step {step}"
        case DecodeActivations(stage, to_stage, step):
            return f"Decode activations, stage {stage} to {to_stage}, step {step}"
    raise TypeError(f"{tag!r} is no part of a pipeline")
