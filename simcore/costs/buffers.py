"""Memory that a pass needs beside weights and KV cache: activations and collectives' buffers."""

import numpy as np

from gpu_catalog import LLM, GroupedQueryAttention
from simcore.costs.operators.exchanges import ACTIVATION, Exchange
from simcore.costs.operators.sharing import Sharing
from simcore.costs.shard import expert_visits, shard_of
from simcore.costs.transformer import Slice

LOGIT = 4
"""Bytes of a logit: engines sample in FP32."""


def activation_bytes(
    llm: LLM, part: Slice, sharing: Sharing, *, tokens, everyone, outputs
) -> float:
    """Activations that are alive at once in the largest kernel of a pass, on one GPU [byte].

    The residual stream and the normalised copy of it; beside them either what attention makes of
    it, or what a feed-forward block does, or the logits of the tokens whose successor is wanted.
    Attention scores are never written (Dao et al., "FlashAttention", arXiv:2205.14135).

    Parameters
    ----------
    tokens : of the pass, of one attention group
    everyone : of all attention groups
    outputs : tokens whose successor is wanted
    """
    shard = shard_of(llm, sharing)
    widest = [tokens * ACTIVATION * _attention_width(shard.attention)]
    if part.dense_layers:
        widest.append(tokens * ACTIVATION * 3 * shard.intermediate)
    if part.sparse_layers:
        e = shard.experts
        visits, _ = expert_visits(llm, sharing, everyone)
        routed = e.active * tokens if visits is None else visits
        # A copy of the vector of each visit, gate and up, and their product.
        met = routed * (llm.hidden + 3 * e.intermediate)
        widest.append(ACTIVATION * (met + tokens * 3 * e.shared * e.intermediate))
    if part.head:
        widest.append(outputs * LOGIT * shard.vocabulary)
    return float(2 * tokens * ACTIVATION * llm.hidden + max(widest))


def collective_bytes(exchanges: tuple[Exchange, ...]) -> float:
    """Room in which collectives send and receive, of the largest of a pass [byte].

    Each reads one buffer and writes another.
    """
    return float(max((2 * np.max(exchange.bytes) for exchange in exchanges), default=0.0))


def _attention_width(a):
    """Queries, keys, values and results of a token."""
    if isinstance(a, GroupedQueryAttention):
        return 2 * (a.query_heads + a.kv_heads) * a.head_dim
    down = (a.query_latent or 0) + a.latent + a.rope_head_dim
    each = 2 * (a.plain_head_dim + a.rope_head_dim) + 2 * a.value_head_dim
    return down + a.query_heads * each
