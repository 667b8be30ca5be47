"""How the size of a KV handoff was computed, between stages of one GPU or of several."""

import math
from dataclasses import dataclass

import numpy as np

import gpu_catalog
from simcore.costs import CostModel
from simcore.costs import transformer as tf
from simcore.costs.handoff import Part, kv_heads
from simcore.costs.plan import HandoffIn
from simcore.explain.numbers import count, quantity
from simcore.pipelines import Handoff
from simcore.run import cost_model_of
from simcore.scenario import Scenario

MOST_PATHS = 64
"""Over which a handoff may be spread."""

SAME = 1e-9
"""Sizes that differ by no more than this share are one."""

MOST_PATHS = 256
"""As many NICs as a machine may have."""


@dataclass(frozen=True)
class Found:
    """What a handoff is of.

    Attributes
    ----------
    layers : the group of layers; None for all that the stages share
    number : of the share among those of the two stages
    paths : over which it was spread, an equal part each
    """

    layers: range | None
    number: int
    paths: int


def handoff_factors(scenario: Scenario, tag: Handoff, size: float) -> tuple[str, int]:
    """The factors of a handoff of `size` byte, and the KV heads that it is of.

    Of several GPUs that send as much at a time, those of one.
    """
    if scenario.cost_model == "reference":
        return f"KV({scenario.batch_size}, {scenario.chunk_tokens}) // {scenario.pp}", 1
    costs, llm = cost_model_of(scenario), gpu_catalog.llm(scenario.llm)
    found = _found(scenario, costs, tag, size)
    of_paths = f" / {found.paths}" if found.paths > 1 else ""
    part: Part = costs.resharding.parts[found.number]
    tokens = _of(costs.handoff_tokens(tag.stage, tag.to_stage, found.layers), scenario, tag)
    each = tf.kv_bytes_per_token(llm) * part.heads / kv_heads(llm)
    return f"{part.requests} · {quantity(each, 'B')} · {count(tokens)}{of_paths}", part.heads


def _found(scenario, costs: CostModel, tag, size) -> Found:
    """The share that a handoff is: the first of its size, on as few paths as can be."""
    shares = [
        (_of(share.bytes, scenario, tag), layers, number)
        for layers in _groups(scenario, costs, tag.stage)
        for number, share in enumerate(costs.handoff_shares(tag.stage, tag.to_stage, layers))
        if tag.rank < 0 or (share.sender, share.receiver) == (tag.rank, tag.to_rank)
    ]
    for paths in range(1, MOST_PATHS + 1):
        for whole, layers, number in shares:
            if math.isclose(whole, paths * size, rel_tol=SAME):
                return Found(layers, number, paths)
    raise LookupError(f"{tag}: no share of the KV cache is of {size:g} B")


def _groups(scenario, costs, stage):
    if scenario.handoff != HandoffIn.LAYERS.value:
        return [None]
    held = scenario.prefill_pool.layers(costs.llm.layers)[stage]
    step = scenario.handoff_layers
    return [held[first : first + step] for first in range(0, len(held), step)]


def _of(by_chunk: np.ndarray, scenario, tag) -> float:
    return float(by_chunk.sum() if _at_the_end(scenario) else by_chunk[tag.chunk])


def _at_the_end(scenario):
    return scenario.handoff == HandoffIn.WHOLE.value
