"""Fits of one GPU's kernels: products, attention, experts."""

from dataclasses import replace

import numpy as np

from simcore.calibration.fit import fit_constants
from simcore.costs.operators.attention import (
    DecodeAttentionConstants,
    PrefillAttentionConstants,
    decode_seconds,
    prefill_seconds,
)
from simcore.costs.operators.chip import BF16, FP4, FP8
from simcore.costs.operators.gemm import GemmConstants, gemm_seconds
from simcore.costs.operators.moe import MoeConstants, Routing, moe_seconds

FORMATS = {"bfloat16": BF16, "fp8": FP8, "nvfp4": FP4}
"""Formats of products by the name that tables of measurements give them."""

GEMM_START = GemmConstants(
    launch_s=3e-6,
    per_k_s=0.5e-9,
    compute=0.75,
    memory=0.85,
    sharpness=4.0,
    epilogue=0.7,
    quantise=0.0,
    strain=0.1,
    waves=0.2,
    tile=(128.0, 128.0),
)
GEMM_BOUNDS = {
    "launch_s": (5e-7, 3e-5),
    "per_k_s": (1e-11, 5e-9),
    "compute": (0.2, 1.0),
    "memory": (0.3, 1.0),
    "sharpness": (1.0, 12.0),
    "epilogue": (0.01, 4.0),
    "quantise": (0.01, 30.0),
    "strain": (0.001, 0.5),
    "waves": (0.001, 1.0),
}
TILES = ((128.0, 128.0), (128.0, 256.0))

PREFILL_START = PrefillAttentionConstants(
    launch_s=8e-6,
    compute=0.6,
    memory=0.5,
    sharpness=2.0,
    block=128.0,
    longest=0.5,
    narrow=0.8,
    rows_s=1e-6,
)
PREFILL_BOUNDS = {
    "launch_s": (1e-6, 5e-5),
    "compute": (0.1, 1.0),
    "memory": (0.1, 1.0),
    "sharpness": (1.0, 12.0),
    "block": (1.0, 512.0),
    "longest": (0.05, 2.0),
    "narrow": (0.3, 1.1),
    "rows_s": (1e-8, 2e-5),
}

DECODE_START = DecodeAttentionConstants(
    launch_s=8e-6,
    join_s=1e-6,
    gather_s=1e-6,
    memory=0.85,
    sharpness=1.5,
    per_token_s=0.2e-9,
    unsplit_s=0.3e-9,
    per_head_s=5e-9,
    block=64.0,
    narrow=0.95,
    cached=2.0,
    resident=0.7,
    mixed=1.0,
)
DECODE_BOUNDS = {
    "launch_s": (1e-6, 5e-5),
    "join_s": (1e-8, 2e-5),
    "gather_s": (1e-8, 2e-5),
    "memory": (0.2, 1.0),
    "sharpness": (1.0, 12.0),
    "per_token_s": (1e-12, 2e-9),
    "unsplit_s": (1e-12, 1e-7),
    "per_head_s": (1e-10, 2e-7),
    "block": (1.0, 256.0),
    "narrow": (0.3, 1.1),
    "cached": (1.0, 8.0),
    "resident": (0.3, 1.2),
    "mixed": (0.999, 1.001),
}


def gemm_times(rows, weights, chip, constants):
    """Predicted times of a table with columns m, n, k [s]."""
    m, n, k = (rows[name].to_numpy(float) for name in ("m", "n", "k"))
    return gemm_seconds(m=m, n=n, k=k, weights=weights, chip=chip, constants=constants)


def fit_gemm(rows, weights, chip) -> GemmConstants:
    """Constants of one GPU's products in one format; of the two tiles that which fits better."""
    measured = rows["time_ms"].to_numpy(float) * 1e-3
    start = {"quantise": 3.0} if weights.gemm != "bf16" else {}
    trials = []
    for tile in TILES:
        found = fit_constants(
            replace(GEMM_START, tile=tile, **start),
            lambda c: gemm_times(rows, weights, chip, c),
            measured,
            bounds=GEMM_BOUNDS,
        )
        miss = np.abs(np.log(gemm_times(rows, weights, chip, found) / measured)).mean()
        trials.append((miss, found))
    return min(trials, key=lambda trial: trial[0])[1]


