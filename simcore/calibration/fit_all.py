"""Fit all shipped constants: `python -m simcore.calibration.fit_all ../shared/data`.

Writes gpu_catalog/calibration. The same tables give the same files, but for the date.
"""

import argparse
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

import gpu_catalog
from simcore.calibration import kernels, links, steps
from simcore.calibration.fit import fit_constants, held_out_error
from simcore.calibration.fit_releases import fit_releases
from simcore.calibration.layers import attention_rows, gemm_rows, mixed_times, small_rows
from simcore.calibration.transfers import fit_transfers
from simcore.costs.constants import (
    FOLDER,
    FabricConstants,
    GpuConstants,
    shipped,
    toml_text,
)
from simcore.costs.hardware import chip_with
from simcore.costs.operators.chip import BF16, FP4, FP8, Chip, Format
from simcore.costs.operators.small import SmallConstants, small_seconds
from simcore.costs.provenance import Provenance

HEAD = "Fitted; not to be edited by hand: python -m simcore.calibration.fit_all"

UNITS = {
    "NVIDIA A100-80GB": (108, 40e6),
    "NVIDIA H100": (132, 50e6),
    "NVIDIA H200": (132, 50e6),
    "NVIDIA B200": (148, 126e6),
    "NVIDIA GB200": (152, 126e6),
    "NVIDIA L40S": (142, 96e6),
    "NVIDIA RTX PRO 6000 Server": (188, 128e6),
    "NVIDIA RTX 4090": (128, 72e6),
}
"""Multiprocessors and last-level cache [byte], from NVIDIA's architecture white papers."""

MOE_FORMATS = {
    "bfloat16": ("bf16", BF16),
    "fp8": ("fp8", FP8),
    "fp8_block": ("fp8_block", FP8),
    "nvfp4": ("fp4", FP4),
    "w4a16_mxfp4": ("mxfp4", Format(gemm="bf16", weight_bytes=0.5 + 1 / 32)),
}
"""By the name in tables: the name in constants, and the format."""

SMALL = SmallConstants(launch_s=3e-6, memory=0.8, cached=0.8)
"""A kernel that only moves activations: 3 us, as the composed steps state it of vLLM's."""

FABRICS = {
    "nvlink-3": ("NVLink3+NVSwitch", 300e9, "NVLink 3", True),
    "nvlink-4": ("NVLink4+NVSwitch", 450e9, "NVLink", True),
    "nvlink-5": ("NVLink5+NVSwitch", 900e9, "NVLink 5", True),
    "pcie-4": ("PCIe4x16", 31.5e9, "PCIe Gen4", False),
    "pcie-5": ("PCIe5x16", 63e9, "PCIe Gen5 x16", False),
    "between-nodes-400g": ("inter-node (fabric not stated)", 50e9, "Infiniband NDR", True),
    "between-nodes-400g-rails": (
        "NVLink4 + inter-node RDMA (cluster example-cluster01, fabric not stated)",
        50e9,
        "Infiniband NDR",
        True,
    ),
    "between-nodes-200g": (
        "NVLink4 + inter-node RDMA (cluster example-cluster00, fabric not stated)",
        25e9,
        "Ethernet 200G",
        True,
    ),
}
"""By file: how tables call the link, its peak in one direction [byte/s], its name in the catalog,
and whether all its GPUs reach each other at full bandwidth."""

BRIDGE = "pairwise NVLink bridge / PCIe"


def main(argv=None) -> int:
    """Fit, write, and print what was fitted with its held-out error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder of the tables of measurements")
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("--only", choices=KINDS, action="append", help="default: all of them")
    arguments = parser.parse_args(argv)
    for kind in arguments.only or KINDS:
        KINDS[kind](arguments.data, arguments.out / kind)
        # What is fitted next may build on it.
        shipped.cache_clear()
    return 0


def read(data: Path, name: str) -> pd.DataFrame:
    """A table of the folder, without the rows that it marks as suspect."""
    rows = pd.read_csv(data / f"{name}.csv")
    return rows[rows["suspect"].isna()] if "suspect" in rows else rows


def write(folder: Path, name: str, constants) -> None:
    """Write constants to a file, and say so."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.toml").write_text(toml_text(constants, head=HEAD), encoding="utf-8")
    error = {key: f"{100 * value:.1f} %" for key, value in constants.provenance.error.items()}
    print(f"{folder.name}/{name}: {constants.provenance.rows} rows, held out {error}")


