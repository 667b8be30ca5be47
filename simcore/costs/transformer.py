"""Sizes of a decoder-only transformer: weights, KV cache and operations, layer by layer.

Pure formulas over the architecture. Token counts may be numbers or arrays. Layers that differ
(global or sliding-window attention, dense or sparse feed-forward) are counted apart.
"""

from dataclasses import dataclass

import numpy as np

from gpu_catalog import LLM, GroupedQueryAttention


@dataclass(frozen=True, kw_only=True)
class Slice:
    """A run of a model's layers, as one stage holds it.

    Attributes
    ----------
    global_layers, local_layers : with attention over the whole context, over a window
    dense_layers, sparse_layers : with an ordinary feed-forward block, with experts
    embedding, head : whether it holds the token embedding, the output head
    """

    global_layers: int
    local_layers: int
    dense_layers: int
    sparse_layers: int
    embedding: bool
    head: bool

    @property
    def layers(self) -> int:
        """Number of layers."""
        return self.global_layers + self.local_layers


def slice_of(llm: LLM, layers: range) -> Slice:
    """What the layers `layers` of `llm` consist of."""
    attention = llm.attention
    local = 0
    if isinstance(attention, GroupedQueryAttention):
        local = sum(i % attention.period < attention.local for i in layers)
    sparse = 0
    if llm.experts is not None:
        sparse = sum(i >= llm.experts.dense_layers for i in layers)
    return Slice(
        global_layers=len(layers) - local,
        local_layers=local,
        dense_layers=len(layers) - sparse,
        sparse_layers=sparse,
        embedding=layers.start == 0,
        head=layers.stop == llm.layers,
    )


def attention_parameters(llm: LLM) -> int:
    """Weights of one layer's attention: query, key, value and output projections."""
    a, h = llm.attention, llm.hidden
    if isinstance(a, GroupedQueryAttention):
        return 2 * h * a.query_heads * a.head_dim + 2 * h * a.kv_heads * a.head_dim
    # Down- and up-projections of queries, where they are compressed, then of keys and values, then
    # the output. DeepSeek-AI, arXiv:2405.04434, appendix C.
    width = a.query_latent or h
    return (
        (h * a.query_latent if a.query_latent else 0)
        + width * a.query_heads * (a.plain_head_dim + a.rope_head_dim)
        + h * (a.latent + a.rope_head_dim)
        + a.latent * a.query_heads * (a.plain_head_dim + a.value_head_dim)
        + a.query_heads * a.value_head_dim * h
    )


def expert_parameters(llm: LLM) -> int:
    """Weights of one expert: gate, up and down projections."""
    return 3 * llm.hidden * llm.experts.intermediate


def distinct_experts(llm: LLM, tokens):
    """Expected number of one layer's routed experts that `tokens` tokens visit between them.

    Each token visits `active` of E experts, drawn evenly: E (1 - (1 - active/E)^tokens).
    """
    e = llm.experts
    return e.experts * (1.0 - (1.0 - e.active / e.experts) ** np.asarray(tokens, dtype=float))


def weights_held(llm: LLM, part: Slice, *, experts: int | None = None) -> float:
    """Memory that the weights of `part` fill [byte].

    Parameters
    ----------
    experts : routed experts of a layer that are held; None for all
    """
    table = llm.vocabulary * llm.hidden * llm.embedding_bytes_per_parameter
    tables = part.embedding + part.head
    if llm.tied_embeddings and tables == 2:
        tables = 1
    if experts is None:
        experts = llm.experts.experts if llm.experts else 0
    return _layer_weights(llm, part, experts) + tables * table


def weights_read(llm: LLM, part: Slice, tokens, *, head, experts=None):
    """Weights that a pass of `tokens` tokens reads [byte]; the output head where `head` is true.

    Parameters
    ----------
    experts : routed experts of a layer that are read; None for those that these tokens visit
    """
    if experts is None:
        experts = distinct_experts(llm, tokens) if llm.experts else 0
    table = llm.vocabulary * llm.hidden * llm.embedding_bytes_per_parameter
    return _layer_weights(llm, part, experts) + part.head * head * table


