"""How long a collective of a pass takes alone, by the measured formulas of a fabric."""

import numpy as np

from simcore.costs.constants import FabricConstants
from simcore.costs.operators.collectives import (
    RING,
    Collective,
    between_nodes_seconds,
    direct_seconds,
    peer_seconds,
    ring_seconds,
)
from simcore.costs.operators.exchanges import Exchange

LIBRARY = "nccl"


def alone_seconds(
    exchange: Exchange,
    *,
    fabric: FabricConstants,
    all_reduce: str | None,
    nodes: int = 1,
    further_s: float = 0.0,
) -> np.ndarray:
    """Time [s] of one such collective while nothing else is on the wires, by chunk or step.

    Of an all-to-all with unequal shares, the GPU that receives or sends the most is waited for.

    Parameters
    ----------
    fabric : what joins the GPUs; between machines, a port of each
    all_reduce : which of the fabric's direct libraries reduces in one machine; None for the ring
    nodes : machines that the GPUs are spread over
    further_s : latency of a hop beyond what the constants were measured with [s]; a ring waits for
        it in each of its rounds
    """
    ranks = len(exchange.groups[0])
    size = np.asarray(exchange.bytes, dtype=float)
    if exchange.shares is not None:
        size = size * (max(exchange.shares) * ranks)
    where = {"ranks": ranks, "size": size, "bandwidth": fabric.bandwidth}
    kind, ring = exchange.kind, fabric.rings[LIBRARY]
    if nodes > 1:
        protocols = ring if kind in RING else fabric.peer
        time = between_nodes_seconds(kind=kind, nodes=nodes, **where, constants=protocols)
    elif kind not in RING:
        time = peer_seconds(kind=kind, **where, constants=fabric.peer)
    elif kind is Collective.ALL_REDUCE and all_reduce in fabric.direct:
        time = direct_seconds(**where, constants=fabric.direct[all_reduce], ring=ring)
    else:
        time = ring_seconds(kind=kind, **where, constants=ring)
    rounds = RING.get(kind, 0) * (ranks - 1) or 1
    return np.where(size > 0, time + rounds * further_s, 0.0)
