"""How the size of a transfer was computed."""

import gpu_catalog
from simcore.costs import transformer as tf
from simcore.explain.explanation import Explanation, explained
from simcore.explain.formulas import formula_of
from simcore.explain.numbers import count, quantity
from simcore.pipelines import Activations, Handoff
from simcore.run import Result, cost_model_of


def size_of(result: Result, tag) -> Explanation:
    """The payload of the transfer `tag` [byte]."""
    scenario = result.scenario
    if isinstance(tag, Handoff):
        key, factors, size = _handoff(scenario, tag)
    elif isinstance(tag, Activations):
        key, factors, size = _activations(scenario, tag)
    else:
        key, factors, size = _decode_activations(scenario)
    return explained(
        formula_of(key, scenario.cost_model), f"{factors} = {quantity(size, 'B')}", size
    )


def _handoff(scenario, tag):
    costs = cost_model_of(scenario)
    if scenario.cost_model == "reference":
        sizes = costs.handoff_bytes(tag.stage, tag.to_stage)
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
