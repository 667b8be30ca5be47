"""What one GPU of a stage holds of a model whose layers several GPUs share."""

from dataclasses import replace

import numpy as np

from gpu_catalog import LLM, GroupedQueryAttention
from simcore.costs import transformer as tf
from simcore.costs.operators.moe import Routing, heaviest_loads
from simcore.costs.operators.sharing import Sharing
from simcore.costs.transformer import Slice


def shard_of(llm: LLM, sharing: Sharing) -> LLM:
    """The architecture as one GPU has it: its heads, and its part of every wide dimension.

    Columns and rows of the two halves of attention and of feed-forward blocks are divided by TP
    (Shoeybi et al., "Megatron-LM", arXiv:1909.08053, section 3), the embedding and the output head
    by the vocabulary, an expert by the TP of experts. Of fewer KV heads than GPUs each GPU holds
    one. What all heads share is on every GPU: latent vectors, the way down to them, the router.

    Shared experts are divided by TP, not as the others: they are counted in units of the others'
    parts, so their number may be broken.
    """
    tp = sharing.tp
    if sharing.gpus == 1:
        return llm
    heads = {"query_heads": llm.attention.query_heads // tp}
    if isinstance(llm.attention, GroupedQueryAttention):
        heads["kv_heads"] = max(1, llm.attention.kv_heads // tp)
    experts = llm.experts
    if experts is not None:
        experts = replace(
            experts,
            intermediate=experts.intermediate / sharing.expert_tp,
            shared=experts.shared * sharing.expert_tp / tp,
        )
    return replace(
        llm,
        attention=replace(llm.attention, **heads),
        intermediate=llm.intermediate / tp,
        vocabulary=llm.vocabulary / tp,
        experts=experts,
    )


def experts_held(llm: LLM, sharing: Sharing) -> int:
    """Routed experts of a layer on the GPU that holds the most, its part of each of them."""
    return -(-llm.experts.experts // sharing.ep) if llm.experts else 0


def expert_visits(llm: LLM, sharing: Sharing, tokens):
    """Visits to the expert group with the most, and how many of its experts are visited at all.

    Visits are None where they are those of a GPU's own tokens: without experts, and where one
    attention group has all of them in one expert group.

    Parameters
    ----------
    tokens : of all attention groups
    """
    e = llm.experts
    if e is None:
        return None, 0
    if sharing.ep == 1 and sharing.routing is Routing.RANDOM:
        visits = None if sharing.dp == 1 else e.active * tokens
        return visits, tf.distinct_experts(llm, tokens)
    loads = heaviest_loads(
        tokens=tokens,
        experts=e.experts,
        active=e.active,
        groups=sharing.ep,
        routing=sharing.routing,
        placement=sharing.placement,
        seed=sharing.seed,
    )
    visits = None if sharing.dp == sharing.ep == 1 else loads.sum(axis=-1)
    return visits, np.minimum(loads, 1.0).sum(axis=-1)


def weights_on_gpu(llm: LLM, sharing: Sharing, part: Slice) -> float:
    """Memory that the weights of `part` fill on the GPU that holds the most [byte]."""
    return tf.weights_held(shard_of(llm, sharing), part, experts=experts_held(llm, sharing))
