"""Tables of serving engines end to end: what each row ran, in the words of the cost model.

A row names a model, a GPU, an engine, number formats, parallelism and load. `case_of` makes a
`Case` of it, or says why it cannot.
"""

from dataclasses import dataclass, replace

import pandas as pd

import gpu_catalog
from gpu_catalog import LLM, CatalogError
from gpu_catalog.dtypes import GEMMS, USUAL_BYTES
from simcore.costs.deployment import Deployment

WEIGHTS = {"bf16": "bf16", "fp8": "fp8", "fp4": "nvfp4", "int8": "int8", "int4": "int4"}
"""The catalog's format of weights by a row's precision."""

SHORTER = {"semianalysis_inferencex": 0.9}
"""Mean length over the nominal one, by origin: InferenceX draws lengths from 0.8 to 1 evenly."""

ROUNDS = 10
"""Requests that each client of a closed loop sends: InferenceX sends 10 × concurrency prompts."""

ALL_REDUCE = {"vllm": "vllm", "sglang": "vllm", "trtllm": "trtllm"}
"""The all-reduce of an engine, as fabrics' constants name it; SGLang took vLLM's over."""

SPELLINGS = dict.fromkeys(("tensorrt-llm", "trt-llm", "tensorrtllm"), "trtllm")
"""Names of engines by other spellings of them."""

NODE = 8
"""GPUs of a machine; replicas of these tables that are not disaggregated stay in one."""


MOST = 10_000_000
"""Largest length, load or degree that is taken for one."""


class Unpredictable(Exception):
    """Why a row cannot be predicted."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """What one row ran.

    Attributes
    ----------
    decode : the replica that decodes
    prefill : the replicas that prefill; None where `decode` does that, too
    prefill_replicas, decode_replicas : how many there are
    prompt, output : mean lengths [tokens]
    concurrency : requests in flight at all times
    notes : what was assumed
    """

    engine: str
    version: str | None
    decode: Deployment
    prefill: Deployment | None
    prefill_replicas: int
    decode_replicas: int
    prompt: float
    output: float
    concurrency: float
    notes: tuple[str, ...]


def case_of(row) -> Case:
    """The case of a row (a mapping from column names to values).

    Raises Unpredictable with the reason.
    """
    gpu = _known(gpu_catalog.gpu, row["gpu"])
    if _empty(row, "engine"):
        raise Unpredictable("engine is empty")
    engine = engine_name(row["engine"])
    llm = served_as(
        _known(gpu_catalog.llm, row["model"]),
        precision=None if _empty(row, "precision") else str(row["precision"]).casefold(),
        narrow_cache=engine == "trtllm" or gpu.flops_fp4 is not None,
        native_fp4=gpu.flops_fp4 is not None,
    )
    shorter = SHORTER.get(row.get("origin"), 1.0)
    shared = {"llm": llm, "gpu": gpu, "all_reduce": ALL_REDUCE.get(engine, "vllm")}
    common = {
        "engine": engine,
        "version": None if _empty(row, "engine_version") else str(row["engine_version"]),
        "prompt": shorter * _number(row, "isl"),
        "output": shorter * _number(row, "osl"),
        "concurrency": _concurrency(row),
    }
    if row.get("mode") == "disagg":
        return _disaggregated(row, shared, common)
    decode, notes = _deployment(row, "", shared)
    replicas = _replicas(row, decode)
    if replicas > 1:
        notes = (*notes, f"{replicas} replicas share the load, as its batch tells")
    return Case(
        decode=decode,
        prefill=None,
        prefill_replicas=0,
        decode_replicas=replicas,
        notes=notes,
        **common,
    )


def engine_name(written) -> str:
    """The name of an engine as constants have it, however it is spelt."""
    name = str(written).strip().casefold().replace("_", "-")
    return SPELLINGS.get(name, name)


def served_as(llm: LLM, *, precision: str | None, narrow_cache: bool, native_fp4: bool) -> LLM:
    """`llm` in the formats in which engines serve it at a precision.

    FP4 and INT4 checkpoints of sparse models keep attention in BF16 and narrow the experts alone
    (the quantisation files of nvidia/DeepSeek-R1-NVFP4, moonshotai/Kimi-K2.5); those of dense
    models narrow all layers. GPT-OSS is always served as released.

    Parameters
    ----------
    precision : one of `WEIGHTS`; None for the formats that the catalog has
    narrow_cache : whether the engine keeps the KV cache of narrow models in FP8 on that GPU
    native_fp4 : whether the GPU multiplies FP4, so that MXFP4 experts need no unpacking

    Raises Unpredictable for an unknown precision.
    """
    if precision is None:
        return llm
    if precision not in WEIGHTS:
        raise Unpredictable(f"precision {precision!r} is unknown; use one of {', '.join(WEIGHTS)}")
    cache = 1.0 if narrow_cache and precision in ("fp8", "fp4") else 2.0
    llm = replace(llm, kv_bytes_per_element=cache)
    experts = llm.experts
    if experts and experts.weight_dtype == "mxfp4":
        kind = "nvfp4" if native_fp4 else "mxfp4"
        return replace(llm, experts=replace(experts, weight_dtype=kind))
    form = WEIGHTS[precision]
    narrow = {"weight_dtype": form, "bytes_per_parameter": float(USUAL_BYTES[form])}
    if experts is None:
        return replace(llm, **narrow, gemm_dtype=GEMMS[form])
    experts = replace(experts, **narrow)
    if precision in ("fp8", "int8"):
        return replace(llm, experts=experts, **narrow, gemm_dtype=GEMMS[form])
    plain = {"weight_dtype": "bf16", "bytes_per_parameter": 2.0, "gemm_dtype": "bf16"}
    return replace(llm, experts=experts, **plain)


def _deployment(row, prefix, shared) -> tuple[Deployment, tuple[str, ...]]:
    tp, dp, moe_tp, moe_ep = _parallelism(row, prefix)
    widths, notes = (tp, dp, moe_tp, moe_ep), ()
    stated = not _empty(row, f"{prefix}_attention_dp_size" if prefix else "attn_dp")
    meant = _meant(*widths) if stated else widths
    if meant != widths:
        tp, dp, moe_tp, moe_ep = meant
        notes = (
            f"parallelism read as tp {tp}, attention dp {dp}, expert tp {moe_tp}, ep {moe_ep}: the "
            f"row's {widths} multiplies them twice, as duplicates of such rows show",
        )
    if tp * dp != moe_tp * moe_ep and shared["llm"].experts:
        raise Unpredictable(
            f"tp × dp = {tp * dp} GPUs for attention, but {moe_tp * moe_ep} for the experts"
        )
    if not prefix and tp * dp > NODE:
        raise Unpredictable(
            f"{tp * dp} GPUs for one replica that is not disaggregated: the sum of a larger "
            "deployment, whose parts the row does not state"
        )
    if shared["llm"].experts is None:
        moe_tp, moe_ep = tp, 1
    deployment = Deployment(**shared, tp=tp, dp=dp, expert_groups=moe_ep)
    return deployment, notes


def _parallelism(row, prefix):
    if not prefix:
        names = ("tp", "attn_dp", "moe_tp", "moe_ep")
    else:
        names = tuple(
            f"{prefix}_{part}"
            for part in ("tp_size", "attention_dp_size", "moe_tp_size", "moe_ep_size")
        )
    tp = int(_number(row, names[0]))
    # Left open, they are what makes attention and experts fill the same GPUs.
    moe_ep = 1 if _empty(row, names[3]) else int(_number(row, names[3]))
    moe_tp = max(1, tp // moe_ep) if _empty(row, names[2]) else int(_number(row, names[2]))
    dp = moe_tp * moe_ep // tp if _empty(row, names[1]) else int(_number(row, names[1]))
    return tp, max(1, dp), moe_tp, moe_ep


def _replicas(row, deployment) -> int:
    """How many replicas the requests in flight are spread over, if the row states their batch.

    With data-parallel attention the batch is that of a group, and says nothing of replicas.
    """
    grouped = not _empty(row, "attn_dp") and _number(row, "attn_dp") > 1
    if _empty(row, "batch") or deployment.dp > 1 or grouped:
        return 1
    return max(1, round(_concurrency(row) / _number(row, "batch")))


def _concurrency(row) -> float:
    """Requests in flight; those of one replica's batch where no more is stated."""
    unstated = _empty(row, "concurrency") and not _empty(row, "batch")
    return _number(row, "batch" if unstated else "concurrency")


