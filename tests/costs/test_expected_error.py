"""The band beside a number comes from what the constants say of themselves."""

from dataclasses import replace

import pytest

import gpu_catalog
from simcore import Scenario, expected_errors_of
from simcore.costs import COST_MODELS, expected_error, hardware
from simcore.costs.constants import FabricConstants, GpuConstants, from_table, shipped, to_table
from simcore.costs.expected_error import TIMES, Bound, parts_of
from simcore.costs.hardware import EXPECTED_ERROR
from simcore.costs.provenance import Provenance
from simcore.costs.serving_engines import KERNELS_ALONE, engine_names, serving_engine

H100, H200 = "NVIDIA H100", "NVIDIA H200"


def errors(**fields):
    """Of kernels alone, unless another engine is asked for."""
    return expected_errors_of(Scenario(**{"engine": KERNELS_ALONE.engine, **fields}))


def stated(gpu, operator):
    [known] = [c for c in shipped(GpuConstants, "gpus").values() if c.gpu == gpu]
    return known.provenance.error[operator]


@pytest.mark.parametrize("name", COST_MODELS.names())
def test_every_cost_model_says_something_of_every_time(name):
    found = expected_errors_of(Scenario(cost_model=name, decode_gpu=H100))
    assert set(found) == set(TIMES)
    for one in found.values():
        assert one.reason.endswith(".") and one.short
        assert (one.share is not None) == (one.bound is Bound.BAND)


def test_the_physical_model_is_a_lower_bound_and_the_reference_claims_nothing():
    assert expected_errors_of(Scenario(cost_model="physical"))["tpot_s"].bound is Bound.LOWER
    assert expected_errors_of(Scenario(cost_model="reference"))["tpot_s"].bound is Bound.NONE


def test_a_band_is_that_of_the_worst_kind_of_kernel():
    found = errors(llm="LLaMA-3.1-70B", prefill_gpu=H100, decode_gpu=H200)
    prefill = max(stated(H100, "gemm_bf16"), stated(H100, "attention_prefill"))
    decode = max(stated(H200, "gemm_bf16"), stated(H200, "attention_decode"))
    assert found["ttds_s"].share == prefill
    assert found["tpot_s"].share == decode
    assert found["ttft_s"].share == max(prefill, decode)
    assert H100 in found["ttds_s"].reason and H200 not in found["ttds_s"].reason
    assert H200 in found["tpot_s"].reason and H100 not in found["tpot_s"].reason


def test_a_band_follows_what_the_constants_say(monkeypatch):
    """Nothing is written down twice: other held-out errors, another band."""
    gpu = gpu_catalog.gpu(H100)
    own = hardware.kernels_of(gpu)
    worse = replace(
        own, provenance=replace(own.provenance, error=own.provenance.error | {"gemm_bf16": 0.6})
    )
    monkeypatch.setattr(expected_error, "kernels_of", lambda gpu: worse)
    assert errors(prefill_gpu=H100)["ttds_s"].share == 0.6


def test_a_gpu_that_nobody_has_calibrated_is_said_to_be():
    calibrated = {c.gpu for c in shipped(GpuConstants, "gpus").values()}
    for gpu in gpu_catalog.gpus():
        if gpu.name in calibrated:
            continue
        found = errors(decode_gpu=gpu.name)["tpot_s"]
        assert found.share >= EXPECTED_ERROR
        assert f"uncalibrated on {gpu.name}" in found.reason
        assert "±25 %" in found.reason


def test_experts_and_formats_count_where_a_model_has_them():
    names = {
        name: [
            part.name for part in parts_of(gpu_catalog.llm(name), gpu_catalog.gpu(H100), "decode")
        ]
        for name in ("LLaMA-3.1-70B", "Mixtral-8x7B")
    }
    assert names["LLaMA-3.1-70B"] == ["products", "attention"]
    assert names["Mixtral-8x7B"] == ["products", "attention", "experts"]
    narrow = errors(llm="DeepSeek-V3", decode_gpu=H100)["tpot_s"]
    assert narrow.share >= stated(H100, "moe_fp8_block")


