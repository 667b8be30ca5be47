"""What steps of any content take on one pipeline stage: tables that are asked with plain numbers.

The formulas are those of the cost models for pipelines; here a batch decodes and prefills at once,
and each request has a context of its own.
"""

from dataclasses import dataclass

import numpy as np

from gpu_catalog import GPU, LLM
from simcore.costs.hardware import fabric_joining, fabric_of, own_fabric
from simcore.costs.models.calibrated import ALL_REDUCE, MEASURED_LATENCY_S
from simcore.costs.operators.collectives import RING
from simcore.costs.operators.exchange_times import alone_seconds
from simcore.costs.operators.exchanges import exchanges_of
from simcore.costs.operators.sharing import Sharing
from simcore.costs.transformer import Slice
from simcore.topologies.base import Joining

MOST_ROWS = 8192
"""Numbers of tokens that a table holds each of; beyond, it holds as many, evenly spread."""

CONTEXT_RATIO = 1.2
"""Of neighbouring contexts in a table."""


@dataclass(frozen=True, kw_only=True)
class StageWork:
    """A pipeline stage, and the most that its steps hold.

    Attributes
    ----------
    part : its layers
    received : whether another stage sends it activations
    joining : what joins its GPUs; None for the fabric that GPUs of this kind have
    tokens : most of a step, of one attention group
    requests : most that run, over all groups
    context : longest [tokens]
    each : tokens that a decoding request computes in a step: more than 1 where some are proposed
    """

    llm: LLM
    gpu: GPU
    sharing: Sharing
    part: Slice
    received: bool
    joining: Joining | None
    tokens: int
    requests: int
    context: int
    each: int

    def groups_share(self, requests):
        """Of so many requests, those of the attention group with the most."""
        return -(-requests // self.sharing.dp)

    def contexts(self) -> np.ndarray:
        """Where tables hold a time, from 0 on."""
        points = [0.0, 32.0, 64.0, 127.0, 127.01]
        while points[-1] < self.context:
            points.append(points[-1] * CONTEXT_RATIO)
        window = getattr(self.llm.attention, "window", None)
        if window:
            points += [window - 1.0, window]
        return np.unique(points)

    def token_counts(self) -> np.ndarray:
        """Tokens of a step for which tables hold a time, evenly spread from 0 on."""
        stride = -(-self.tokens // MOST_ROWS)
        return np.arange(0, self.tokens + 2 * stride, stride, dtype=float)


def collective_seconds(work: StageWork, tokens, everyone, *, measured: bool) -> np.ndarray:
    """Time [s] of the collectives of a step alone on their wires.

    Parameters
    ----------
    tokens : of an attention group
    everyone : of all of them
    measured : by the constants of the fabric; else by its bandwidth, in a ring
    """
    tokens = np.asarray(tokens, dtype=float)
    total = np.zeros_like(tokens)
    if work.sharing.gpus == 1:
        return total
    exchanges = exchanges_of(
        work.llm, work.part, work.sharing, tokens=tokens, everyone=everyone, received=work.received
    )
    for exchange in exchanges:
        ranks = len(exchange.groups[0])
        if ranks == 1:
            continue
        fabric, nodes, further = _joined(work, ranks)
        if measured:
            seconds = alone_seconds(
                exchange, fabric=fabric, all_reduce=ALL_REDUCE, nodes=nodes, further_s=further
            )
        else:
            bandwidth = work.joining.bandwidth if work.joining else fabric.bandwidth
            moved = (
                RING.get(exchange.kind, 1)
                * (ranks - 1)
                / ranks
                * np.asarray(exchange.bytes, dtype=float)
            )
            seconds = moved / bandwidth
        total = total + exchange.times * seconds
    return np.broadcast_to(total, tokens.shape)


def _joined(work, ranks):
    joining = work.joining
    if joining is None:
        # Which says what to do where the catalog knows no link between such GPUs.
        return own_fabric(work.gpu, ranks) or fabric_of(work.gpu), 1, 0.0
    fabric = fabric_joining(
        work.gpu,
        joining.bandwidth,
        rated=joining.rated,
        ranks=ranks,
        switched=joining.switched,
        nodes=joining.nodes,
    )
    return fabric, joining.nodes, max(0.0, joining.latency_s - MEASURED_LATENCY_S)
