"""Predictions of the calibrated cost model for rows of tables."""

from collections.abc import Callable

import numpy as np
import pandas as pd

import gpu_catalog
from gpu_catalog import CatalogError
from simcore.calibration import kernels, layers, links, steps, transfers
from simcore.calibration.silicon import Unpredictable, served_as
from simcore.costs.constants import FabricConstants, GpuConstants, shipped
from simcore.costs.engines import EngineConstants, nearest_engine
from simcore.costs.hardware import chip_of, fabric_of, kernels_of
from simcore.costs.operators.chip import BF16, FP4, FP8, Format
from simcore.costs.operators.small import small_seconds
from simcore.costs.operators.transfer import TransferConstants
from simcore.errors import PdscopeError

PLAIN = ("fp16", "bf16", "float16", "bfloat16", "half", "")
"""Formats of weights that need no conversion."""

FORMATS = {
    "bfloat16": BF16,
    "bf16": BF16,
    "float16": BF16,
    "fp16": BF16,
    "half": BF16,
    "fp8": FP8,
    "fp8_block": FP8,
    "nvfp4": FP4,
    "w4a16_mxfp4": Format(gemm="bf16", weight_bytes=0.5 + 1 / 32),
    "int8_wo": Format(gemm="bf16", weight_bytes=1.0),
    "int4_wo": Format(gemm="bf16", weight_bytes=0.5 + 2 / 128),
}
EXPERT_KERNELS = {
    "fp8": "fp8",
    "fp8_block": "fp8_block",
    "nvfp4": "fp4",
    "w4a16_mxfp4": "mxfp4",
    "int4_wo": "mxfp4",
}

MOST_EXPERTS = 65_536
"""Loads are kept for each expert."""

Predicted = tuple[np.ndarray, pd.Series]
"""Times of rows [s], NaN where there is none, and a note on each row."""


def by_group(rows, columns, times: Callable) -> Predicted:
    """`times(part, *values)` of each group of rows with equal values in `columns`.

    It returns seconds and a note; a group for which it raises gets NaN and the reason.
    """
    seconds = pd.Series(np.nan, index=rows.index)
    notes = pd.Series("", index=rows.index)
    present = [name for name in columns if name in rows]
    filled = rows[present].astype(object).where(rows[present].notna(), "")
    for values, part in rows.groupby([filled[name] for name in present], sort=False):
        known = dict(zip(present, values, strict=True))
        try:
            found, note = times(part, *(known.get(name, "") for name in columns))
        except (CatalogError, PdscopeError, Unpredictable) as error:
            found, note = np.nan, str(error)
        seconds[part.index], notes[part.index] = found, note
    return seconds.to_numpy(float, copy=True), notes


def hardware(gpu: str):
    """The catalog's GPU of that name, its kernels, its chip, and a note on its calibration."""
    item = gpu_catalog.gpu(gpu)
    constants = kernels_of(item)
    return item, constants, chip_of(item, constants), calibration_note(item, constants)


def calibration_note(gpu, constants: GpuConstants) -> str:
    """Whether the constants were fitted to measurements on the GPU itself."""
    if constants.calibrated:
        return f"kernels calibrated on {gpu.name}"
    return f"uncalibrated GPU {gpu.name}: constants of a relative, expect ±25 %"


