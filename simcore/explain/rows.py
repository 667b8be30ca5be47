"""How the duration of a pass or transfer was computed."""

import operator

import gpu_catalog
from simcore.costs import transformer as tf
from simcore.costs.handoff import requests_in_pass
from simcore.costs.models.reference import MEMORY_EFFICIENCY
from simcore.costs.shard import expert_visits, shard_of
from simcore.explain.explanation import Explanation, explained
from simcore.explain.formulas import formula_of
from simcore.explain.numbers import count, percent, quantity
from simcore.explain.parts import explain_engine, sum_of_parts
from simcore.explain.sizes import size_of
from simcore.machine import later_failures_of
from simcore.pipelines import (
    Activations,
    Background,
    DecodeActivations,
    DecodeCollective,
    DecodePass,
    Handoff,
    PrefillCollective,
    PrefillPass,
)
from simcore.pipelines.walk_back import ROUNDING
from simcore.run import Result

SIZES_TOLD = (Handoff, Activations, DecodeActivations)
"""Transfers whose payload has a formula; that of a collective depends on its algorithm."""


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
    if result.table.bytes[row] or result.graph.device[result.task_of_row[row]] < 0:
        return _transfer(result, row, tag)
    return _aggregated(result, row, tag)


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
    share = result.plan.share_of(tag)
    if share < 1.0:
        seconds *= share
        values += f"; {percent(share)} of it in this part: {quantity(seconds, 's')}"
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
        before, pool = tag.chunk * first, scenario.prefill_pool
        new, everyone = min(first, total - before), scenario.batch_size
        known = {"s": count(new), "o": count(before)}
    else:
        known, pool = {"o": count(total + tag.step)}, scenario.decode_pool
        new, everyone = 1, scenario.batch_size // scenario.decode_microbatches
    shard, n = shard_of(llm, pool.sharing), requests_in_pass(scenario.workload, pool)
    part = tf.slice_of(llm, pool.layers(llm.layers)[tag.stage])
    visits, _ = expert_visits(llm, pool.sharing, everyone * new)
    if visits is not None:
        visits = visits / (n * new)
    # Each weight that a token meets is two operations.
    met = float(tf.projection_flop(shard, part, 1, outputs=0, visits=visits)) / 2
    cached = f"{count(tf.kv_bytes_per_token(shard))} B"
    return known | {"n": count(n), "A": quantity(met, ""), "b": cached}


def _transfer(result, row, tag):
    graph, table = result.graph, result.table
    task = result.task_of_row[row]
    routes, route = graph.routes, graph.route[task]
    latency, bandwidth = graph.latency_s[task], routes.alone[route]
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
        details=(size_of(result, tag, size),) if _size_told(result, tag) else (),
    )


def _size_told(result, tag):
    """Whether a formula gives a transfer's size: not that of a part of one, which a failure cut."""
    return isinstance(tag, SIZES_TOLD) and not later_failures_of(result.scenario)


def _aggregated(result, row, tag):
    """A pass's collectives as one job."""
    pool = "prefill" if isinstance(tag, PrefillCollective) else "decode"
    took = float(result.graph.amount[result.task_of_row[row]])
    how = [
        f"{kind.replace('_', '-')} by {algorithm.replace('_', '-')}"
        for of, kind, algorithm in result.plan.collectives.algorithms
        if of == pool
    ]
    values = f"{', '.join(how)}: {quantity(took, 's')}"
    return explained(
        formula_of("collective", result.scenario.cost_model), values, took, title=title_of(tag)
    )


def title_of(tag) -> str:
    """What a pass or transfer is, for people."""
    match tag:
        case PrefillPass(stage, chunk, part):
            return f"Prefill, stage {stage}, chunk {chunk}{_part(part)}"
        case PrefillCollective(stage, chunk, part, rank, to_rank):
            who = _ranks(rank, to_rank)
            return f"Collective, stage {stage}, chunk {chunk}{_part(part)}{who}"
        case Handoff(stage, to_stage, chunk, part):
            told = f"KV handoff, stage {stage} to decode stage {to_stage}, chunk {chunk}"
            return told + _part(part) + _shards(tag)
        case Activations(stage, to_stage, chunk):
            return f"Activations, stage {stage} to {to_stage}, chunk {chunk}{_shards(tag)}"
        case DecodePass(stage, step, microbatch, part):
            return f"Decode, stage {stage}, step {step}{_microbatch(microbatch)}{_part(part)}"
        case DecodeCollective(stage, step, microbatch, part, rank, to_rank):
            told = f"Decode collective, stage {stage}, step {step}{_microbatch(microbatch)}"
            return told + _part(part) + _ranks(rank, to_rank)
        case DecodeActivations(stage, to_stage, step, microbatch):
            told = f"Decode activations, stage {stage} to {to_stage}, step {step}"
            return told + _microbatch(microbatch) + _shards(tag)
        case Background():
            return "Traffic of others"
    raise TypeError(f"{tag!r} is no part of a pipeline")


def _part(part):
    return f", part {part}" if part >= 0 else ""


def _microbatch(number):
    return f", micro-batch {number}" if number else ""


def _ranks(rank, to_rank):
    return f", GPU {rank} to {to_rank}" if rank >= 0 else ""


def _shards(tag):
    if tag.shards > 1:
        return f", {tag.shards} GPUs at a time"
    return _ranks(tag.rank, tag.to_rank) if max(tag.rank, tag.to_rank) > 0 else ""