def projection_flop(llm: LLM, part: Slice, tokens, *, outputs, visits=None):
    """Operations of all matrix products with weights, for `tokens` tokens [FLOP].

    Two per active weight and token; the output head runs only for the `outputs` tokens whose
    successor is wanted.

    Parameters
    ----------
    visits : to routed experts; None for as many as these tokens make
    """
    per_token = part.layers * attention_parameters(llm)
    per_token += part.dense_layers * 3 * llm.hidden * llm.intermediate
    if llm.experts:
        visited = llm.experts.shared + (llm.experts.active if visits is None else 0)
        router = llm.hidden * llm.experts.experts
        per_token += part.sparse_layers * (router + visited * expert_parameters(llm))
    flop = 2 * tokens * per_token
    if llm.experts and visits is not None:
        flop = flop + 2 * visits * part.sparse_layers * expert_parameters(llm)
    return flop + part.head * 2 * outputs * llm.vocabulary * llm.hidden


def attention_flop(llm: LLM, part: Slice, *, new, context, absorbed):
    """Operations of attention itself, for `new` tokens that follow `context` others [FLOP].

    Causal: a token looks at itself and at what precedes it, or at the window's worth of that. Per
    pair of tokens a score and a weighted sum, two operations for each of their elements. `absorbed`
    is the decode form of latent attention, which works on the compressed vectors.
    """
    a = llm.attention
    if isinstance(a, GroupedQueryAttention):
        width = 2 * a.head_dim
    elif absorbed:
        width = 2 * a.latent + a.rope_head_dim
    else:
        width = a.plain_head_dim + a.rope_head_dim + a.value_head_dim
    per_pair = 2 * a.query_heads * width
    pairs = part.global_layers * causal_pairs(new, context)
    if part.local_layers:
        pairs = pairs + part.local_layers * causal_pairs(new, context, window=a.window)
    return per_pair * pairs


def causal_pairs(new, context, *, window=None):
    """Number of (token, token looked at) pairs of `new` tokens after `context` others.

    Each looks at itself and at all before it, in a window at the last `window` tokens, itself
    included.
    """
    pairs = new * context + new * (new + 1) / 2
    if window is None:
        return pairs
    # Token i (from 1) of the new ones would look at context + i tokens; cut what is too many.
    first = np.maximum(window - context, 0)  # the last token that is not cut
    cut = np.maximum(new - first, 0)
    excess = np.maximum(context + np.minimum(first, new) - window, 0)
    return pairs - (cut * excess + cut * (cut + 1) / 2)


def kv_bytes_per_token(llm: LLM) -> float:
    """KV cache of one token in one layer [byte]; latent attention keeps one vector, not two."""
    a = llm.attention
    if isinstance(a, GroupedQueryAttention):
        return 2 * a.kv_heads * a.head_dim * llm.kv_bytes_per_element
    return (a.latent + a.rope_head_dim) * llm.kv_bytes_per_element


def kv_held(llm: LLM, part: Slice, tokens):
    """KV cache of one request of `tokens` tokens in `part` [byte]; a window keeps its last ones."""
    kept = part.global_layers * tokens
    if part.local_layers:
        kept = kept + part.local_layers * np.minimum(tokens, llm.attention.window)
    return kept * kv_bytes_per_token(llm)


def kv_touched(llm: LLM, part: Slice, *, new, context):
    """KV cache that a pass writes for `new` tokens and reads of `context` earlier ones [byte]."""
    touched = part.global_layers * (context + new)
    if part.local_layers:
        # The first new token looks back over window - 1 others.
        touched = touched + part.local_layers * (
            np.minimum(context, llm.attention.window - 1) + new
        )
    return touched * kv_bytes_per_token(llm)


def _layer_weights(llm, part, experts):
    plain = part.layers * attention_parameters(llm)
    plain += part.dense_layers * 3 * llm.hidden * llm.intermediate
    total = plain * llm.bytes_per_parameter
    if llm.experts:
        each = expert_parameters(llm) * llm.experts.bytes_per_parameter
        router = llm.hidden * llm.experts.experts * llm.embedding_bytes_per_parameter
        total = total + part.sparse_layers * (router + (experts + llm.experts.shared) * each)
    return total