def seconds(rows) -> np.ndarray:
    """Measured times of kernels [s]."""
    return rows["time_ms"].to_numpy(float) * 1e-3


def fit_gpus(data: Path, folder: Path) -> None:
    """Kernels of every GPU that has tables of them."""
    tables = {
        name: by_gpu(read(data, f"kernels_{name}"))
        for name in ("gemm", "attn_prefill", "attn_decode", "moe")
    }
    composed = by_gpu(read(data, "steps_composed"))
    engine_layers = by_gpu(read(data, "kernels_vllm_layers"))
    engine_attention = by_gpu(read(data, "kernels_vllm_attention"))
    for gpu in UNITS:
        if gpu in tables["gemm"]:
            constants = fit_gpu(gpu, {k: v.get(gpu) for k, v in tables.items()}, composed.get(gpu))
        else:
            constants = fit_from_engine(gpu, engine_layers[gpu], engine_attention[gpu])
        write(folder, gpu.casefold().replace(" ", "-"), constants)


def by_gpu(rows) -> dict[str, pd.DataFrame]:
    """A table's rows by the catalog's name of their GPU."""
    names = {name: gpu_catalog.gpu(name).name for name in rows["gpu"].unique()}
    return dict(iter(rows.groupby(rows["gpu"].map(names))))


def bare_chip(gpu: str) -> Chip:
    """The chip of a GPU whose constants are yet to be fitted."""
    multiprocessors, cache = UNITS[gpu]
    return chip_with(gpu_catalog.gpu(gpu), multiprocessors=multiprocessors, cache=cache)


def fit_gpu(gpu: str, tables, composed) -> GpuConstants:
    """Kernels of one GPU, each from its table."""
    chip = bare_chip(gpu)
    error, count = {}, 0
    gemm = {}
    for name, weights in kernels.FORMATS.items():
        rows = tables["gemm"][tables["gemm"]["dtype"] == name]
        if rows.empty:
            continue
        gemm[weights.gemm] = kernels.fit_gemm(rows, weights, chip)
        error[f"gemm_{weights.gemm}"] = held_out_error(
            rows,
            ("n", "k"),
            lambda part, weights=weights: kernels.fit_gemm(part, weights, chip),
            lambda part, c, weights=weights: kernels.gemm_times(part, weights, chip, c),
            seconds,
        )
        count += len(rows)
    decode_rows = tables["attn_decode"]
    for model, part in composed.groupby("model") if composed is not None else ():
        llm = gpu_catalog.llm(model)
        if llm.attention.kv_heads == llm.attention.query_heads:
            part = part[part["phase"] == "decode"]
            decode_rows = pd.concat([decode_rows, steps.recovered_decode_rows(part, llm)])
    heads = ("num_heads", "kv_heads", "head_dim")
    attention = {
        "prefill": (tables["attn_prefill"], kernels.fit_prefill, kernels.prefill_times),
        "decode": (decode_rows, kernels.fit_decode, kernels.decode_times),
    }
    fitted = {}
    for name, (rows, fit, times) in attention.items():
        fitted[name] = fit(rows, chip)
        error[f"attention_{name}"] = held_out_error(
            rows,
            heads,
            lambda part, fit=fit: fit(part, chip),
            lambda part, c, times=times: times(part, chip, c),
            seconds,
        )
        count += len(rows)
    moe, moe_error, moe_count = fit_experts(tables["moe"], chip)
    return GpuConstants(
        gpu=gpu,
        calibrated=True,
        multiprocessors=UNITS[gpu][0],
        cache=UNITS[gpu][1],
        gemm=gemm,
        moe=moe,
        small=SMALL,
        **fitted,
        provenance=provenance(
            "kernels of vLLM as aiconfigurator measured them", count + moe_count, error | moe_error
        ),
    )


