"""Rows of end-to-end tables: what each ran, or why that cannot be told."""

import numpy as np
import pandas as pd
import pytest

from simcore.calibration.serving import serving_predictions
from simcore.calibration.silicon import Unpredictable, case_of

ROW = {
    "origin": "nvidia_aic_gap_analysis",
    "mode": "agg",
    "model": "Qwen/Qwen3-235B-A22B-FP8",
    "gpu": "h100_sxm",
    "engine": "trtllm",
    "engine_version": "1.0.0rc3",
    "precision": "fp8",
    "isl": 1024,
    "osl": 256,
    "concurrency": 32.0,
    "tp": 8.0,
    "attn_dp": 1.0,
    "moe_tp": 8.0,
    "moe_ep": 1.0,
}


def degrees(**changes):
    """Degrees of parallelism of a row: tp, dp, expert tp, expert groups."""
    d = case_of(ROW | changes).decode
    return d.tp, d.dp, d.sharing.expert_tp, d.expert_groups


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ((8, 1, 8, 1), (8, 1, 8, 1)),
        ((8, 1, 1, 8), (8, 1, 1, 8)),
        ((8, 1, 2, 4), (8, 1, 2, 4)),
        ((1, 8, 1, 8), (1, 8, 1, 8)),
        # tp × ep for tp, ep for moe_tp
        ((64, 1, 8, 8), (8, 1, 1, 8)),
        ((16, 1, 4, 4), (4, 1, 1, 4)),
        ((1, 64, 8, 8), (1, 8, 1, 8)),
        # tp for attn_dp, tp × ep for moe_ep
        ((4, 4, 1, 16), (4, 1, 1, 4)),
        # left open: what fills the same GPUs
        ((4, np.nan, 2, 2), (4, 1, 2, 2)),
        ((1, np.nan, 1, 8), (1, 8, 1, 8)),
        ((8, np.nan, np.nan, np.nan), (8, 1, 8, 1)),
    ],
)
def test_degrees_that_were_multiplied_twice_are_read_as_they_were_meant(written, meant):
    names = ("tp", "attn_dp", "moe_tp", "moe_ep")
    assert degrees(**dict(zip(names, written, strict=True))) == meant


def test_inferencex_draws_shorter_prompts_than_it_names():
    case = case_of(ROW | {"origin": "semianalysis_inferencex"})
    assert (case.prompt, case.output) == pytest.approx((0.9 * 1024, 0.9 * 256))
    assert case_of(ROW).prompt == 1024


@pytest.mark.parametrize(
    ("model", "precision", "attention", "experts"),
    [
        ("meta-llama/Llama-3.1-70B", "fp8", "fp8", None),
        ("meta-llama/Llama-3.1-70B", "fp4", "nvfp4", None),
        ("deepseek-ai/DeepSeek-R1", "fp8", "fp8", "fp8"),
        ("deepseek-ai/DeepSeek-R1", "fp4", "bf16", "nvfp4"),
        ("moonshotai/Kimi-K2.5", "int4", "bf16", "int4"),
        ("openai/gpt-oss-120b", "fp4", "bf16", "nvfp4"),
    ],
)
def test_checkpoints_narrow_what_they_narrow(model, precision, attention, experts):
    llm = case_of(ROW | {"model": model, "precision": precision, "gpu": "b200_sxm"}).decode.llm
    assert llm.weight_dtype == attention
    assert (llm.experts and llm.experts.weight_dtype) == experts


def test_the_batch_of_a_replica_tells_how_many_there_are():
    assert case_of(ROW | {"concurrency": 96.0, "batch": 32.0}).decode_replicas == 3
    assert case_of(ROW | {"concurrency": np.nan, "batch": 32.0}).concurrency == 32


@pytest.mark.parametrize("written", ["TensorRT-LLM", "tensorrt_llm", "TRTLLM", " trt-llm "])
def test_an_engine_is_known_by_its_spellings(written):
    assert case_of(ROW | {"engine": written}).engine == "trtllm"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"model": "nobody/knows"}, "unknown model"),
        ({"gpu": "h900"}, "unknown GPU"),
        ({"engine": None}, "engine is empty"),
        ({"precision": "fp3"}, "precision 'fp3' is unknown; use one of bf16"),
        ({"isl": "long"}, "isl = 'long' is not a number"),
        ({"osl": -1}, "osl = -1; use a number from 1"),
        ({"concurrency": np.nan}, "concurrency is empty"),
        ({"tp": np.inf}, "tp = inf"),
        ({"tp": 36.0, "moe_tp": 36.0}, "36 GPUs for one replica"),
        ({"moe_tp": 4.0}, "8 GPUs for attention, but 4 for the experts"),
        ({"mode": "disagg"}, "prefill_num_workers is empty"),
    ],
)
def test_a_row_that_cannot_be_told_says_why(changes, reason):
    with pytest.raises(Unpredictable, match=reason):
        case_of(ROW | changes)


def test_rows_that_cannot_be_predicted_stay_empty_among_those_that_can():
    rows = pd.DataFrame([ROW, ROW | {"model": "nobody/knows"}, ROW | {"gpu": "b300_sxm"}])
    rows.loc[3] = ROW | {"gpu": "l4", "tp": 1.0, "moe_tp": 1.0}
    found = serving_predictions(rows)
    assert found["predicted_tpot_ms"].notna().tolist() == [True, False, True, False]
    assert found["predicted_ttft_ms"].notna().tolist() == [True, False, True, False]
    notes = found["prediction_note"]
    assert "calibrated on trtllm 1.0.0rc3" in notes[0]
    assert "unknown model" in notes[1]
    assert "uncalibrated kernels, expect ±25 %" in notes[2]
    assert "leave no room for the KV cache" in notes[3]


@pytest.mark.parametrize("model", ["physical", "reference"])
def test_uncalibrated_models_predict_the_same_rows(model):
    rows = pd.DataFrame([ROW, ROW | {"model": "meta-llama/Llama-3.1-70B"}])
    found = serving_predictions(rows, cost_model=model)
    bound = serving_predictions(rows)
    assert (found["predicted_tpot_ms"] > 0).all()
    if model == "physical":
        assert (found["predicted_tpot_ms"] < bound["predicted_tpot_ms"]).all()
