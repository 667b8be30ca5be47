"""Fits of one link's collectives."""

from dataclasses import replace
from itertools import product

import numpy as np

from simcore.calibration.fit import fit_constants
from simcore.costs.constants import FabricConstants
from simcore.costs.operators.collectives import (
    RING,
    Collective,
    DirectConstants,
    Protocols,
    between_nodes_seconds,
    direct_seconds,
    peer_seconds,
    ring_seconds,
)

GENERAL = {"NCCL": "nccl", "NCCL (torch.distributed)": "torch"}
"""The general library: by its name in tables of measurements, the name in constants."""

DIRECT = {"vLLM_custom_graph": "vllm", "TRTLLM": "trtllm", "vLLM_custom_eager": "vllm_eager"}
"""Serving engines' own all-reduce: by the name in such tables, the name in constants."""

KINDS = {kind.value: kind for kind in Collective} | {"sendrecv": Collective.SEND}

RING_START = Protocols(
    quick_s=6e-6,
    quick_hop_s=1.3e-6,
    quick_share=0.2,
    full_s=1.4e-5,
    full_hop_s=3e-6,
    full_share=0.75,
    sharpness=3.0,
    few=0.6,
    gain=1.1,
)
RING_BOUNDS = {
    "quick_s": (1e-6, 1e-4),
    "quick_hop_s": (1e-8, 1e-5),
    "quick_share": (0.01, 1.0),
    "full_s": (2e-6, 3e-4),
    "full_hop_s": (1e-8, 2e-5),
    "full_share": (0.05, 1.1),
    "sharpness": (0.5, 12.0),
    "few": (0.001, 1.2),
    "gain": (0.9, 2.0),
}
PEER_START = Protocols(
    quick_s=7e-6,
    quick_hop_s=3e-7,
    quick_share=0.02,
    full_s=1.4e-5,
    full_hop_s=3e-7,
    full_share=0.75,
    sharpness=3.0,
    few=0.3,
    gain=1.1,
)
DIRECT_START = DirectConstants(
    startup_s=4e-6,
    peer_s=1e-7,
    share=0.5,
    few=0.1,
    second_s=3e-6,
    host_s=1e-7,
    one_shot_of_2=float(8 * 2**20),
    one_shot_of_4=float(512 * 2**10),
    one_shot_of_8=float(256 * 2**10),
    largest_of_2=float(8 * 2**20),
    largest=float(8 * 2**20),
)
LARGEST = tuple(float(size * 2**20) for size in (4, 8, 64))
"""What engines' releases have as their largest message [byte]."""
DIRECT_BOUNDS = {
    "startup_s": (5e-7, 1e-4),
    "peer_s": (1e-9, 2e-5),
    "share": (0.05, 1.0),
    "few": (0.001, 1.6),
    "second_s": (1e-8, 1e-4),
    "host_s": (1e-9, 2e-4),
} | {
    name: (getattr(DIRECT_START, name) * 0.999, getattr(DIRECT_START, name) * 1.001)
    for name in ("one_shot_of_2", "one_shot_of_4", "one_shot_of_8", "largest", "largest_of_2")
}


def collective_times(rows, constants: FabricConstants):
    """Predicted times of a table with columns op, lib, n_ranks, n_nodes, bytes [s].

    NaN where the constants have no library of that name, or the operation is unknown.
    """
    times = np.full(len(rows), np.nan)
    place = np.arange(len(rows))
    for (op, library), part in rows.assign(place=place).groupby(["op", "lib"]):
        if op in KINDS:
            times[part["place"]] = _times(KINDS[op], library, part, constants)
    return times


def _times(kind, library, part, constants):
    where = {
        "ranks": part["n_ranks"].to_numpy(float),
        "size": part["bytes"].to_numpy(float),
        "bandwidth": constants.bandwidth,
    }
    nodes = part["n_nodes"].to_numpy(float)
    if library in GENERAL:
        ring = constants.rings.get(GENERAL[library], constants.rings["nccl"])
        protocols = ring if kind in RING else constants.peer
        if np.all(nodes > 1):
            return between_nodes_seconds(kind=kind, nodes=nodes, **where, constants=protocols)
        if kind in RING:
            return ring_seconds(kind=kind, **where, constants=protocols)
        return peer_seconds(kind=kind, **where, constants=protocols)
    direct = constants.direct.get(DIRECT.get(library, ""))
    if direct is None or kind is not Collective.ALL_REDUCE:
        return np.nan
    return direct_seconds(**where, constants=direct, ring=constants.rings["nccl"])


def fit_fabric(rows, start: FabricConstants) -> FabricConstants:
    """`start` with its constants fitted to the rows of one link.

    What the rows do not cover stays as it is in `start`.
    """
    found = start
    general = rows[rows["lib"].isin(GENERAL)]
    around = general["op"].map(KINDS).isin(list(RING))
    # Newest first: where the older release alone was measured, it stands for both.
    for name, library in (("NCCL", "nccl"), ("NCCL (torch.distributed)", "torch")):
        part = general[around & (general["lib"] == name)]
        if not part.empty:
            ring = _fitted(
                part,
                found.rings["nccl"],
                lambda c, library=library, found=found: replace(
                    found, rings=found.rings | {library: c}
                ),
                RING_BOUNDS,
            )
            found = replace(found, rings=found.rings | {library: ring})
    if "torch" in found.rings and not (around & (general["lib"] == "NCCL")).any():
        found = replace(found, rings={"nccl": found.rings["torch"]})
    if (~around).any():
        peer = _fitted(general[~around], found.peer, lambda c: replace(found, peer=c), RING_BOUNDS)
        found = replace(found, peer=peer)
    direct = {
        DIRECT[library]: _fit_direct(part, found, DIRECT[library])
        for library, part in rows[rows["lib"].isin(DIRECT)].groupby("lib")
    }
    return replace(found, direct=found.direct | direct)


def _fit_direct(rows, fabric: FabricConstants, name: str) -> DirectConstants:
    """Fitted, then once more with the pair of largest messages that suits the first fit best."""
    measured = rows["time_us"].to_numpy(float) * 1e-6

    def fabric_with(constants):
        return replace(fabric, direct={name: constants})

    def miss(constants):
        times = collective_times(rows, fabric_with(constants))
        return np.abs(np.log(times / measured)).mean()

    first = _fitted(rows, DIRECT_START, fabric_with, DIRECT_BOUNDS)
    pairs = product(LARGEST, LARGEST)
    start = min((replace(first, largest_of_2=a, largest=b) for a, b in pairs), key=miss)
    bounds = DIRECT_BOUNDS | {
        key: (getattr(start, key) * 0.999, getattr(start, key) * 1.001)
        for key in ("largest_of_2", "largest")
    }
    return _fitted(rows, start, fabric_with, bounds)


def _fitted(rows, start, fabric_with, bounds):
    """`start` fitted to `rows` as a part of the fabric that `fabric_with` makes of it."""
    return fit_constants(
        start,
        lambda constants: collective_times(rows, fabric_with(constants)),
        rows["time_us"].to_numpy(float) * 1e-6,
        bounds=bounds,
    )