def fit_experts(rows, chip):
    """Constants, errors and number of rows of layers of experts; of BF16's start without rows."""
    moe, error, count = {}, {}, 0
    for name, (key, weights) in MOE_FORMATS.items():
        part = rows[rows["dtype"] == name] if rows is not None else []
        if len(part) == 0:
            continue
        moe[key] = kernels.fit_moe(part, weights, chip)
        error[f"moe_{key}"] = held_out_error(
            part,
            ("hidden_size", "inter_size", "moe_tp_size", "moe_ep_size"),
            lambda some, weights=weights: kernels.fit_moe(some, weights, chip),
            lambda some, c, weights=weights: kernels.moe_times(some, weights, chip, c),
            seconds,
        )
        count += len(part)
    return moe or {"bf16": kernels.MOE_START}, error, count


def provenance(measurements, rows, error) -> Provenance:
    """Where constants come from, as of today."""
    return Provenance(
        measurements=measurements,
        rows=int(rows),
        fitted=date.today().isoformat(),
        error={key: round(value, 4) for key, value in error.items() if np.isfinite(value)},
    )


def fit_from_engine(gpu: str, layers, attention) -> GpuConstants:
    """Kernels of a GPU of which only layer times inside an engine are known."""
    chip = bare_chip(gpu)
    products, mixed = gemm_rows(layers), attention_rows(attention)
    gemm = kernels.fit_gemm(products, BF16, chip)
    pure = mixed[mixed["prompts"] == 0], mixed[mixed["decodes"] == 0]
    decode = fit_constants(
        kernels.DECODE_START,
        lambda c: mixed_times(pure[0], chip, kernels.PREFILL_START, c),
        seconds(pure[0]),
        bounds=kernels.DECODE_BOUNDS,
    )
    prefill = fit_constants(
        kernels.PREFILL_START,
        lambda c: mixed_times(pure[1], chip, c, decode),
        seconds(pure[1]),
        bounds=kernels.PREFILL_BOUNDS,
    )
    error = {
        "gemm_bf16": held_out_error(
            products,
            ("n", "k"),
            lambda part: kernels.fit_gemm(part, BF16, chip),
            lambda part, c: kernels.gemm_times(part, BF16, chip, c),
            seconds,
        )
    }
    constants = GpuConstants(
        gpu=gpu,
        calibrated=True,
        multiprocessors=UNITS[gpu][0],
        cache=UNITS[gpu][1],
        gemm={"bf16": gemm},
        moe={"bf16": kernels.MOE_START},
        prefill=prefill,
        decode=decode,
        small=SMALL,
        provenance=provenance(
            "layers inside vLLM as LLMServingSim measured them", len(layers) + len(attention), error
        ),
    )
    return with_engine(constants, layers, attention)


SMALL_START = SmallConstants(launch_s=2e-6, memory=0.9, cached=3.0)
SMALL_BOUNDS = {"launch_s": (5e-7, 1e-5), "memory": (0.3, 1.0), "cached": (1.0, 10.0)}


def with_engine(constants: GpuConstants, layers, attention) -> GpuConstants:
    """`constants` with what only layers inside an engine show: small kernels, mixed attention."""
    chip = bare_chip(constants.gpu)
    moved, mixed = small_rows(layers), attention_rows(attention)
    small = fit_constants(
        SMALL_START,
        lambda c: small_seconds(kernels=1, traffic=moved["traffic"], chip=chip, constants=c),
        seconds(moved),
        bounds=SMALL_BOUNDS,
    )
    both = mixed[(mixed["prompts"] > 0) & (mixed["decodes"] > 0)]
    bounds = kernels.pinned(constants.decode, but=("mixed", "unsplit_s"))
    decode = fit_constants(
        replace(constants.decode, mixed=1.5, unsplit_s=2e-8),
        lambda c: mixed_times(both, chip, constants.prefill, c),
        seconds(both),
        bounds=bounds | {"mixed": (1.0, 5.0), "unsplit_s": (1e-10, 1e-7)},
    )
    return replace(constants, small=small, decode=decode)


