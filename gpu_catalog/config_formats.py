"""Number formats of a model, from the dtype and the quantization_config of its config.json."""

import re
from dataclasses import dataclass

from gpu_catalog.config_fields import Fields
from gpu_catalog.dtypes import GEMMS, USUAL_BYTES

_PLAIN = {"bfloat16": "bf16", "float16": "bf16", "float32": "fp32"}
_SCALE_BYTES = 2  # of one group: FP16
_LAYER = re.compile(r"layers\.(\d+)\.self_attn")


@dataclass(frozen=True, kw_only=True)
class Formats:
    """What weights, KV cache and matrix products are in.

    Attributes
    ----------
    plain, experts : format of attention and dense feed-forward weights, and of the experts'; of a
        model without experts the second is that of all
    plain_bytes, expert_bytes, table_bytes : of one weight there, scales included, and of one of
        the embedding and the output head [byte]
    kv_bytes : of one number of the KV cache [byte]
    gemm : what matrix products run in, one of `dtypes.PEAKS`
    """

    plain: str
    plain_bytes: float
    experts: str
    expert_bytes: float
    table_bytes: float
    kv_bytes: float
    gemm: str


@dataclass(frozen=True)
class _Packed:
    """A format of quantised weights, their size [byte], and what their matrix products run in."""

    dtype: str
    size: float
    gemm: str


def formats_of(config: Fields, text: Fields, layers: int) -> Formats:
    """The formats of a model; raises CatalogError for a method that is not known.

    Parameters
    ----------
    config : the whole file
    text : what describes the language model in it, which may be the same
    layers : how many it has
    """
    plain = _dtype(config, text)
    quantised = text.inside("quantization_config") or config.inside("quantization_config")
    packed = _METHODS[_method(quantised)](quantised) if quantised else None
    size = USUAL_BYTES[plain]
    formats = {"plain": plain, "plain_bytes": size, "experts": plain, "expert_bytes": size}
    if packed:
        formats |= {"experts": packed.dtype, "expert_bytes": packed.size}
        if not _experts_alone(quantised, layers):
            formats |= {"plain": packed.dtype, "plain_bytes": packed.size}
    return Formats(
        **formats,
        table_bytes=size,
        kv_bytes=_kv_bytes(quantised, size),
        gemm=packed.gemm if packed else GEMMS[plain],
    )


def _dtype(config, text):
    """That of the file; BF16 where it says nothing, as recent files do."""
    for fields in (text, config):
        for key in ("torch_dtype", "dtype"):
            value = fields.text(key)
            if value is not None and value not in _PLAIN:
                raise fields.wrong(key, f"= {value!r}; use one of {', '.join(_PLAIN)}")
            if value is not None:
                return _PLAIN[value]
    return "bf16"


def _method(quantised):
    method = quantised.text("quant_method")
    if method not in _METHODS:
        raise quantised.wrong(
            "quant_method", f"= {method!r} is not known; use one of {', '.join(_METHODS)}"
        )
    return method


def _fp8(fields):
    return _Packed("fp8", USUAL_BYTES["fp8"], "fp8")


def _mxfp4(fields):
    return _Packed("mxfp4", USUAL_BYTES["mxfp4"], GEMMS["mxfp4"])


def _integers(fields):
    """AWQ and GPTQ: whole numbers in groups, each with a scale, and with AWQ a zero point."""
    bits = fields.count("bits", 4)
    zeros = fields.flag("zero_point", True)
    return _weights_alone(fields, bits, fields.table.get("group_size"), zeros)


def _weights_alone(fields, bits, group, zeros):
    if bits not in (4, 8):
        raise fields.wrong(
            "bits" if "bits" in fields.table else "num_bits", f"= {bits}; use 4 or 8"
        )
    size = bits / 8
    if isinstance(group, int) and not isinstance(group, bool) and group > 0:  # -1: a whole column
        size += (_SCALE_BYTES + zeros * bits / 8) / group
    return _Packed(f"int{bits}", size, "bf16")


def _compressed(fields):
    """compressed-tensors: the weights of the first group."""
    groups = fields.inside("config_groups")
    if groups is None or not groups.table:
        raise fields.wrong("config_groups", "is missing; add it, as the model's page has it")
    group = groups.inside(next(iter(groups.table)))
    weights = group.inside("weights")
    if weights is None:
        raise group.wrong("weights", "is missing; add it, as the model's page has it")
    bits, kind = weights.count("num_bits"), weights.text("type") or "int"
    alone = group.inside("input_activations") is None
    if kind == "float" and bits == 8:
        return _Packed("fp8", 1, "bf16" if alone else "fp8")
    if kind == "float" and bits == 4:
        gemm = "bf16" if alone else "fp4"
        return _Packed("nvfp4", USUAL_BYTES["nvfp4"], gemm)
    if kind == "int" and bits == 8 and not alone:
        return _Packed("int8", 1, "int8")
    if kind == "int":
        symmetric = weights.flag("symmetric", True)
        return _weights_alone(weights, bits, weights.table.get("group_size"), not symmetric)
    raise weights.wrong("type", f"= {kind!r} of {bits} bits; use int of 4 or 8, or float of 4 or 8")


def _modelopt(fields):
    known = {"FP8": ("fp8", "fp8"), "NVFP4": ("nvfp4", "fp4")}
    algorithm = fields.text("quant_algo")
    if algorithm not in known:
        raise fields.wrong("quant_algo", f"= {algorithm!r}; use one of {', '.join(known)}")
    dtype, gemm = known[algorithm]
    return _Packed(dtype, USUAL_BYTES[dtype], gemm)


_METHODS = {
    "fp8": _fp8,
    "mxfp4": _mxfp4,
    "awq": _integers,
    "gptq": _integers,
    "compressed-tensors": _compressed,
    "modelopt": _modelopt,
}


def _experts_alone(fields, layers):
    """Whether attention is left as it was in every layer, as the lists of exceptions say."""
    kept = [*fields.texts("modules_to_not_convert"), *fields.texts("ignore")]
    kept = [each for each in kept if "self_attn" in each]
    listed = {found[1] for each in kept if (found := _LAYER.search(each))}
    # A pattern or a bare name is every layer's.
    return any(not _LAYER.search(each) for each in kept) or len(listed) >= layers


def _kv_bytes(quantised, size):
    scheme = quantised.inside("kv_cache_scheme") if quantised else None
    if scheme is not None:
        return scheme.count("num_bits") / 8
    if quantised and (quantised.text("kv_cache_quant_algo") or "").upper() == "FP8":
        return 1
    return size
