"""Honest splits: predictions of rows by constants fitted to other rows only.

Each function takes a folder of tables and returns the unseen rows with a column `predicted_s`, so
that other models can be scored on the same rows.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

import gpu_catalog
from simcore.calibration import kernels, links, steps, transfers
from simcore.calibration.fit import held_out_predictions
from simcore.calibration.fit_all import FABRICS, SMALL, blank_fabric, by_gpu, read
from simcore.costs.constants import FabricConstants, shipped
from simcore.costs.hardware import chip_of, kernels_of
from simcore.costs.operators.chip import BF16
from simcore.costs.operators.transfer import TransferConstants

SEEN_TP, SEEN_BATCHES = 4, (1, 8, 64)
"""Of composed steps of models with ungrouped heads, whose attention no table of kernels has: the
decode steps whose attention is fitted."""


def composed_steps(data: Path, gpus) -> pd.DataFrame:
    """Steps composed of kernels, by constants that no step's total has been fitted to.

    Products and attention are fitted to tables of kernels, in which no model is marked; all-reduces
    to tables of collectives. Attention with ungrouped heads alone is fitted to steps, of TP 4 and
    three batch sizes, which are left out of the rows returned.
    """
    tables = {
        name: by_gpu(read(data, f"kernels_{name}"))
        for name in ("gemm", "attn_prefill", "attn_decode")
    }
    parts = []
    for gpu, rows in by_gpu(read(data, "steps_composed")).items():
        if gpu not in gpus:
            continue
        seen, unseen = _seen_attention(rows)
        item = gpu_catalog.gpu(gpu)
        constants = kernels_of(item)
        chip = chip_of(item, constants)
        gemm = tables["gemm"][gpu]
        decode = pd.concat([tables["attn_decode"][gpu], seen])
        fitted = replace(
            constants,
            gemm={"bf16": kernels.fit_gemm(gemm[gemm["dtype"] == "bfloat16"], BF16, chip)},
            prefill=kernels.fit_prefill(tables["attn_prefill"][gpu], chip),
            decode=kernels.fit_decode(decode, chip),
            small=SMALL,
        )
        for (model, tp), part in unseen.groupby(["model", "tp"]):
            ranks = steps.ranks_of(item, int(tp), repeated=True)
            ranks = replace(ranks, kernels=fitted)
            times = steps.kernel_times(part, gpu_catalog.llm(model), ranks)
            parts.append(part.assign(predicted_s=times.total))
    return pd.concat(parts).sort_index()


def _seen_attention(rows):
    """Attention to fit from steps, and the steps that remain unseen."""
    ungrouped = rows["model"].map(
        {
            name: gpu_catalog.llm(name).attention.query_heads
            == gpu_catalog.llm(name).attention.kv_heads
            for name in rows["model"].unique()
        }
    )
    seen = (
        ungrouped
        & (rows["phase"] == "decode")
        & (rows["tp"] == SEEN_TP)
        & rows["batch"].isin(SEEN_BATCHES)
    )
    recovered = [
        steps.recovered_decode_rows(part, gpu_catalog.llm(model))
        for model, part in rows[seen].groupby("model")
    ]
    return pd.concat(recovered) if recovered else None, rows[~seen]


def measured_steps(data: Path, engine: str) -> pd.DataFrame:
    """Measured steps of an engine, each by constants fitted to other batch sizes, phases and TP."""
    rows = read(data, "steps_measured")
    rows = rows[rows["engine"] == engine]
    parts = []
    for gpu, part in rows.groupby("gpu"):
        start = steps.engine_start(engine, "", gpu)
        found = held_out_predictions(
            part,
            ("tp", "phase", "batch"),
            lambda some, start=start: steps.fit_engine(some, start),
            steps.step_predictions,
        )
        parts.append(part.assign(predicted_s=found))
    return pd.concat(parts).sort_index()


def other_degree(data: Path, engine: str, *, seen: int, unseen: int) -> pd.DataFrame:
    """Measured steps of TP `unseen`, by constants fitted to steps of TP `seen` alone."""
    rows = read(data, "steps_measured")
    rows = rows[rows["engine"] == engine]
    parts = []
    for gpu, part in rows.groupby("gpu"):
        fitted = steps.fit_engine(part[part["tp"] == seen], steps.engine_start(engine, "", gpu))
        test = part[part["tp"] == unseen]
        parts.append(test.assign(predicted_s=steps.step_predictions(test, fitted)))
    return pd.concat(parts).sort_index()


def collectives(data: Path) -> pd.DataFrame:
    """Collectives, each by constants fitted to other operations, libraries, ranks and GPUs."""
    rows = read(data, "collectives")
    parts = []
    for name, (spelling, bandwidth, _, switched) in FABRICS.items():
        part = rows[rows["link"] == spelling]
        start = blank_fabric(name, gpus=(), links=(), bandwidth=bandwidth, switched=switched)
        parts.append(part.assign(predicted_s=_held_out_collectives(part, start)))
    return pd.concat(parts).sort_index()


def _held_out_collectives(rows, start: FabricConstants):
    found = held_out_predictions(
        rows,
        ("op", "lib", "n_ranks", "gpu"),
        lambda part: links.fit_fabric(part, start),
        links.collective_times,
    )
    # A group on its own, of an operation and library that no other has: leave out sizes instead.
    alone = np.isnan(found)
    sizes = held_out_predictions(
        rows,
        ("bytes",),
        lambda part: links.fit_fabric(part, start),
        links.collective_times,
        folds=4,
    )
    return np.where(alone, sizes, found)


def kv_transfers(data: Path) -> pd.DataFrame:
    """KV transfers of known size, each by constants fitted to other prompt lengths."""
    rows = read(data, "kv_transfer")
    rows = rows[rows["time_ms"].notna() & rows["bytes"].notna()]
    known = {c.library: c for c in shipped(TransferConstants, "transfers").values()}
    parts = []
    for library, part in rows.groupby("engine"):
        start = replace(known[library], startup_s=1e-3, share=0.75)
        found = held_out_predictions(
            part,
            ("prompt_tokens",),
            lambda some, start=start: transfers.fit_timed(some, start),
            transfers.transfer_times,
            folds=len(part),
        )
        parts.append(part.assign(predicted_s=found))
    return pd.concat(parts).sort_index()
