"""Steps of whole models: tables of them, their predicted times, and fits of engines to them."""

import numpy as np
import pandas as pd

import gpu_catalog
from simcore.calibration.fit import fit_constants
from simcore.costs.engines import EngineConstants, engine_step_seconds
from simcore.costs.hardware import chip_of, fabric_of, kernels_of
from simcore.costs.operators.exchanges import ACTIVATION
from simcore.costs.operators.layer import Batch, Ranks, StepTimes, step_times
from simcore.costs.operators.sharing import Sharing
from simcore.costs.provenance import Provenance
from simcore.costs.transformer import slice_of


def batch_of(rows) -> Batch:
    """The batches of a table with columns phase, batch, new_tokens, context."""
    prefill = (rows["phase"] == "prefill").to_numpy(float)
    requests, new, context = (
        rows[name].to_numpy(float) for name in ("batch", "new_tokens", "context")
    )
    return Batch(
        prompts=requests * prefill,
        new=new * prefill,
        before=context * prefill,
        decodes=requests * (1 - prefill),
        context=context * (1 - prefill),
        outputs=requests,
    )


def ranks_of(gpu, tp: int, *, repeated: bool, all_reduce: str | None = "vllm") -> Ranks:
    """`tp` GPUs of a kind in one machine."""
    kernels = kernels_of(gpu)
    return Ranks(
        chip=chip_of(gpu, kernels),
        kernels=kernels,
        sharing=Sharing(tp=tp),
        fabric=fabric_of(gpu) if tp > 1 else None,
        all_reduce=all_reduce,
        repeated=repeated,
    )


def kernel_times(rows, llm, ranks: Ranks) -> StepTimes:
    """Times of the kernels of steps of one model on one group of ranks [s]."""
    return step_times(llm, slice_of(llm, range(llm.layers)), batch_of(rows), ranks)


def engine_times(rows, llm, kernels: StepTimes, tp: int, constants: EngineConstants):
    """Times of steps with an engine around the kernels [s]."""
    batch = batch_of(rows)
    return engine_step_seconds(
        kernels,
        decodes=batch.decodes,
        prompts=batch.prompts,
        message=batch.tokens * llm.hidden * ACTIVATION,
        reductions=2 * llm.layers,
        ranks=tp,
        constants=constants,
    )


ENGINE_BOUNDS = {
    "host_s": (1e-4, 0.2),
    "prefill_host_s": (1e-4, 0.2),
    "sharpness": (1.0, 12.0),
    "sequence_s": (1e-6, 5e-3),
    "prompt_s": (1e-6, 0.1),
    "slower": (0.8, 2.5),
    "large_reduce_bytes": (1e6, 1e9),
    "large_reduce_s_per_byte": (1e-14, 1e-9),
}


UNFITTED = Provenance(measurements="", rows=0, fitted="", error={})


def engine_start(engine: str, version: str, gpu: str) -> EngineConstants:
    """Where fits of an engine begin: a host that keeps up with a large model, no more."""
    return EngineConstants(
        engine=engine,
        versions=(version,),
        gpus=(gpu_catalog.gpu(gpu).name,),
        host_s=0.03,
        prefill_host_s=0.04,
        sharpness=2.0,
        sequence_s=3e-4,
        prompt_s=1e-3,
        slower=1.2,
        large_reduce_bytes=33e6,
        large_reduce_s_per_byte=1e-11,
        provenance=UNFITTED,
    )


def fit_engine(rows, start: EngineConstants) -> EngineConstants:
    """`start` fitted to measured steps of one engine on one GPU: columns as `batch_of`, and
    model, tp, time_ms.
    """
    parts = []
    for (gpu, model, tp), part in rows.groupby(["gpu", "model", "tp"]):
        llm = gpu_catalog.llm(model)
        ranks = ranks_of(gpu_catalog.gpu(gpu), int(tp), repeated=False, all_reduce=None)
        parts.append((part, llm, kernel_times(part, llm, ranks), int(tp)))
    measured = np.concatenate([part["time_ms"].to_numpy(float) for part, *_ in parts]) * 1e-3

    def predict(constants):
        return np.concatenate([engine_times(*part, constants) for part in parts])

    return fit_constants(start, predict, measured, bounds=ENGINE_BOUNDS)


def recovered_decode_rows(rows, llm):
    """Rows of decode attention per layer, from composed decode steps that state its share."""
    attention = llm.attention
    tp = rows["tp"].to_numpy(float)
    return rows.assign(
        batch_size=rows["batch"],
        num_heads=np.maximum(1, attention.query_heads / tp),
        kv_heads=np.maximum(1, attention.kv_heads / tp),
        head_dim=attention.head_dim,
        window_size=0,
        time_ms=rows["attention_ms"] / llm.layers,
    )[
        [
            "gpu",
            "batch_size",
            "context",
            "num_heads",
            "kv_heads",
            "head_dim",
            "window_size",
            "time_ms",
        ]
    ]


def step_predictions(rows, constants: EngineConstants | None) -> np.ndarray:
    """Predicted times of measured steps [s]; of the kernels alone without an engine."""
    times = pd.Series(index=rows.index, dtype=float)
    for (gpu, model, tp), part in rows.groupby(["gpu", "model", "tp"]):
        llm = gpu_catalog.llm(model)
        ranks = ranks_of(gpu_catalog.gpu(gpu), int(tp), repeated=False, all_reduce=None)
        kernels = kernel_times(part, llm, ranks)
        busy = kernels.total
        if constants is not None:
            busy = engine_times(part, llm, kernels, int(tp), constants)
        times[part.index] = busy
    return times.to_numpy(float)
