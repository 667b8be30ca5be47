"""How the size of a transfer, and of a token's KV cache, was computed."""

import math

import gpu_catalog
from gpu_catalog import GroupedQueryAttention
from simcore.costs import transformer as tf
from simcore.costs.handoff import kv_heads, requests_in_pass
from simcore.explain.explanation import Explanation, explained
from simcore.explain.formulas import formula_of
from simcore.explain.handoff_sizes import handoff_factors
from simcore.explain.numbers import count, quantity
from simcore.pipelines import Activations, Handoff
from simcore.run import Result
from simcore.scenario import Scenario


def size_of(result: Result, tag, size: float) -> Explanation:
    """The payload of `size` byte of the transfer `tag`; of one where it stands for several."""
    scenario = result.scenario
    details = ()
    if isinstance(tag, Handoff):
        key = "handoff_bytes"
        factors, heads = handoff_factors(scenario, tag, size)
        details = kv_details(scenario, heads)
    elif isinstance(tag, Activations):
        key, factors = "activation_bytes", _activations(scenario, tag, size)
    else:
        key, factors = "decode_activation_bytes", _decode_activations(scenario, size)
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


def _activations(scenario, tag, size):
    m, pool = scenario.chunk_tokens, scenario.prefill_pool
    if scenario.cost_model == "reference":
        llm = gpu_catalog.llm(scenario.llm).reference
        factors = (scenario.batch_size, llm.bytes_per_parameter, m, llm.hidden)
    else:
        tokens = min(m, scenario.prompt_tokens - tag.chunk * m)
        llm, n = gpu_catalog.llm(scenario.llm), requests_in_pass(scenario.workload, pool)
        factors = (n, tokens, llm.hidden, llm.activation_bytes_per_element)
    return _divided(factors, pool.tp, size)


def _decode_activations(scenario, size):
    llm, pool = gpu_catalog.llm(scenario.llm), scenario.decode_pool
    if scenario.cost_model == "reference":
        reference = llm.reference
        factors = (scenario.batch_size, reference.bytes_per_parameter, reference.hidden)
    else:
        n = requests_in_pass(scenario.workload, pool)
        factors = (n, llm.hidden, llm.activation_bytes_per_element)
    return _divided(factors, pool.tp, size)


def _divided(factors, tp, size):
    """A product, divided by TP, and by paths over which it is spread where there are several."""
    text = " · ".join(count(factor) for factor in factors)
    paths = round(math.prod(factors) / tp / size)
    return text + "".join(f" / {count(number)}" for number in (tp, paths) if number > 1)
