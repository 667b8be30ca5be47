"""How the memory of a pool's fullest device was computed."""

import dataclasses

import gpu_catalog
from simcore.costs import transformer as tf
from simcore.costs.handoff import kv_heads, most_requests
from simcore.costs.shard import shard_of, weights_on_gpu
from simcore.explain.explanation import Explanation, explained
from simcore.explain.formulas import formula_of
from simcore.explain.numbers import count, gib
from simcore.explain.sizes import kv_details
from simcore.run import Result


def explain_memory(result: Result, pool: str, part: str) -> Explanation:
    """The "weights" or the "kv" of the fullest device of the pool `pool` [byte]."""
    held, scenario = _held(result, pool), result.scenario
    values_of = {
        ("calibrated", "weights"): _physical_weights,
        ("calibrated", "kv"): _physical_kv,
        ("physical", "weights"): _physical_weights,
        ("physical", "kv"): _physical_kv,
        ("reference", "weights"): _reference_weights,
        ("reference", "kv"): _reference_kv,
    }[scenario.cost_model, part]
    values, value = values_of(scenario, held)
    name = "weights" if part == "weights" else "KV cache"
    return explained(
        formula_of(f"{part}_memory", scenario.cost_model),
        f"{values} = {gib(value)}",
        value,
        title=f"Memory of {name}, {held.pool} stage {held.stage}",
        details=kv_details(scenario, _heads(scenario, pool)) if part == "kv" else (),
    )


def explain_need(result: Result, pool: str) -> Explanation:
    """Weights and KV cache of the fullest device of the pool `pool` [byte], and their limit."""
    held, share = _held(result, pool), result.scenario.vram_limit_ratio
    beyond = f" + {gib(held.excess)}" if held.excess else ""
    return explained(
        formula_of("memory", result.scenario.cost_model),
        f"{gib(held.weights)} + {gib(held.kv)}{beyond} = {gib(held.need)} ≤ "
        f"{share:g} · {gib(held.capacity)} = {gib(held.limit)}",
        held.need,
        title=f"Memory, {held.pool} stage {held.stage}",
    )


def _held(result, pool):
    return next(memory for memory in result.memory if memory.pool == pool)


def _pool(scenario, name):
    return scenario.prefill_pool if name == "prefill" else scenario.decode_pool


def _heads(scenario, pool_name):
    """KV heads on one GPU."""
    heads = kv_heads(gpu_catalog.llm(scenario.llm))
    return max(1, heads // _pool(scenario, pool_name).tp)


def _slice(scenario, held):
    llm, pool = gpu_catalog.llm(scenario.llm), _pool(scenario, held.pool)
    return llm, pool, tf.slice_of(llm, pool.layers(llm.layers)[held.stage])


def _physical_weights(scenario, held):
    llm, pool, part = _slice(scenario, held)
    plain = dataclasses.replace(part, embedding=False, head=False)
    whole, layers = (weights_on_gpu(llm, pool.sharing, each) for each in (part, plain))
    values = f"{gib(layers)} in {part.layers} layers"
    tables = [name for name in ("embedding", "head") if getattr(part, name)]
    if tables:
        values += f" + {gib(whole - layers)} {' and '.join(tables)}"
    return values, float(whole)


def _physical_kv(scenario, held):
    llm, pool, part = _slice(scenario, held)
    tokens = scenario.prompt_tokens
    if held.pool == "decode":
        tokens += scenario.output_tokens
    shard = shard_of(llm, pool.sharing)
    each = tf.kv_bytes_per_token(shard)
    total = tf.kv_held(shard, part, tokens) / each
    requests = most_requests(scenario.workload, pool)
    values = f"{count(requests)} · {count(each)} B · {count(total)}"
    return values, float(requests * total * each)


def _reference_weights(scenario, held):
    llm, pp = gpu_catalog.llm(scenario.llm).reference, scenario.pp
    size = llm.parameters // llm.layers * (llm.layers // pp) * llm.bytes_per_parameter
    values = (
        f"({count(llm.parameters)} // {llm.layers}) · ({llm.layers} // {pp}) · "
        f"{llm.bytes_per_parameter} B"
    )
    return values, float(size)


def _reference_kv(scenario, held):
    tokens = scenario.prompt_tokens + scenario.output_tokens - 1
    return f"KV({scenario.batch_size}, {count(tokens)}) // {scenario.pp}", held.kv