def _columns(rows, context):
    window = rows["window_size"].to_numpy(float)
    return {
        "requests": rows["batch_size"].to_numpy(float),
        "context": rows[context].to_numpy(float),
        "heads": rows["num_heads"].to_numpy(float),
        "kv_heads": rows["kv_heads"].to_numpy(float),
        "width": rows["head_dim"].to_numpy(float),
        "window": np.where(window > 0, window, np.inf),
    }


def prefill_times(rows, chip, constants):
    """Predicted times of a table of prefill attention [s]."""
    new = rows["new_tokens"].to_numpy(float)
    return prefill_seconds(new=new, **_columns(rows, "context"), chip=chip, constants=constants)


def fit_prefill(rows, chip) -> PrefillAttentionConstants:
    """Constants of one GPU's attention of many new tokens."""
    measured = rows["time_ms"].to_numpy(float) * 1e-3
    return fit_constants(
        PREFILL_START,
        lambda c: prefill_times(rows, chip, c),
        measured,
        bounds=PREFILL_BOUNDS,
    )


def decode_times(rows, chip, constants):
    """Predicted times of a table of decode attention, called again and again [s]."""
    columns = _columns(rows, "context")
    return decode_seconds(**columns, repeated=True, chip=chip, constants=constants)


def fit_decode(rows, chip) -> DecodeAttentionConstants:
    """Constants of one GPU's attention of one new token per request."""
    measured = rows["time_ms"].to_numpy(float) * 1e-3
    return fit_constants(
        DECODE_START,
        lambda c: decode_times(rows, chip, c),
        measured,
        bounds=DECODE_BOUNDS,
    )


MOE_START = MoeConstants(
    launch_s=2e-5,
    expert_s=1e-7,
    compute=0.5,
    memory=0.8,
    sharpness=3.0,
    block=64.0,
    moves=4.0,
)
MOE_BOUNDS = {
    "launch_s": (2e-6, 2e-4),
    "expert_s": (1e-9, 1e-5),
    "compute": (0.02, 1.0),
    "memory": (0.1, 1.0),
    "sharpness": (1.0, 12.0),
    "block": (1.0, 256.0),
    "moves": (0.1, 30.0),
}


def moe_times(rows, weights, chip, constants):
    """Predicted times of a table of layers of experts [s]."""
    times = np.empty(len(rows))
    shape = ["hidden_size", "inter_size", "topk", "num_experts", "moe_tp_size", "moe_ep_size"]
    place = np.arange(len(rows))
    for key, part in rows.assign(place=place).groupby([*shape, "distribution"]):
        hidden, inter, active, experts, tp, ep, distribution = key
        times[part["place"]] = moe_seconds(
            tokens=part["num_tokens"].to_numpy(float),
            hidden=hidden,
            intermediate=inter / tp,
            experts=experts,
            active=active,
            groups=ep,
            routing=Routing(distribution),
            weights=weights,
            chip=chip,
            constants=constants,
        )
    return times


def fit_moe(rows, weights, chip) -> MoeConstants:
    """Constants of one GPU's layers of experts in one format."""
    measured = rows["time_ms"].to_numpy(float) * 1e-3
    return fit_constants(
        MOE_START, lambda c: moe_times(rows, weights, chip, c), measured, bounds=MOE_BOUNDS
    )


def pinned(constants, but=()) -> dict[str, tuple[float, float]]:
    """Bounds that hold every constant where it is, but those named."""
    values = {name: value for name, value in vars(constants).items() if name not in but}
    return {
        name: (value * 0.999, value * 1.001)
        for name, value in values.items()
        if isinstance(value, float) and value > 0
    }
