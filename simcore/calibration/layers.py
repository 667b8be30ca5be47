"""Layer times inside an engine: which kernel each is, and its predicted time."""

import numpy as np
import pandas as pd

import gpu_catalog
from simcore.costs.operators.attention import decode_seconds, prefill_seconds
from simcore.costs.operators.exchanges import ACTIVATION
from simcore.costs.operators.layer import shared_heads

PRODUCTS = ("qkv_proj", "o_proj", "gate_up_proj", "down_proj", "lm_head")

SMALL_LAYERS = (*("act_fn", "layernorm", "final_layernorm", "rotary_emb", "qk_norm", "embedding"),)
"""Layers of one kernel that only move activations."""

SAMPLER_KERNELS = 8
"""Kernels that turn logits into a token."""

SAMPLER_PASSES = 4
"""Passes over the logits as 16-bit elements: read as such, kept and read again as 32-bit ones."""


def product_shape(llm, layer: str, tp: int) -> tuple[float, float]:
    """Columns n and inner width k of a layer's weights on one of `tp` ranks."""
    a, h = llm.attention, llm.hidden
    heads, kv = shared_heads(a.query_heads, tp), shared_heads(a.kv_heads, tp)
    return {
        "qkv_proj": ((heads + 2 * kv) * a.head_dim, h),
        "o_proj": (h, heads * a.head_dim),
        "gate_up_proj": (2 * llm.intermediate / tp, h),
        "down_proj": (h, llm.intermediate / tp),
        "lm_head": (llm.vocabulary / tp, h),
    }[layer]


def small_traffic(llm, layer: str, tp: int) -> float | None:
    """Bytes that a layer without a product moves per token; None for a layer that is unknown."""
    a, h = llm.attention, llm.hidden
    heads, kv = shared_heads(a.query_heads, tp), shared_heads(a.kv_heads, tp)
    elements = {
        "act_fn": 3 * llm.intermediate / tp,
        # With the residual connection: two vectors read, two written.
        "layernorm": 4 * h,
        "final_layernorm": 4 * h,
        "rotary_emb": 2 * (heads + kv) * a.head_dim,
        "qk_norm": 2 * (heads + kv) * a.head_dim,
        "embedding": 2 * h,
        "sampler": SAMPLER_PASSES * llm.vocabulary,
    }.get(layer)
    return None if elements is None else elements * ACTIVATION


def gemm_rows(rows) -> pd.DataFrame:
    """The products among layer times, as a table of products: m, n, k, time_ms."""
    rows = rows[rows["layer"].isin(PRODUCTS)]
    shapes = [
        product_shape(gpu_catalog.llm(model), layer, int(tp))
        for model, layer, tp in zip(rows["model"], rows["layer"], rows["tp"], strict=True)
    ]
    return pd.DataFrame(
        {
            "m": rows["n"].to_numpy(float),
            "n": [n for n, _ in shapes],
            "k": [k for _, k in shapes],
            "time_ms": rows["time_us"].to_numpy(float) * 1e-3,
        }
    )


def attention_rows(rows) -> pd.DataFrame:
    """Mixed attention of an engine, as requests: one prompt at most, and those that decode."""
    parts = []
    for (model, tp), part in rows.groupby(["model", "tp"]):
        a = gpu_catalog.llm(model).attention
        parts.append(
            pd.DataFrame(
                {
                    "prompts": (part["prefill_chunk"] > 0).to_numpy(float),
                    "new": part["prefill_chunk"].to_numpy(float),
                    "before": part["kv_prefill"].to_numpy(float),
                    "decodes": part["n_decode"].to_numpy(float),
                    "context": np.maximum(part["kv_decode"].to_numpy(float) - 1, 0),
                    "heads": shared_heads(a.query_heads, int(tp)),
                    "kv_heads": shared_heads(a.kv_heads, int(tp)),
                    "width": a.head_dim,
                    "time_ms": part["time_us"].to_numpy(float) * 1e-3,
                },
                index=part.index,
            )
        )
    return pd.concat(parts).sort_index()


def mixed_times(rows, chip, prefill, decode):
    """Predicted times of attention of mixed batches [s]; one launch where one kernel does both."""
    shape = {name: rows[name].to_numpy(float) for name in ("heads", "kv_heads", "width")}
    prompts, decodes = rows["prompts"].to_numpy(float), rows["decodes"].to_numpy(float)
    chunk = prefill_seconds(
        requests=prompts,
        new=rows["new"].to_numpy(float),
        context=rows["before"].to_numpy(float),
        **shape,
        chip=chip,
        constants=prefill,
    )
    each = decode_seconds(
        requests=decodes,
        context=rows["context"].to_numpy(float),
        **shape,
        repeated=True,
        mixed=prompts > 0,
        chip=chip,
        constants=decode,
    )
    both = (prompts > 0) & (decodes > 0)
    return chunk + each - np.where(both, np.minimum(prefill.launch_s, decode.launch_s), 0.0)


def small_rows(rows) -> pd.DataFrame:
    """Layers that only move activations, as a table of their bytes: traffic, time_ms."""
    rows = rows[rows["layer"].isin(SMALL_LAYERS)]
    each = [
        small_traffic(gpu_catalog.llm(model), layer, int(tp))
        for model, layer, tp in zip(rows["model"], rows["layer"], rows["tp"], strict=True)
    ]
    return pd.DataFrame(
        {
            "traffic": rows["n"].to_numpy(float) * each,
            "time_ms": rows["time_us"].to_numpy(float) * 1e-3,
        }
    )