def predict_steps(rows, given: EngineConstants | None) -> Predicted:
    """Steps of whole models; with an engine around the kernels where the row names one."""

    def times(part, gpu, model, tp, engine, version, weights, cache, pp):
        engine, version = str(engine), str(version)
        if pp not in ("", 1):
            raise Unpredictable(f"pp = {pp}: only steps of one pipeline stage are predicted")
        item, _, _, note = hardware(gpu)
        llm = gpu_catalog.llm(model)
        if str(weights) not in PLAIN:
            llm = served_as(
                llm,
                precision=str(weights),
                narrow_cache=str(cache) == "fp8",
                native_fp4=item.flops_fp4 is not None,
            )
        tp = int(tp)
        if tp < 1:
            raise Unpredictable(f"tp = {tp}: give the number of ranks, from 1 up")
        composed = engine == ""
        ranks = steps.ranks_of(item, tp, repeated=composed, all_reduce="vllm" if composed else None)
        busy = steps.kernel_times(part, llm, ranks)
        if composed:
            return busy.total, note
        constants, own = (given, True) if given else nearest_engine(engine, version, item.name)
        found = steps.engine_times(part, llm, busy, tp, constants)
        named = f"{constants.engine} {', '.join(constants.versions)}"
        if own:
            return found, f"{note}; engine {named}"
        where = f" on {', '.join(constants.gpus)}" if constants.gpus else ""
        return found, f"{note}; uncalibrated engine {engine} {version}: as {named}{where}, ±25 %"

    columns = ("gpu", "model", "tp", "engine", "engine_version", "weight_dtype", "kv_dtype", "pp")
    phases = ~rows["phase"].isin(["prefill", "decode"])
    seconds, notes = by_group(rows, columns, times)
    seconds[phases.to_numpy()] = np.nan
    notes[phases] = "phase is neither prefill nor decode"
    return seconds, notes


def fabric_for(gpu: str, link: str, nodes: int) -> FabricConstants:
    """The constants of a link as a table calls it; those of the GPU's own where it is unknown."""
    known = shipped(FabricConstants, "fabrics")
    for constants in known.values():
        if link in constants.links:
            return constants
    try:
        name = gpu_catalog.link(link).name
    except CatalogError:
        name = None
    for constants in known.values():
        if name is not None and name in constants.links and (nodes > 1) == _between(constants):
            return constants
    if nodes > 1:
        raise Unpredictable(f"link {link!r}: no constants of such a link between machines")
    return fabric_of(gpu_catalog.gpu(gpu))


def _between(constants) -> bool:
    """Whether the constants are of a link between machines."""
    return not constants.gpus


def predict_collectives(rows, given=None) -> Predicted:
    """Collective operations."""

    def times(part, gpu, link, nodes, ranks):
        item = gpu_catalog.gpu(gpu)
        constants = fabric_for(gpu, str(link), int(nodes))
        if constants.most_ranks and ranks > constants.most_ranks:
            constants = shipped(FabricConstants, "fabrics")[constants.beyond]
        found = links.collective_times(part, constants)
        calibrated = constants.calibrated and (not constants.gpus or item.name in constants.gpus)
        note = f"link {constants.fabric}, " + (
            "calibrated" if calibrated else "not measured with this GPU: expect ±25 %"
        )
        return found, note

    seconds, notes = by_group(rows, ("gpu", "link", "n_nodes", "n_ranks"), times)
    missing = np.isnan(seconds) & (notes.str.startswith("link")).to_numpy()
    notes[missing] = "no constants of this operation by this library over this link"
    return seconds, notes


def predict_transfers(rows, given=None) -> Predicted:
    """KV transfers; of rows that state a block size, only the bandwidth is known, no time."""
    known = list(shipped(TransferConstants, "transfers").values())

    def times(part, engine, link, model, tp):
        network = gpu_catalog.link(link).name
        fitting = [c for c in known if c.library == engine]
        timed = [c for c in known if c.startup_s > 0]
        constants = max(fitting or timed, key=lambda c: (network in c.links, c.library))
        if not constants.startup_s:
            rate = transfers.block_rates(part, constants)
            shown = f"{np.nanmean(rate) / 1e9:.4g} GB/s"
            return np.nan, f"no size is given, only a bandwidth: {shown} expected"
        part = transfers.with_sizes(part, model, tp)
        if part["bytes"].isna().any():
            raise Unpredictable("neither bytes, nor model and prompt_tokens are given")
        note = "calibrated" if fitting else f"uncalibrated: constants of {constants.library}, ±25 %"
        return transfers.transfer_times(part, constants), note

    return by_group(rows, ("engine", "link", "model", "tp"), times)