def _meant(tp, dp, moe_tp, moe_ep):
    """Degrees of rows whose degrees were multiplied with one another twice.

    Some converters of InferenceX's files write tp × ep for tp, and ep for moe_tp; others write
    tp for attn_dp, and tp × ep for moe_ep. The same measurements stand in the table in their plain
    form, too.
    """
    if moe_tp == moe_ep > 1 and {tp, dp} == {1, moe_ep**2}:
        return (1, moe_ep, 1, moe_ep) if dp > 1 else (moe_ep, 1, 1, moe_ep)
    if moe_tp == 1 and 1 < tp == dp and moe_ep == tp * dp:
        return tp, 1, 1, tp
    return tp, dp, moe_tp, moe_ep


def _disaggregated(row, shared, common) -> Case:
    replicas = []
    for pool in ("prefill", "decode"):
        if _empty(row, f"{pool}_num_workers"):
            raise Unpredictable(f"{pool}_num_workers is empty: how many replicas shared the load?")
        replicas.append(int(_number(row, f"{pool}_num_workers")))
    prefill, notes = _deployment(row, "prefill", shared)
    decode, more = _deployment(row, "decode", shared)
    return Case(
        decode=decode,
        prefill=prefill,
        prefill_replicas=replicas[0],
        decode_replicas=replicas[1],
        notes=(*notes, *more),
        **common,
    )


def _known(find, name):
    try:
        return find(name)
    except CatalogError as error:
        raise Unpredictable(str(error).partition("; one of")[0]) from None


def _empty(row, name) -> bool:
    return bool(pd.isna(row.get(name)))


def _number(row, name) -> float:
    value = row.get(name)
    if pd.isna(value):
        raise Unpredictable(f"{name} is empty")
    try:
        number = float(value)
    except ValueError:
        raise Unpredictable(f"{name} = {value!r} is not a number") from None
    if not 1 <= number < MOST:
        raise Unpredictable(f"{name} = {value!r}; use a number from 1 to {MOST:,}")
    return number
