"""Calibration on a user's own steps: planted constants are found, bad tables refused."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from simcore.calibration.predict import predict_table
from simcore.calibration.steps import engine_start, step_predictions
from simcore.calibration.user import calibrate_steps, read_constants
from simcore.costs.constants import toml_text
from simcore.errors import PdscopeError

GPU = "NVIDIA H100"
PLANTED = replace(
    engine_start("mine", "1", GPU), host_s=0.012, sharpness=4.0, sequence_s=5e-5, slower=1.15
)


def measured(noise=0.01):
    """Steps of two models as the planted engine would run them."""
    shapes = [
        *((model, "decode", batch, 1, 1000) for model in MODELS for batch in (1, 4, 16, 64, 128)),
        *((model, "prefill", batch, 512, 0) for model in MODELS for batch in (1, 2, 4, 8)),
    ]
    columns = ["model", "phase", "batch", "new_tokens", "context"]
    rows = pd.DataFrame(shapes, columns=columns).assign(gpu=GPU, tp=2)
    rng = np.random.default_rng(3)
    times = step_predictions(rows, PLANTED) * np.exp(rng.normal(0, noise, len(rows)))
    return rows.assign(time_ms=times * 1e3)


MODELS = ("LLaMA-3.1-8B", "LLaMA-3.1-70B")


def calibrated(rows, **more):
    return calibrate_steps(rows, **{"gpu": GPU, "engine": "mine", "where": "mine.csv"} | more)


def test_a_planted_engine_is_found_and_unseen_rows_are_met():
    found = calibrated(measured())
    assert found.constants.slower == pytest.approx(PLANTED.slower, rel=0.05)
    assert found.constants.host_s == pytest.approx(PLANTED.host_s, rel=0.1)
    assert found.unseen.mape < 0.05
    assert found.folds == "model, phase, batch"
    assert found.constants.provenance.error["steps"] == pytest.approx(found.unseen.mape, abs=1e-4)


def test_what_is_fitted_can_be_used_at_once(tmp_path):
    rows = measured()
    path = tmp_path / "constants.toml"
    path.write_text(toml_text(calibrated(rows).constants), encoding="utf-8")
    constants = read_constants(path)
    found = predict_table(rows, where="mine.csv", engine="mine", constants=constants)
    assert np.abs(found["predicted_ms"] / rows["time_ms"] - 1).mean() < 0.05


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r.head(5), "5 rows of NVIDIA H100; give at least 12"),
        (lambda r: r[r["phase"] == "decode"].head(0), "0 rows"),
        (lambda r: pd.concat([r[r["phase"] == "decode"]] * 2), "too alike"),
        (lambda r: r.drop(columns="time_ms"), "lacks the column time_ms"),
        (lambda r: r.assign(time_ms=r["time_ms"] * 1000), "column time_ms: times are .* ×"),
        (lambda r: r.assign(time_ms=0.0), "give times above 0 in every row"),
        (lambda r: r.assign(phase="both"), "row 2: phase is neither prefill nor decode"),
        (lambda r: r.assign(batch="many"), "row 2: batch is no number from 0 up"),
        (lambda r: pd.concat([r, r.assign(time_ms=r["time_ms"] * 5)]), "inconsistent: equal steps"),
        (
            lambda r: r.assign(time_ms=np.random.default_rng(1).permutation(r["time_ms"])),
            "contradict one another or the model",
        ),
        (lambda r: r.drop(columns="phase"), "no known kind of table"),
    ],
)
def test_too_little_or_contradictory_measurements_are_refused(change, message):
    with pytest.raises(PdscopeError, match=rf"mine\.csv: .*{message}"):
        calibrated(change(measured()))


def test_constants_of_another_kind_of_file_are_refused(tmp_path):
    path = tmp_path / "constants.toml"
    path.write_text("host_s = 1.0\nmore = 2\n", encoding="utf-8")
    with pytest.raises(PdscopeError, match=r"constants\.toml\.more: unknown key"):
        read_constants(path)
    path.write_text("host_s = ", encoding="utf-8")
    with pytest.raises(PdscopeError, match="this is not TOML"):
        read_constants(path)
    with pytest.raises(PdscopeError, match="cannot be read"):
        read_constants(tmp_path / "none.toml")
