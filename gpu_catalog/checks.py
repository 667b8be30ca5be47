"""What cannot be: numbers that no GPU, model or link has, and that contradict each other."""

from dataclasses import fields

from gpu_catalog.dtypes import PEAKS, WEIGHTS
from gpu_catalog.parameters import parameters
from gpu_catalog.schema import GPU, LLM, WIRINGS, GroupedQueryAttention, Link

CONFIDENCE = ("high", "medium", "low")

# Bounds far outside of what exists, so that only a slip of the unit passes them.
_MEMORY = 2**30, 2**42  # 1 GiB to 4 TiB
_MEMORY_RATE = 10e9, 100e12
_FLOPS = 1e12, 100e15
_POWER = 10.0, 10_000.0
_WIRE = 1e3, 10e12
_WAIT_S = 1.0
_MOST_LAYERS, _MOST_COUNT = 1000, 10**8
# Half the bits, twice the rate. With sparsity it would be twice that again.
_FP8_OVER_BF16 = 2.05
# GPUs for screens accumulate FP4 products at four times, and BF16 at half the full rate.
_FP4_OVER_BF16 = 8.2
_OFF_PUBLISHED = 0.1
# Scales of small groups add up to a quarter of the bits.
_SCALES = 1.26


def impossible(item: GPU | LLM | Link) -> str:
    """What is impossible of `item`, with the key, its value and a remedy; "" where nothing is."""
    match item:
        case GPU():
            found = _gpu(item)
        case LLM():
            found = _llm(item)
        case Link():
            found = _link(item)
    if not found and item.confidence not in CONFIDENCE:
        found = f"confidence = {item.confidence!r}; use one of {', '.join(CONFIDENCE)}"
    return found


def _gpu(gpu):
    return (
        _outside("memory_MiB", gpu.memory, _MEMORY, 2**20, "MiB, as the driver reports it")
        or _outside("bandwidth_GBps", gpu.bandwidth, _MEMORY_RATE, 1e9, "GB/s")
        or _outside("dense_TFLOPS.bf16", gpu.flops, _FLOPS, 1e12, "TFLOP/s without sparsity")
        or _sparse("fp8", gpu.flops_fp8, gpu.flops, _FP8_OVER_BF16)
        or _sparse("fp4", gpu.flops_fp4, gpu.flops, _FP4_OVER_BF16)
        or _outside("power_W", gpu.power, _POWER, 1, "W")
        or _wiring(gpu.fabric)
    )


def _wiring(fabric):
    if fabric is None:
        return ""
    if fabric.wiring not in WIRINGS:
        return f"fabric.wiring = {fabric.wiring!r}; use one of {', '.join(WIRINGS)}"
    if fabric.gpus < 2:
        return f"fabric.gpus = {fabric.gpus} joins nothing; use 2 or more, or leave fabric out"
    return ""


def _outside(key, value, bounds, unit, name):
    low, high = bounds
    if value is None or low <= value <= high:
        return ""
    shown = [f"{each / unit:,.10g}" for each in (low, high)]
    return f"{key} = {value / unit:,.12g} is impossible; use {shown[0]} to {shown[1]} {name}"


def _sparse(name, value, bf16, most):
    if value is None or value <= most * bf16:
        return ""
    return (
        f"dense_TFLOPS.{name} = {value / 1e12:g} is {value / bf16:.1f} times that of bf16, more "
        f"than {most:g}; use the rate without sparsity, half of what data sheets print"
    )


def _llm(llm):
    return (
        _counts(llm) or _formats(llm) or _attention(llm.attention) or _experts(llm) or _count(llm)
    )


def _counts(llm):
    parts = {"": llm, "attention.": llm.attention, "experts.": llm.experts}
    for prefix, part in parts.items():
        for field in fields(part) if part else ():
            value = getattr(part, field.name)
            most = _MOST_LAYERS if field.name == "layers" else _MOST_COUNT
            if type(value) is int and value > most:
                shown = str(value)[:20]
                return f"{prefix}{field.name} = {shown} is impossible; use {most:,} or less"
    return ""


def _formats(llm):
    held = [("weight_dtype", "bytes_per_parameter", llm)]
    if llm.experts:
        held.append(("experts.weight_dtype", "experts.bytes_per_parameter", llm.experts))
    for key, size_key, part in held:
        if part.weight_dtype not in WEIGHTS:
            return f"{key} = {part.weight_dtype!r}; use one of {', '.join(WEIGHTS)}"
        least = WEIGHTS[part.weight_dtype] / 8
        if not least <= part.bytes_per_parameter <= _SCALES * least:
            return (
                f"{size_key} = {part.bytes_per_parameter:g} contradicts {key} = "
                f"{part.weight_dtype!r}; use {least:g}, or somewhat more with scales"
            )
    if llm.gemm_dtype not in PEAKS:
        return f"gemm_dtype = {llm.gemm_dtype!r}; use one of {', '.join(PEAKS)}"
    return ""


def _attention(a):
    if not isinstance(a, GroupedQueryAttention):
        return ""
    if a.query_heads % a.kv_heads:
        return (
            f"attention.kv_heads = {a.kv_heads} does not divide the {a.query_heads} query heads; "
            "correct one of them"
        )
    if a.local > a.period:
        return (
            f"attention.local = {a.local} of every {a.period} layers; use {a.period} or less, or "
            "raise attention.period"
        )
    if (a.window is None) != (a.local == 0):
        return "attention.window and attention.local go together; give both or neither"
    return ""


def _experts(llm):
    e = llm.experts
    if e is None:
        return ""
    if e.active > e.experts:
        return f"experts.active = {e.active} of {e.experts} experts; use {e.experts} or less"
    if e.dense_layers >= llm.layers:
        return (
            f"experts.dense_layers = {e.dense_layers} of {llm.layers} layers leaves none with "
            "experts; use fewer, or leave [experts] out"
        )
    return ""


def _count(llm):
    if llm.published_parameters is None:
        return ""
    counted = parameters(llm)
    if abs(counted / llm.published_parameters - 1) <= _OFF_PUBLISHED:
        return ""
    return (
        f"published_parameters = {llm.published_parameters:g}, but the widths add up to "
        f"{counted:.4g}; correct the one that is wrong"
    )


def _link(link):
    low, high = link.bandwidth_range
    if not _WIRE[0] <= high <= _WIRE[1]:
        return (
            f"bandwidth_GBps = [{low / 1e9:g}, {high / 1e9:g}] is impossible; use GB/s of one "
            f"direction, {_WIRE[1] / 1e9:,g} at most"
        )
    if link.peak is not None and high > link.peak:
        return (
            f"bandwidth_GBps reaches {high / 1e9:g}, more than peak_GBps = {link.peak / 1e9:g}; "
            "correct one of them"
        )
    if link.latency_range[1] > _WAIT_S:
        return f"latency_us reaches {link.latency_range[1] * 1e6:g}; use microseconds"
    return ""