def fit_fabrics(data: Path, folder: Path) -> None:
    """Collectives of every kind of link."""
    rows = read(data, "collectives")
    names = {name: gpu_catalog.gpu(name).name for name in rows["gpu"].unique()}
    for name, (spelling, bandwidth, link, switched) in FABRICS.items():
        part = rows[rows["link"] == spelling]
        between = name.startswith("between")
        start = blank_fabric(
            name,
            gpus=() if between else tuple(sorted(set(part["gpu"].map(names)))),
            links=(spelling,) if between else (spelling, link),
            bandwidth=bandwidth,
            switched=switched,
        )
        write(folder, name, fitted_fabric(part, start))
    bridge = rows[rows["link"] == BRIDGE]
    pairs, more = bridge[bridge["n_ranks"] <= 2], bridge[bridge["n_ranks"] > 2]
    start = blank_fabric(
        "nvlink-bridge",
        gpus=("NVIDIA A100 PCIe", "NVIDIA H100 PCIe", "NVIDIA H100 NVL"),
        links=(BRIDGE, "NVLink bridge"),
        bandwidth=300e9,
        switched=False,
        most_ranks=2,
        beyond="bridged-pairs",
    )
    write(folder, "nvlink-bridge", fitted_fabric(pairs, start))
    start = blank_fabric("bridged-pairs", gpus=(), links=(), bandwidth=63e9, switched=False)
    write(folder, "bridged-pairs", fitted_fabric(more, start))


def blank_fabric(name, **values) -> FabricConstants:
    """A fabric before its fit."""
    blank = {
        "calibrated": True,
        "most_ranks": 0,
        "beyond": "",
        "rings": {"nccl": links.RING_START},
        "peer": links.PEER_START,
        "direct": {},
        "provenance": provenance("", 0, {}),
    }
    return FabricConstants(fabric=name, **(blank | values))


def fitted_fabric(rows, start: FabricConstants) -> FabricConstants:
    """A fabric fitted to its rows, with its error on sizes and ranks that a trial has not seen."""
    error = held_out_error(
        rows,
        ("op", "lib", "n_ranks", "gpu"),
        lambda part: links.fit_fabric(part, start),
        links.collective_times,
        lambda part: part["time_us"].to_numpy(float) * 1e-6,
    )
    sources = ", ".join(sorted(rows["source"].unique()))
    found = links.fit_fabric(rows, start)
    return replace(found, provenance=provenance(sources, len(rows), {"collectives": error}))


def fit_engines(data: Path, folder: Path) -> None:
    """What engines add to the kernels of a step."""
    rows = read(data, "steps_measured")
    for (engine, version, gpu), part in rows.groupby(["engine", "engine_version", "gpu"]):
        name = gpu_catalog.gpu(gpu).name
        start = steps.engine_start(engine, version, name)
        error = held_out_error(
            part,
            ("tp", "phase", "batch"),
            lambda some, start=start: steps.fit_engine(some, start),
            steps.step_predictions,
            seconds,
        )
        found = steps.fit_engine(part, start)
        sources = ", ".join(sorted(part["source"].unique()))
        found = replace(found, provenance=provenance(sources, len(part), {"steps": error}))
        stem = f"{engine}-{version}-{name}".casefold()
        stem = "".join(c if c.isalnum() or c == "." else "-" for c in stem)
        write(folder, stem, found)


def fit_kv_transfers(data: Path, folder: Path) -> None:
    """KV transfers of every library."""
    for name, constants in fit_transfers(read(data, "kv_transfer")):
        write(folder, name, constants)


KINDS = {
    "gpus": fit_gpus,
    "fabrics": fit_fabrics,
    "steps": fit_engines,
    "transfers": fit_kv_transfers,
    "releases": fit_releases,
}

if __name__ == "__main__":
    raise SystemExit(main())
