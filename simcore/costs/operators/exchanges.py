"""Which collectives the GPUs of a stage carry out in a pass, how often, and of how many bytes.

The one place that counts them; cost models and predictions of steps take them from here.
"""

from dataclasses import dataclass

import numpy as np

from gpu_catalog import LLM
from simcore.costs.operators.collectives import Collective
from simcore.costs.operators.moe import Routing, group_loads
from simcore.costs.operators.sharing import Sharing
from simcore.costs.transformer import Slice

ACTIVATION = 2
"""Bytes of an activation between kernels."""

NORM_SUMS = 2 * 4
"""Of a token: sums of the squares of queries and of keys over all heads, in FP32 [byte]."""


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A collective that each pass of a stage carries out, so many times.

    Attributes
    ----------
    kind : what the GPUs do
    groups : the GPUs of the stage that do it together, by their number in the stage; several groups
        do it at the same time
    times : of each pass
    bytes : buffer of each GPU, of the group with the most, by chunk or step [byte]: what is
        reduced, what a gather results in, what a GPU sends to all in an all-to-all, itself too
    shares : of an all-to-all, the part of a GPU's bytes that each of its group receives (of itself
        too), heaviest expert groups as they are placed; None for equal parts
    back : whether it is an all-to-all the other way: each GPU sends what it would have received, so
        that GPU j sends the part `shares[j]` of `bytes` to each of its group
    """

    kind: Collective
    groups: tuple[tuple[int, ...], ...]
    times: int
    bytes: np.ndarray
    shares: tuple[float, ...] | None = None
    back: bool = False


def exchanges_of(
    llm: LLM, part: Slice, sharing: Sharing, *, tokens, everyone=None, received: bool = False
) -> tuple[Exchange, ...]:
    """The collectives of a pass through `part`, by one stage whose GPUs share it.

    Each layer adds up among the TP GPUs of an attention group after attention and after the
    feed-forward block (Shoeybi et al., "Megatron-LM", arXiv:1909.08053, section 3), and so does the
    embedding, which is split by the vocabulary. Where attention groups share experts, a layer of
    experts has an all-to-all to them and one back in place of the second sum: each GPU of a group
    sends its part of the group's tokens, each token once to every GPU that holds one of its
    experts. Where a single group has the experts, each of its GPUs has all tokens, and the sum puts
    the experts' results together, however they are spread.

    Parameters
    ----------
    tokens : of the attention group with the most, by chunk or step
    everyone : of all attention groups; None for as many of each
    received : whether another stage's GPUs sent the activations, each its part of a token's vector,
        which the group must put together
    """
    tokens = np.asarray(tokens, dtype=float)
    among = {"groups": sharing.attention_groups}
    found = []
    spread = part.sparse_layers if sharing.dp > 1 else 0
    if sharing.tp > 1:
        residual = tokens * (llm.hidden * ACTIVATION)
        if received:
            wire = tokens * (llm.hidden * llm.activation_bytes_per_element)
            found.append(Exchange(kind=Collective.ALL_GATHER, times=1, bytes=wire, **among))
        if getattr(llm.attention, "joint_norm", False):
            found.append(
                Exchange(
                    kind=Collective.ALL_REDUCE,
                    times=part.layers,
                    bytes=tokens * NORM_SUMS,
                    **among,
                )
            )
        sums = 2 * part.layers - spread + part.embedding
        found.append(Exchange(kind=Collective.ALL_REDUCE, times=sums, bytes=residual, **among))
    if spread:
        size, shares = _sent_to_experts(llm, sharing, tokens, everyone)
        found += [
            Exchange(
                kind=Collective.ALL_TO_ALL,
                groups=(tuple(range(sharing.gpus)),),
                times=spread,
                bytes=size,
                shares=shares,
                back=back,
            )
            for back in (False, True)
        ]
    return tuple(found)


def _sent_to_experts(llm, sharing, tokens, everyone):
    """What a GPU sends in one layer [byte], and the share of each receiver, None where equal."""
    parts = _visits_by_group(llm, sharing, tokens * sharing.dp if everyone is None else everyone)
    # Drawn with these chances, `active` times: a token goes to a group once or not at all.
    goes = 1 - (1 - parts) ** llm.experts.active
    copies = sharing.expert_tp * goes.sum()
    shares = None
    if len(set(goes.tolist())) > 1:
        shares = tuple((np.repeat(goes, sharing.expert_tp) / copies).tolist())
    return tokens / sharing.tp * copies * llm.hidden * ACTIVATION, shares


def _visits_by_group(llm, sharing, everyone):
    """The part of all visits that each expert group gets, in the largest pass."""
    if sharing.routing is not Routing.POWER_LAW:
        return np.full(sharing.ep, 1 / sharing.ep)
    loads = group_loads(
        tokens=np.max(everyone),
        experts=llm.experts.experts,
        active=llm.experts.active,
        groups=sharing.ep,
        routing=sharing.routing,
        placement=sharing.placement,
        seed=sharing.seed,
    ).sum(axis=-1)
    return loads / loads.sum()
