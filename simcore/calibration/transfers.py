"""KV transfers from prefill to decode: tables of them, their predicted times, and fits."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd

import gpu_catalog
from gpu_catalog import LLM, GroupedQueryAttention
from simcore.calibration.fit import fit_constants, held_out_error
from simcore.costs.operators.layer import shared_heads
from simcore.costs.operators.transfer import (
    TransferConstants,
    block_bandwidth,
    transfer_seconds,
)
from simcore.costs.provenance import Provenance
from simcore.costs.transformer import kv_bytes_per_token

BOUNDS = {
    "startup_s": (1e-6, 0.1),
    "share": (0.05, 1.0),
    "block_s": (1e-9, 1e-3),
    "sharpness": (1.0, 12.0),
}


def sent_bytes(llm: LLM, tokens, tp: int):
    """KV cache of a prompt that `tp` ranks send [byte]; KV heads fewer than ranks go in copies."""
    size = llm.layers * kv_bytes_per_token(llm) * np.asarray(tokens, dtype=float)
    if isinstance(llm.attention, GroupedQueryAttention):
        kv = llm.attention.kv_heads
        return size * shared_heads(kv, tp) * tp / kv
    return size


def with_sizes(rows: pd.DataFrame, model: str, tp) -> pd.DataFrame:
    """`rows` of one model and degree, with the bytes that they lack; still NaN without a model."""
    size = pd.to_numeric(rows["bytes"], errors="coerce")
    if size.isna().any() and model:
        tokens = pd.to_numeric(rows["prompt_tokens"], errors="coerce").to_numpy(float)
        ranks = pd.to_numeric(pd.Series([tp]), errors="coerce").fillna(1).clip(1, 1024).iloc[0]
        sent = sent_bytes(gpu_catalog.llm(model), tokens, int(ranks))
        size = size.where(size.notna(), sent)
    return rows.assign(bytes=size.astype(float))


def bandwidth_of(link: str) -> float:
    """Peak of a network of the catalog, all of a machine's ports together [byte/s]."""
    return gpu_catalog.link(link).peak


def transfer_times(rows, constants: TransferConstants):
    """Predicted times of a table with columns link, bytes [s]."""
    bandwidth = rows["link"].map(bandwidth_of).to_numpy(float)
    return transfer_seconds(
        size=rows["bytes"].to_numpy(float), bandwidth=bandwidth, constants=constants
    )


def block_rates(rows, constants: TransferConstants):
    """Predicted bandwidth of a table with columns link, block_bytes [byte/s]."""
    return block_bandwidth(
        block=rows["block_bytes"].to_numpy(float),
        bandwidth=rows["link"].map(bandwidth_of).to_numpy(float),
        constants=constants,
    )


def fit_transfers(rows: pd.DataFrame):
    """Name and constants of each library and network of a table."""
    whole = rows[rows["time_ms"].notna() & rows["bytes"].notna()]
    for library, part in whole.groupby("engine"):
        start = _start(library, part, startup_s=1e-3, share=0.75)

        def fit(some, start=start):
            return fit_timed(some, start)

        yield _named(library, part, fit, transfer_times, _seconds, ("prompt_tokens",))
    blocks = rows[rows["block_bytes"].notna()]
    for library, part in blocks.groupby("engine"):
        start = _start(library, part, startup_s=0.0, share=0.85, block_s=5e-7, sharpness=4.0)

        def fit(some, start=start):
            return fit_constants(start, lambda c: block_rates(some, c), _rates(some), bounds=BOUNDS)

        yield _named(library, part, fit, block_rates, _rates, ("gpu", "kind", "block_bytes"))


def fit_timed(rows, start: TransferConstants) -> TransferConstants:
    """`start` fitted to transfers of known size and time."""
    return fit_constants(
        start,
        lambda c: transfer_times(rows, c),
        rows["time_ms"].to_numpy(float) * 1e-3,
        bounds=BOUNDS,
    )


def _start(library, rows, *, startup_s, share, block_s=0.0, sharpness=0.0):
    names = sorted({gpu_catalog.link(link).name for link in rows["link"]})
    return TransferConstants(
        library=library,
        links=tuple(names),
        startup_s=startup_s,
        share=share,
        block_s=block_s,
        sharpness=sharpness,
        provenance=Provenance(measurements="", rows=0, fitted="", error={}),
    )


def _named(library, rows, fit, predict, measured, groups):

    error = held_out_error(rows, groups, fit, predict, measured)
    known = Provenance(
        measurements=", ".join(sorted(rows["source"].unique())),
        rows=len(rows),
        fitted=date.today().isoformat(),
        error={"transfer": round(error, 4)},
    )
    stem = "".join(c if c.isalnum() or c == "." else "-" for c in library.casefold())
    return stem, replace(fit(rows), provenance=known)


def _seconds(rows):
    return rows["time_ms"].to_numpy(float) * 1e-3


def _rates(rows):
    return rows["bw_GBps"].to_numpy(float) * 1e9
