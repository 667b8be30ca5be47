"""The same rows by the uncalibrated models, to see what calibration gains.

`physical` is the roofline of the catalog's true peaks, `reference` the specification's formulas and
catalog with its one efficiency of 0.8 of the memory bandwidth; for GPUs and models that the
specification does not know, with the catalog's own numbers. Neither has a launch, a library or an
engine; tensor parallelism divides work and bytes, and communication among the ranks is left out.
"""

import math
from functools import partial

import numpy as np

import gpu_catalog
from gpu_catalog.schema import LatentAttention, ReferenceLLM
from simcore.calibration import layers, transfers
from simcore.calibration.calibrated import FORMATS, Predicted, by_group, fabric_for
from simcore.calibration.silicon import Unpredictable
from simcore.calibration.steps import batch_of
from simcore.costs import transformer as tf
from simcore.costs.models.reference import MEMORY_EFFICIENCY
from simcore.costs.operators.attention import mean_keys
from simcore.costs.operators.chip import WIDER
from simcore.costs.roofline import roofline_seconds

ALGORITHM = {"all_reduce": 2, "all_gather": 1, "reduce_scatter": 1, "alltoall": 1}
"""How often the buffer, less a rank's own share, crosses a rank's link."""


def _roof(gpu: str, gemm: str, reference: bool) -> dict:
    """Peak and bandwidth of a GPU, by its own numbers or the specification's."""
    item = gpu_catalog.gpu(gpu)
    if reference:
        known = item.reference or item
        return {"flops": known.flops, "bandwidth": MEMORY_EFFICIENCY * known.bandwidth}
    peaks = {"bf16": item.flops, "fp8": item.flops_fp8, "fp4": item.flops_fp4}
    peak = next(peaks[name] for name in WIDER[gemm] if peaks.get(name))
    return {"flops": peak, "bandwidth": item.bandwidth}


def _physical_steps(part, gpu, model, tp):
    llm = gpu_catalog.llm(model)
    whole = tf.slice_of(llm, range(llm.layers))
    batch = batch_of(part)
    flop = tf.projection_flop(llm, whole, batch.tokens, outputs=batch.outputs)
    sequences = ((batch.prompts, batch.new, batch.before), (batch.decodes, 1.0, batch.context))
    traffic = tf.weights_read(llm, whole, batch.tokens, head=1.0)
    for requests, new, context in sequences:
        absorbed = new is sequences[1][1]
        flop = flop + requests * tf.attention_flop(
            llm, whole, new=new, context=context, absorbed=absorbed
        )
        traffic = traffic + requests * tf.kv_touched(llm, whole, new=new, context=context)
    roof = _roof(gpu, llm.gemm_dtype, False)
    return roofline_seconds(flop=flop / tp, traffic=traffic / tp, **roof), "a lower bound"


def _reference_steps(part, gpu, model, tp):
    """T_prefill and T_decode of the specification, all layers in one stage, divided by TP."""
    item = gpu_catalog.llm(model)
    llm, batch = item.reference or as_the_specification_counts(item), batch_of(part)
    n = batch.prompts + batch.decodes
    tokens = np.where(batch.prompts > 0, batch.new, batch.context)
    width = llm.latent or llm.hidden / llm.query_heads
    kv = 2 * n * llm.bytes_per_parameter * tokens * llm.layers * llm.kv_heads * width
    prefill = 2 * n * batch.new * llm.parameters + 4 * n * llm.hidden * batch.new**2 * llm.layers
    decode = 2 * n * llm.parameters + 4 * n * tokens * llm.layers * llm.hidden
    flop = np.where(batch.prompts > 0, prefill, decode)
    traffic = llm.parameters * llm.bytes_per_parameter + kv
    return roofline_seconds(flop=flop / tp, traffic=traffic / tp, **_roof(gpu, "bf16", True)), ""


def as_the_specification_counts(llm) -> ReferenceLLM:
    """A model that the specification does not know, in its terms: all weights in whole bytes."""
    a = llm.attention
    latent = isinstance(a, LatentAttention)
    whole = tf.slice_of(llm, range(llm.layers))
    return ReferenceLLM(
        parameters=round(llm.published_parameters or tf.weights_held(llm, whole) / 2),
        layers=llm.layers,
        hidden=llm.hidden,
        kv_heads=1 if latent else a.kv_heads,
        query_heads=a.query_heads,
        bytes_per_parameter=math.ceil(llm.bytes_per_parameter),
        latent=a.latent if latent else None,
    )


def _gemm(part, gpu, dtype, *, reference):
    if dtype not in FORMATS:
        raise Unpredictable(f"dtype {dtype!r} is unknown")
    weights = FORMATS[dtype]
    m, n, k = (part[name].to_numpy(float) for name in ("m", "n", "k"))
    traffic = n * k * weights.weight_bytes + 2 * (m * k + m * n)
    roof = _roof(gpu, weights.gemm, reference)
    return roofline_seconds(flop=2 * m * n * k, traffic=traffic, **roof), ""


