"""The measured points that ship, each beside what a cost model predicts for it."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

import gpu_catalog
from gpu_catalog import CatalogError
from simcore.calibration.predict import NOTE, predict_table
from simcore.calibration.tables import read_table
from simcore.costs.constants import FabricConstants, shipped
from simcore.costs.engines import engine_of
from simcore.costs.hardware import kernels_of
from simcore.costs.operators.transfer import TransferConstants
from simcore.costs.releases import release_of

FOLDER = Path(gpu_catalog.__file__).parent / "measured"

QUANTITIES = {
    "prefill step": "of kernels, each measured alone",
    "decode step": "of kernels, each measured alone",
    "prefill step in an engine": "whole, measured inside a serving engine",
    "decode step in an engine": "whole, measured inside a serving engine",
    "TPOT": "mean time per output token of a serving engine under load",
    "TTFT": "mean time to first token of a serving engine under load",
    "all-reduce": "of a general library or of a serving engine's own",
    "KV transfer": "of a prompt's KV cache, from prefill to decode inside an engine",
}
"""What was measured, by its name."""

KERNELS = "kernels alone"
ENGINES = {
    "vllm": "vLLM",
    "vLLM": "vLLM",
    "vLLM(2023)": "vLLM",
    "vLLM_custom_graph": "vLLM",
    "trtllm": "TensorRT-LLM",
    "TRTLLM": "TensorRT-LLM",
    "sglang": "SGLang",
    "NCCL": "NCCL",
    "NCCL (torch.distributed)": "NCCL",
    "vLLM 0.11.2.dev358 MooncakeConnector": "vLLM",
    "SGLang main@43124cdd + Mooncake TE": "SGLang",
}
"""Engines and libraries, by how tables of measurements write them."""

FITTED, PARTS, UNSEEN = "fitted", "parts fitted", "not fitted"
USES = {
    FITTED: "constants were fitted to this row, among others",
    PARTS: "constants were fitted to its kernels, each alone",
    UNSEEN: "no constant was fitted to this row or to its parts",
}
"""How far a prediction has seen what it predicts, by its name."""

AICONFIGURATOR = "ai-dynamo/aiconfigurator @095f58a"
MOONCAKE = "kvcache-ai/Mooncake @3b5a594"
SOURCES = {
    "aiconfigurator": AICONFIGURATOR,
    "semianalysis_inferencex": f"SemiAnalysis InferenceX in {AICONFIGURATOR}",
    "nvidia_aic_gap_analysis": f"NVIDIA in {AICONFIGURATOR}",
    "splitwise": "Mutinifni/splitwise-sim @8f99e7d",
    "mooncake_vllm_pd": MOONCAKE,
    "mooncake docs vllm-v1-pd-performance.md": f"{MOONCAKE}, vllm-v1-pd-performance.md",
    "mooncake docs sglang-benchmark-results-v1.md": f"{MOONCAKE}, sglang-benchmark-results-v1.md",
    "vidur": "microsoft/vidur @7d47513",
    "xxrjun/nccl-tests-cluster": "xxrjun/nccl-tests-cluster @455de4f",
}
"""Where measurements were published, by what the tables call it."""

COLUMNS = (
    *("quantity", "gpu", "model", "engine", "what", "batch", "context", "tp", "bytes"),
    *("measured_s", "predicted_s", "use", "note", "source"),
)


def predicted_points(cost_model: str) -> pd.DataFrame:
    """A row for each measured time, with what `cost_model` predicts for it.

    Columns: `quantity` (of QUANTITIES), `gpu`, `model`, `engine` (model and engine may be empty),
    `what` (in words), `batch` (requests), `context` (tokens of a prompt or in a KV cache), `tp`
    (ranks), `bytes` (NaN where they say nothing), `measured_s`, `predicted_s` [s] (NaN where there
    is no prediction), `use` (of USES), `note` and `source`.
    """
    fitted = cost_model == "calibrated"
    parts = [points_of(predicted(name, cost_model), fitted) for name, points_of in TABLES.items()]
    points = pd.concat(parts, ignore_index=True)
    points["gpu"] = points["gpu"].map(_gpu)
    points["model"] = points["model"].map(_llm)
    points["source"] = points["source"].map(SOURCES) + points.pop("which")
    points["engine"] = points["engine"].map(lambda name: ENGINES.get(name, name))
    return points[list(COLUMNS)]


def predicted(name: str, cost_model: str) -> pd.DataFrame:
    """One of the tables that ship, with predictions."""
    return predict_table(table(name), where=f"{name}.csv", cost_model=cost_model)


@cache
def table(name: str) -> pd.DataFrame:
    """One of the tables that ship; it is shared, so do not write into it."""
    return read_table(FOLDER / f"{name}.csv")


def _composed_steps(rows, fitted):
    def use(row):
        if not (fitted and kernels_of(gpu_catalog.gpu(row["gpu"])).calibrated):
            return UNSEEN
        return PARTS

    return _steps(rows, use).assign(engine=KERNELS, quantity=rows["phase"] + " step")


def _engine_steps(rows, fitted):
    def use(row):
        gpu = gpu_catalog.gpu(row["gpu"]).name
        known = engine_of(row["engine"], str(row["engine_version"]), gpu)
        return FITTED if fitted and known else UNSEEN

    return _steps(rows, use).assign(quantity=rows["phase"] + " step in an engine")


def _steps(rows, use):
    prefill = rows["phase"] == "prefill"
    length = rows["new_tokens"].where(prefill, rows["context"])
    told = [
        f"batch {n}, " + (f"prompts of {tokens:,}" if first else f"{tokens:,} tokens before")
        for n, tokens, first in zip(rows["batch"], length, prefill, strict=True)
    ]
    return _points(rows, "time_ms", 1e-3, use).assign(
        what=[f"{one}, TP {tp}" for one, tp in zip(told, rows["tp"], strict=True)],
        context=length,
        batch=rows["batch"],
        predicted_s=rows["predicted_ms"] * 1e-3,
    )


def _serving(rows, fitted):
    def use(row):
        version = row["engine_version"]
        release, same = release_of(row["engine"], None if pd.isna(version) else str(version))
        known = same and _llm(row["model"]) in release.provenance.models
        # What can be predicted of a release's rows is what it was fitted to.
        return FITTED if fitted and known and row["predicted_tpot_ms"] > 0 else UNSEEN

    spread = np.where(rows["mode"] == "disagg", ", disaggregated", "")
    release = rows["engine_version"].fillna("of no stated release")
    load = rows["concurrency"].fillna(rows["batch"])
    told = [
        f"{version}, {precision}, {prompt:,} in and {output:,} out, {count:,.0f} in flight, TP "
        f"{tp:.0f}{more}"
        for version, precision, prompt, output, count, tp, more in zip(
            *(release, rows["precision"], rows["isl"], rows["osl"], load, rows["tp"], spread),
            strict=True,
        )
    ]
    return pd.concat(
        [
            _points(rows, f"{name}_ms", 1e-3, use).assign(
                what=told,
                quantity=name.upper(),
                batch=load,
                context=rows["isl"],
                predicted_s=rows[f"predicted_{name}_ms"] * 1e-3,
                source=rows["origin"],
                which=": " + rows["id"],
            )
            for name in ("tpot", "ttft")
        ]
    )


def _all_reduces(rows, fitted):
    def use(row):
        gpu = gpu_catalog.gpu(row["gpu"]).name
        known = shipped(FabricConstants, "fabrics").values()
        mine = any(row["link"] in c.links and (not c.gpus or gpu in c.gpus) for c in known)
        return FITTED if fitted and mine else UNSEEN

    told = [
        f"{_size(size)} among {ranks}" + (f" on {nodes} machines" if nodes > 1 else "")
        for size, ranks, nodes in zip(rows["bytes"], rows["n_ranks"], rows["n_nodes"], strict=True)
    ]
    return _points(rows, "time_us", 1e-6, use).assign(
        what=[f"{one}, {lib}, {link}" for one, lib, link in zip(told, rows["lib"], rows["link"],
                                                                strict=True)],
        quantity="all-reduce",
        engine=rows["lib"],
        tp=rows["n_ranks"],
        bytes=rows["bytes"],
        predicted_s=rows["predicted_us"] * 1e-6,
    )  # fmt: skip


def _kv_transfers(rows, fitted):
    def use(row):
        known = shipped(TransferConstants, "transfers").values()
        return FITTED if fitted and any(c.library == row["engine"] for c in known) else UNSEEN

    return _points(rows, "time_ms", 1e-3, use).assign(
        what=[
            f"prompt of {tokens:,.0f}, {_size(size)}, TP {tp:.0f}, {engine}"
            for tokens, size, tp, engine in zip(
                rows["prompt_tokens"], rows["bytes"], rows["tp"], rows["engine"], strict=True
            )
        ],
        quantity="KV transfer",
        context=rows["prompt_tokens"],
        bytes=rows["bytes"],
        predicted_s=rows["predicted_ms"] * 1e-3,
    )


TABLES = {
    "composed_steps": _composed_steps,
    "engine_steps": _engine_steps,
    "serving": _serving,
    "all_reduces": _all_reduces,
    "kv_transfers": _kv_transfers,
}
"""The tables that ship, and what makes points of each."""


def _points(rows, time, unit, use):
    """What all tables have alike; the rest is empty."""
    columns = {"model": "", "engine": "", "source": "", "tp": np.nan}
    known = {name: rows.get(name, empty) for name, empty in columns.items()}
    points = pd.DataFrame({"gpu": rows["gpu"], **known}).assign(
        which="",
        batch=np.nan,
        context=np.nan,
        bytes=np.nan,
        measured_s=rows[time] * unit,
        note=rows[NOTE],
        use=[use(row) for row in rows.to_dict("records")],
    )
    return points[points["measured_s"] > 0]


def _size(size) -> str:
    for least, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= least:
            return f"{size / least:.3g} {unit}"
    return f"{size:.0f} B"


def _gpu(name) -> str:
    try:
        return gpu_catalog.gpu(name).name
    except CatalogError:
        return str(name)


def _llm(name) -> str:
    try:
        return gpu_catalog.llm(name).name if name else ""
    except CatalogError:
        return str(name)