def test_what_was_not_measured_on_a_gpu_is_said():
    """Its kernels inside an engine alone were measured on it: no error of attention is known."""
    found = errors(decode_gpu="NVIDIA RTX 4090")["tpot_s"]
    unknown = [
        part
        for part in parts_of(gpu_catalog.llm("LLaMA-3.1-8B"), gpu_catalog.gpu("NVIDIA RTX 4090"),
                             "decode")
        if not part.calibrated
    ]  # fmt: skip
    assert all(part.share >= EXPECTED_ERROR for part in unknown)
    assert all(part.name in found.reason for part in unknown)


def test_the_same_values_get_the_same_expectation_whatever_is_dragged():
    assert errors(pp=8, chunk_tokens=512) == errors(pp=4, chunk_tokens=256, batch_size=7)


def test_the_collectives_of_several_gpus_widen_the_band_where_their_fabric_was_further_off():
    [nvlink] = [c for c in shipped(FabricConstants, "fabrics").values() if H200 in c.gpus]
    off = nvlink.provenance.error["collectives"]
    one, eight = (errors(decode_gpu=H200, decode_tp=tp)["tpot_s"] for tp in (1, 8))
    assert eight.share == max(one.share, off)
    assert f"Collectives on the fabric of such GPUs: off by {100 * off:.0f} %." in eight.reason
    assert "Collectives" not in one.reason
    # The prefill pool has one GPU a stage.
    assert "Collectives" not in errors(decode_gpu=H200, decode_tp=8)["ttds_s"].reason


def test_collectives_that_nobody_has_measured_are_said_to_be():
    found = errors(decode_gpu="AMD Instinct MI300X", decode_tp=8)["tpot_s"]
    assert found.share >= EXPECTED_ERROR
    assert "Collectives between such GPUs: unmeasured; expect ±25 %." in found.reason


@pytest.mark.parametrize("name", engine_names()[:-1])
def test_an_engine_that_was_further_off_than_the_kernels_widens_the_band(name):
    alone, found = errors(decode_gpu=H100), errors(decode_gpu=H100, engine=name)
    stated = serving_engine(name).release.provenance.error
    assert found["ttds_s"].share >= max(alone["ttds_s"].share, stated["ttft"])
    assert found["tpot_s"].share >= max(alone["tpot_s"].share, stated["tpot"])
    assert found["ttft_s"].share == max(found["ttds_s"].share, found["tpot_s"].share)
    assert all(f"{name}: " in one.reason for one in found.values())


def test_an_engine_that_nobody_has_calibrated_is_said_to_be():
    found = errors(decode_gpu=H100, engine="another engine")["tpot_s"]
    assert found.share >= EXPECTED_ERROR
    assert "another engine: uncalibrated" in found.reason


def test_without_an_engine_the_band_says_so():
    assert "No serving engine's own time" in errors()["tpot_s"].reason


def test_a_model_that_the_engine_was_not_fitted_to_is_said_to_be_unseen():
    for name in engine_names()[:-1]:
        release = serving_engine(name).release
        if not release.calibrated:
            continue
        models = release.provenance.models
        for llm in ("LLaMA-3.1-70B", "GPT-OSS-120B", "GLM-5"):
            unseen = f"{llm} was not among its models"
            reason = errors(llm=llm, decode_gpu=H100, engine=name)["tpot_s"].reason
            assert (unseen in reason) == bool(models and llm not in models)


def test_constants_note_which_models_ran_or_do_not():
    known = Provenance(measurements="mine", rows=12, fitted="2026-11-21", error={"tpot": 0.1})
    noted = replace(known, models=("GLM-5", "LLaMA-3.1-70B"))
    assert from_table(Provenance, to_table(noted), "here") == noted
    table = to_table(known)
    del table["models"]
    assert from_table(Provenance, table, "here") == known
