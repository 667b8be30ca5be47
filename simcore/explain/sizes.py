"""How the size of a transfer, and of a token's KV cache, was computed."""

import gpu_catalog
from gpu_catalog import GroupedQueryAttention
from simcore.costs import transformer as tf
from simcore.costs.handoff import kv_heads
from simcore.explain.explanation import Explanation, explained
from simcore.explain.formulas import formula_of
from simcore.explain.numbers import count, quantity
from simcore.pipelines import Activations, Handoff
from simcore.run import Result, cost_model_of
from simcore.scenario import Scenario


def size_of(result: Result, tag) -> Explanation:
    """The payload of the transfer `tag` [byte]."""
    scenario = result.scenario
    details = ()
    if isinstance(tag, Handoff):
        key, factors, size = _handoff(scenario, tag)
        details = kv_details(scenario, kv_heads(gpu_catalog.llm(scenario.llm)))
    elif isinstance(tag, Activations):
        key, factors, size = _activations(scenario, tag)
    else:
        key, factors, size = _decode_activations(scenario)
    values = f"{factors} = {quantity(size, 'B')}"
    return explained(formula_of(key, scenario.cost_model), values, size, details=details)


def kv_details(scenario: Scenario, heads: int) -> tuple[Explanation, ...]:
    """The KV cache of one token in one layer [byte], where the cost model counts by it.

    Parameters
    ----------
    heads : KV heads that count; for latent attention, whose vector is of all heads, any number
    """
    if scenario.cost_model == "reference":
        return ()
    llm = gpu_catalog.llm(scenario.llm)
    a, element = llm.attention, count(llm.kv_bytes_per_element)
    if isinstance(a, GroupedQueryAttention):
        factors = f"2 · {heads} · {a.head_dim} · {element}"
    else:
        factors = f"({a.latent} + {a.rope_head_dim}) · {element}"
    size = tf.kv_bytes_per_token(llm) * heads / kv_heads(llm)
    return (
        explained(
            formula_of("kv_per_token", "physical"), f"{factors} B = {quantity(size, 'B')}", size
        ),
    )


def _handoff(scenario, tag):
    costs = cost_model_of(scenario)
    if scenario.cost_model == "reference":
        sizes = costs.handoff_shares(tag.stage, tag.to_stage)[0].bytes
        factors = f"KV({scenario.batch_size}, {scenario.chunk_tokens}) // {scenario.pp}"
        return "handoff_bytes", factors, float(sizes[tag.chunk])
    tokens = float(costs.handoff_tokens(tag.stage, tag.to_stage)[tag.chunk])
    each = tf.kv_bytes_per_token(gpu_catalog.llm(scenario.llm))
    factors = f"{scenario.batch_size} · {quantity(each, 'B')} · {count(tokens)}"
    return "handoff_bytes", factors, scenario.batch_size * tokens * each


def _activations(scenario, tag):
    n, m = scenario.batch_size, scenario.chunk_tokens
    llm = gpu_catalog.llm(scenario.llm)
    if scenario.cost_model == "reference":
        llm = llm.reference
        factors = (n, llm.bytes_per_parameter, m, llm.hidden)
    else:
        tokens = min(m, scenario.prompt_tokens - tag.chunk * m)
        factors = (n, tokens, llm.hidden, llm.activation_bytes_per_element)
    return "activation_bytes", *_product(factors)


def _decode_activations(scenario):
    n, llm = scenario.batch_size, gpu_catalog.llm(scenario.llm)
    if scenario.cost_model == "reference":
        factors = (n, llm.reference.bytes_per_parameter, llm.reference.hidden)
    else:
        factors = (n, llm.hidden, llm.activation_bytes_per_element)
    return "decode_activation_bytes", *_product(factors)


def _product(factors):
    product = 1.0
    for factor in factors:
        product *= factor
    return " · ".join(count(factor) for factor in factors), product