def _attention(part, gpu, *, reference):
    n, heads, kv, width = (
        part[name].to_numpy(float) for name in ("batch_size", "num_heads", "kv_heads", "head_dim")
    )
    context = part["context"].to_numpy(float)
    new = part["new_tokens"].to_numpy(float) if "new_tokens" in part else np.ones(len(part))
    window = part["window_size"].to_numpy(float)
    window = np.where(window > 0, window, np.inf)
    seen = mean_keys(new=np.maximum(new, 1.0), context=context, window=window)
    flop = 4 * n * heads * width * new * seen
    read = np.minimum(context + new, window - 1 + new)
    traffic = 4 * n * width * (kv * read + heads * new)
    return roofline_seconds(flop=flop, traffic=traffic, **_roof(gpu, "bf16", reference)), ""


def _experts(part, gpu, dtype, *, reference):
    if dtype not in FORMATS:
        raise Unpredictable(f"dtype {dtype!r} is unknown")
    weights = FORMATS[dtype]
    tokens, hidden, inner, active, experts, tp, ep = (
        part[name].to_numpy(float)
        for name in (
            *("num_tokens", "hidden_size", "inter_size", "topk", "num_experts"),
            *("moe_tp_size", "moe_ep_size"),
        )
    )
    size = 3 * hidden * inner / tp
    # The specification reads all experts, whatever the tokens visit.
    visited = experts if reference else experts * (1 - (1 - active / experts) ** tokens)
    flop = 2 * tokens * active * size / ep
    traffic = visited * size * weights.weight_bytes / ep
    return roofline_seconds(flop=flop, traffic=traffic, **_roof(gpu, weights.gemm, reference)), ""


def _collectives(part, gpu, link, nodes, *, reference):
    size, ranks = part["bytes"].to_numpy(float), part["n_ranks"].to_numpy(float)
    constants = fabric_for(gpu, str(link), int(nodes))
    if reference:
        return size / constants.bandwidth, ""
    times = part["op"].map(ALGORITHM).to_numpy(float)
    moved = np.where(np.isnan(times), size, times * size * (ranks - 1) / ranks)
    local = ranks / part["n_nodes"].to_numpy(float)
    ports = np.where(part["op"].isin(["all_reduce", "all_gather", "reduce_scatter"]), local, 1.0)
    return moved / constants.bandwidth / np.where(nodes > 1, ports, 1.0), "a lower bound"


def _transfers(part, link, model, tp):
    size = transfers.with_sizes(part, model, tp)["bytes"]
    if size.isna().any():
        raise Unpredictable("neither bytes, nor model and prompt_tokens are given")
    return size / transfers.bandwidth_of(link), "a lower bound"


def _layers(part, gpu, model, tp, layer, *, reference):
    llm = gpu_catalog.llm(model)
    if layer in layers.PRODUCTS:
        table = layers.gemm_rows(part.assign(time_us=np.nan))
        return _gemm(table, gpu, "bf16", reference=reference)
    traffic = layers.small_traffic(llm, layer, int(tp))
    if traffic is None:
        raise Unpredictable(f"layer {layer!r} is unknown")
    roof = _roof(gpu, "bf16", reference)
    return part["n"].to_numpy(float) * traffic / roof["bandwidth"], ""


def _mixed(part, gpu, model, tp, *, reference):
    rows = layers.attention_rows(part.assign(model=model, tp=tp, time_us=np.nan))
    shape = {"num_heads": "heads", "head_dim": "width"}
    common = {new: rows[old] for new, old in shape.items()} | {"window_size": 0}
    chunk = rows.assign(
        **common, batch_size=rows["prompts"], new_tokens=rows["new"].clip(1), context=rows["before"]
    )
    each = rows.assign(**common, batch_size=rows["decodes"]).drop(columns="new")
    first, _ = _attention(chunk, gpu, reference=reference)
    return first + _attention(each, gpu, reference=reference)[0], ""


COLUMNS = {
    "kernels_gemm": (_gemm, ("gpu", "dtype")),
    "kernels_attn_prefill": (_attention, ("gpu",)),
    "kernels_attn_decode": (_attention, ("gpu",)),
    "kernels_moe": (_experts, ("gpu", "dtype")),
    "collectives": (_collectives, ("gpu", "link", "n_nodes")),
    "kernels_vllm_layers": (_layers, ("gpu", "model", "tp", "layer")),
    "kernels_vllm_attention": (_mixed, ("gpu", "model", "tp")),
}


def _predictor(function, columns):
    def predict(rows, given=None) -> Predicted:
        return by_group(rows, columns, function)

    return predict


def _predictors(reference: bool):
    steps = _reference_steps if reference else _physical_steps
    return {
        "steps": _predictor(steps, ("gpu", "model", "tp")),
        "kv_transfer": _predictor(_transfers, ("link", "model", "tp")),
    } | {
        name: _predictor(partial(function, reference=reference), columns)
        for name, (function, columns) in COLUMNS.items()
    }


PHYSICAL = _predictors(False)
REFERENCE = _predictors(True)