def predict_gemm(rows, given=None) -> Predicted:
    """Products with weights."""

    def times(part, gpu, dtype):
        _, constants, chip, note = hardware(gpu)
        weights = _format(dtype)
        fitted = constants.gemm.get(chip.runs(weights.gemm), constants.gemm["bf16"])
        if chip.runs(weights.gemm) != weights.gemm:
            note += f"; it has no {weights.gemm} products: run in {chip.runs(weights.gemm)}"
        return kernels.gemm_times(part, weights, chip, fitted), note

    return by_group(rows, ("gpu", "dtype"), times)


def predict_prefill(rows, given=None) -> Predicted:
    """Attention of many new tokens."""

    def times(part, gpu):
        _, constants, chip, note = hardware(gpu)
        return kernels.prefill_times(part, chip, constants.prefill), note

    return by_group(rows, ("gpu",), times)


def predict_decode(rows, given=None) -> Predicted:
    """Attention of one new token per request, the kernel called again and again."""

    def times(part, gpu):
        _, constants, chip, note = hardware(gpu)
        return kernels.decode_times(part, chip, constants.decode), note

    return by_group(rows, ("gpu",), times)


def predict_experts(rows, given=None) -> Predicted:
    """Layers of experts."""

    def times(part, gpu, dtype, distribution):
        _, constants, chip, note = hardware(gpu)
        weights = _format(dtype)
        kind = EXPERT_KERNELS.get(dtype, "bf16")
        if kind not in constants.moe:
            note += f"; no constants of {kind} experts: those of bf16"
        if part["num_experts"].max() > MOST_EXPERTS:
            raise Unpredictable(f"more than {MOST_EXPERTS} experts")
        if distribution not in {routing.value for routing in kernels.Routing}:
            raise Unpredictable(f"distribution {distribution!r} is unknown")
        fitted = constants.moe.get(kind, constants.moe["bf16"])
        return kernels.moe_times(part, weights, chip, fitted), note

    return by_group(rows, ("gpu", "dtype", "distribution"), times)


def predict_layers(rows, given=None) -> Predicted:
    """Layers inside an engine."""

    def times(part, gpu, model, tp, layer):
        _, constants, chip, note = hardware(gpu)
        llm = gpu_catalog.llm(model)
        count = part["n"].to_numpy(float)
        if layer in layers.PRODUCTS:
            table = layers.gemm_rows(part.assign(time_us=np.nan))
            return kernels.gemm_times(table, BF16, chip, constants.gemm["bf16"]), note
        traffic = layers.small_traffic(llm, layer, int(tp))
        if traffic is None:
            raise Unpredictable(f"layer {layer!r} is unknown")
        found = small_seconds(
            kernels=layers.SAMPLER_KERNELS if layer == "sampler" else 1,
            traffic=count * traffic,
            chip=chip,
            constants=constants.small,
        )
        return found, note

    return by_group(rows, ("gpu", "model", "tp", "layer"), times)


def predict_mixed(rows, given=None) -> Predicted:
    """Attention of mixed batches inside an engine."""

    def times(part, gpu, model, tp):
        _, constants, chip, note = hardware(gpu)
        table = layers.attention_rows(part.assign(model=model, tp=tp, time_us=np.nan))
        return layers.mixed_times(table, chip, constants.prefill, constants.decode), note

    return by_group(rows, ("gpu", "model", "tp"), times)


def _format(dtype) -> Format:
    if dtype not in FORMATS:
        raise Unpredictable(f"dtype {dtype!r} is unknown; use one of {', '.join(FORMATS)}")
    return FORMATS[dtype]


PREDICTORS = {
    "steps": predict_steps,
    "collectives": predict_collectives,
    "kv_transfer": predict_transfers,
    "kernels_gemm": predict_gemm,
    "kernels_attn_prefill": predict_prefill,
    "kernels_attn_decode": predict_decode,
    "kernels_moe": predict_experts,
    "kernels_vllm_layers": predict_layers,
    "kernels_vllm_attention": predict_mixed,
}
