"""Calibration on a user's own TTFT and TPOT: planted constants are found, bad tables refused."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from simcore.calibration.predict import predict_table
from simcore.calibration.releases import predictable
from simcore.calibration.serving_user import calibrate_serving
from simcore.calibration.steps import engine_start
from simcore.calibration.user import read_constants
from simcore.costs.constants import toml_text
from simcore.costs.releases import release_of, ttft_tpot_seconds
from simcore.errors import PdscopeError

GPU = "NVIDIA H100"
MODELS = ("LLaMA-3.1-8B", "LLaMA-3.1-70B", "GPT-OSS-120B")
PLANTED = replace(
    release_of("vllm", "0.18.0")[0], attention=1.4, step_s=4e-3, prefill=1.9, request_s=0.05
)


def measured(noise=0.01):
    """Runs of three models as the planted engine would answer them."""
    shapes = [(model, isl, c) for model in MODELS for isl in (500, 4000) for c in (1, 4, 16, 64)]
    rows = pd.DataFrame(shapes, columns=["model", "isl", "concurrency"])
    rows = rows.assign(gpu=GPU, engine="vllm", engine_version="0.18.0", osl=400, tp=4)
    data = predictable(rows.assign(precision="fp8", mode="agg"))
    first, each = ttft_tpot_seconds(data.work, PLANTED)
    rng = np.random.default_rng(5)
    first, each = (t * np.exp(rng.normal(0, noise, len(t))) for t in (first, each))
    return data.rows.assign(ttft_ms=first * 1e3, tpot_ms=each * 1e3)


def calibrated(rows, **more):
    return calibrate_serving(rows, **{"gpu": GPU, "engine": "mine", "where": "mine.csv"} | more)


def test_a_planted_engine_is_met_on_rows_and_models_not_seen():
    shipped = predict_table(measured(), where="mine.csv")
    before = np.abs(shipped["predicted_tpot_ms"] / shipped["tpot_ms"] - 1).mean()
    found = calibrated(measured())
    assert found.folds == "model, concurrency"
    assert found.seen.mape < 0.03
    assert found.unseen.mape < min(0.12, before / 2)
    assert found.constants.provenance.error["tpot"] == pytest.approx(found.unseen.mape, abs=1e-4)


def test_what_is_fitted_can_be_used_at_once(tmp_path):
    rows, path = measured(), tmp_path / "constants.toml"
    path.write_text(toml_text(calibrated(rows).constants), encoding="utf-8")
    found = predict_table(rows, where="mine.csv", constants=read_constants(path))
    for name in ("ttft", "tpot"):
        assert np.abs(found[f"predicted_{name}_ms"] / rows[f"{name}_ms"] - 1).mean() < 0.05
    assert found["prediction_note"].str.contains("constants fitted to mine.csv").all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r.drop(columns="ttft_ms"), "lacks the column ttft_ms"),
        (lambda r: r.assign(gpu="NVIDIA A100-80GB"), "no rows of NVIDIA H100"),
        (lambda r: r.head(8), "8 rows of NVIDIA H100"),
        (lambda r: r.assign(concurrency=4), "at least 3 values of concurrency"),
        (lambda r: r.assign(tpot_ms=r["tpot_ms"] / 1000), "column tpot_ms.*in milliseconds"),
        (lambda r: r.assign(ttft_ms=r["ttft_ms"] / 1000), "column ttft_ms.*in milliseconds"),
        (lambda r: r.assign(tpot_ms=-1.0), "times above 0"),
        (lambda r: r.assign(model="nobody/knows"), "no row of NVIDIA H100 can be predicted"),
        (
            lambda r: pd.concat([r, r.head(1).assign(tpot_ms=9 * r["tpot_ms"].iloc[0])]),
            "inconsistent: TPOT of equal runs",
        ),
        (
            lambda r: r.assign(tpot_ms=r["tpot_ms"].to_numpy()[::-1]),
            "contradict one another or the model",
        ),
    ],
)
def test_tables_that_cannot_be_believed_are_refused(change, message):
    with pytest.raises(PdscopeError, match=f"mine.csv: .*{message}"):
        calibrated(change(measured()))


def test_constants_of_steps_are_refused_for_serving_runs():
    with pytest.raises(PdscopeError, match="the constants are of an engine's steps"):
        predict_table(measured(), where="mine.csv", constants=engine_start("mine", "1", GPU))
