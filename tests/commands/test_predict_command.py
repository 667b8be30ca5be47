"""`pdscope predict` and `pdscope calibrate`, from files to files."""

import pandas as pd
import pytest

from simcore.__main__ import main
from tests.calibration.small_tables import GEMM, STEPS
from tests.calibration.test_user import measured


def written(tmp_path, rows, name="mine.csv"):
    path = tmp_path / name
    rows.to_csv(path, index=False)
    return str(path)


@pytest.mark.parametrize("model", ["calibrated", "physical", "reference"])
def test_rows_are_written_with_their_predictions(tmp_path, capsys, model):
    out = tmp_path / "out.csv"
    words = ["predict", written(tmp_path, GEMM), "--out", str(out), "--cost-model", model]
    assert main(words) == 0
    found = pd.read_csv(out)
    assert found["predicted_ms"].notna().sum() == 3
    assert found["prediction_note"].iloc[3].startswith("dtype 'int3' is unknown")
    assert "3 of 4 rows predicted" in capsys.readouterr().out


def test_own_measurements_are_fitted_and_used(tmp_path, capsys):
    constants = tmp_path / "constants.toml"
    table = written(tmp_path, measured())
    words = ["calibrate", table, "--gpu", "H100-SXM-80GB", "--out", str(constants)]
    assert main(words) == 0
    assert "where held out (by model, phase, batch)" in capsys.readouterr().out
    out = tmp_path / "out.csv"
    words = ["predict", table, "--out", str(out), "--engine", "mine", "--constants", str(constants)]
    assert main(words) == 0
    found = pd.read_csv(out)
    assert (found["predicted_ms"] / found["time_ms"] - 1).abs().mean() < 0.05


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["predict", "none.csv", "--out", "out.csv"], "none.csv: cannot be read"),
        (["predict", "steps.csv", "--out", "none/out.csv"], "there is no folder"),
        (
            ["predict", "steps.csv", "--out", "out.csv", "--constants", "none.toml"],
            "cannot be read",
        ),
        (["calibrate", "steps.csv", "--gpu", "no-such", "--out", "out.toml"], "unknown GPU"),
        (["calibrate", "steps.csv", "--gpu", "H100", "--out", "out.toml"], "time_ms"),
        (["calibrate", "gemm.csv", "--gpu", "H100", "--out", "out.toml"], "calibrate takes steps"),
    ],
)
def test_bad_input_is_one_line_that_says_what_to_do(tmp_path, monkeypatch, capsys, words, message):
    written(tmp_path, STEPS, "steps.csv")
    written(tmp_path, GEMM, "gemm.csv")
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not (tmp_path / "out.csv").exists() and not (tmp_path / "out.toml").exists()
