"""How many parameters a model has, counted from its widths.

Vaswani et al., "Attention is all you need", 2017, for the blocks; the papers that `schema` names
for grouped-query and latent attention. For most models that ship the count is that of their weight
files to the last one, without what predicts a second token and without vision towers.
"""

from gpu_catalog.schema import LLM, GroupedQueryAttention

# Gate, up and down projections of a gated feed-forward block (Shazeer, "GLU variants", 2020).
GATED = 3


def parameters(llm: LLM) -> int:
    """All parameters [count]; the embedding counts once where the output head shares it."""
    experts = llm.experts
    sparse = llm.layers - experts.dense_layers if experts else 0
    total = _tables(llm) + llm.hidden  # the last normalisation
    total += llm.layers * (attention_parameters(llm) + llm.norms * llm.hidden)
    total += (llm.layers - sparse) * GATED * llm.hidden * llm.intermediate
    if experts:
        total += sparse * (router_parameters(llm) + experts.experts * routed_parameters(llm))
        total += sparse * experts.shared * shared_parameters(llm)
    return total


def active_parameters(llm: LLM) -> int:
    """Parameters that a token visits, embedding and output head included [count]."""
    experts = llm.experts
    if experts is None:
        return parameters(llm)
    idle = experts.experts - experts.active
    return parameters(llm) - (llm.layers - experts.dense_layers) * idle * routed_parameters(llm)


def attention_parameters(llm: LLM) -> int:
    """Parameters of one layer's attention, biases and normalisations inside it included [count]."""
    a, h = llm.attention, llm.hidden
    if isinstance(a, GroupedQueryAttention):
        queries, keys = a.query_heads * a.head_dim, a.kv_heads * a.head_dim
        total = 2 * h * queries + 2 * h * keys
        total += a.qkv_bias * (queries + 2 * keys) + a.output_bias * h
        return total + a.qk_norm * 2 * a.head_dim + a.sinks * a.query_heads
    width = a.query_heads * (a.plain_head_dim + a.rope_head_dim)
    if a.query_latent is None:
        query = h * width
    else:
        query = h * a.query_latent + a.query_latent + a.query_latent * width
    down = h * (a.latent + a.rope_head_dim) + a.latent
    up = a.latent * a.query_heads * (a.plain_head_dim + a.value_head_dim)
    return query + down + up + a.query_heads * a.value_head_dim * h


def routed_parameters(llm: LLM) -> int:
    """Parameters of one routed expert [count]."""
    width, biases = llm.experts.intermediate, llm.experts.biases
    return GATED * llm.hidden * width + biases * (2 * width + llm.hidden)


def shared_parameters(llm: LLM) -> int:
    """Parameters of one shared expert [count]."""
    return GATED * llm.hidden * llm.experts.intermediate


def router_parameters(llm: LLM) -> int:
    """Parameters of one layer's router [count]."""
    return llm.experts.experts * (llm.hidden + llm.experts.router_bias)


def kv_elements_per_token(llm: LLM) -> int:
    """Numbers that the KV cache keeps of one token, in all layers, before any window is full.

    Times `kv_bytes_per_element` it is the size that makers quote [count].
    """
    a = llm.attention
    if isinstance(a, GroupedQueryAttention):
        return llm.layers * 2 * a.kv_heads * a.head_dim
    return llm.layers * (a.latent + a.rope_head_dim)


def _tables(llm):
    return llm.vocabulary * llm.hidden * (1 if llm.tied_embeddings else 2)
