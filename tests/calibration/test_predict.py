"""Predictions beside measurements, by each cost model."""

import numpy as np
import pandas as pd
import pytest

from simcore.calibration.predict import NOTE, predict_table, summary_of
from simcore.calibration.tables import shape_of
from simcore.errors import PdscopeError
from tests.calibration.small_tables import GEMM, STEPS, TABLES, TRANSFERS


def predicted(rows, **more):
    found = predict_table(rows, where="mine.csv", **more)
    return found[shape_of(rows, "mine.csv").predicted], found[NOTE]


@pytest.mark.parametrize("kind", TABLES)
def test_each_kind_is_predicted_and_what_cannot_be_says_why(kind):
    rows, possible = TABLES[kind]
    assert shape_of(rows, "here").name == kind
    times, notes = predicted(rows)
    assert times.notna().tolist() == possible
    assert (times[possible] > 0).all()
    assert (notes != "").all()


@pytest.mark.parametrize("model", ["physical", "reference"])
@pytest.mark.parametrize("kind", TABLES)
def test_the_uncalibrated_models_predict_the_same_rows_and_less(kind, model):
    rows, _ = TABLES[kind]
    ours, _ = predicted(rows)
    theirs, _ = predicted(rows, cost_model=model)
    assert theirs.notna().any()
    both = ours.notna() & theirs.notna()
    if model == "physical" and kind != "kernels_vllm_layers":
        # A roofline is a lower bound but of small kernels, whose data stay in the cache.
        assert (theirs[both] <= 1.05 * ours[both]).all()


def test_rows_come_back_as_they_were():
    found = predict_table(STEPS, where="mine.csv")
    pd.testing.assert_frame_equal(found[STEPS.columns], STEPS)


def test_predictions_do_not_depend_on_the_other_rows():
    whole, _ = predicted(STEPS)
    for place in range(len(STEPS)):
        alone, _ = predicted(STEPS.iloc[[place]])
        assert alone.iloc[0] == pytest.approx(whole.iloc[place], nan_ok=True, rel=1e-9)


def test_notes_tell_calibrated_from_uncalibrated():
    _, notes = predicted(STEPS)
    assert notes[0].startswith("kernels calibrated on NVIDIA H100")
    assert "uncalibrated GPU AMD Instinct MI300X" in notes[2] and "±25 %" in notes[2]
    assert "unknown model 'no-such-model'" in notes[3]
    assert "unknown GPU 'no-such'" in notes[4]


def test_a_row_that_is_no_number_stays_empty():
    times, notes = predicted(STEPS.assign(batch=["x", 1, 1, 1, 1]))
    assert np.isnan(times[0]) and notes[0] == "batch is no number from 0 up"
    assert times[1] > 0


def test_a_step_with_an_engine_takes_longer_than_its_kernels():
    row = STEPS.iloc[[0]]
    alone, _ = predicted(row)
    inside, notes = predicted(row.assign(engine="vLLM(2023)", engine_version="unknown"))
    assert inside.iloc[0] > alone.iloc[0]
    assert "engine vLLM(2023)" in notes.iloc[0]
    named, _ = predicted(row, engine="unheard-of")
    assert named.iloc[0] > 0


@pytest.mark.parametrize(
    ("engine", "version", "stand_in"),
    [
        ("unheard-of", "1", "as vLLM 0.11.2.dev358 on NVIDIA H800"),
        ("vLLM", "0.12", "as vLLM 0.11.2.dev358 on NVIDIA H800"),
        ("vLLM(2023)", "other", "as vLLM(2023) unknown on NVIDIA H100"),
    ],
)
def test_an_engine_nobody_has_measured_gets_the_nearest_and_says_so(engine, version, stand_in):
    row = STEPS.iloc[[0]].assign(engine=engine, engine_version=version)
    times, notes = predicted(row)
    alone, _ = predicted(STEPS.iloc[[0]])
    assert times.iloc[0] > alone.iloc[0]
    assert f"uncalibrated engine {engine} {version}" in notes.iloc[0]
    assert stand_in in notes.iloc[0]


def test_a_transfer_without_bytes_is_sized_from_its_model_with_copied_heads():
    """Qwen3-235B has 4 KV heads: among 8 ranks each goes twice."""
    rows = TRANSFERS.iloc[[0, 0]].reset_index(drop=True)
    rows.loc[1, "bytes"] = np.nan
    times, _ = predicted(rows)
    assert times[1] == pytest.approx(times[0], rel=0.01)


def test_wrong_units_are_refused():
    times, _ = predicted(GEMM)
    with pytest.raises(PdscopeError, match=r"mine\.csv: column time_ms"):
        predict_table(GEMM.assign(time_ms=times * 1000), where="mine.csv")
    predict_table(GEMM.assign(time_ms=times * 2), where="mine.csv")


def test_an_unknown_cost_model_is_refused():
    with pytest.raises(PdscopeError, match="unknown cost model 'x'; use one of calibrated"):
        predict_table(GEMM, where="mine.csv", cost_model="x")


def test_the_summary_counts_and_scores():
    found = predict_table(GEMM, where="mine.csv")
    text = summary_of(found.assign(time_ms=found["predicted_ms"]))
    assert "3 of 4 rows predicted" in text
    assert "mean error 0.0 %" in text
    assert "1 × dtype 'int3' is unknown" in text


HOSTILE = (0, -1, 0.5, 1e300, float("nan"), float("inf"), "x", "", None)


@pytest.mark.parametrize("model", ["calibrated", "physical", "reference"])
@pytest.mark.parametrize("kind", TABLES)
def test_whatever_stands_in_a_cell_the_other_rows_are_predicted(kind, model):
    rows, _ = TABLES[kind]
    first = rows.iloc[0].to_dict()
    bad = [first | {name: value} for name in rows.columns for value in HOSTILE]
    table = pd.concat([pd.DataFrame(bad, dtype=object), rows.astype(object)], ignore_index=True)
    times, notes = predicted(table, cost_model=model)
    assert np.isfinite(times.dropna()).all() and (times.dropna() > 0).all()
    assert (notes[times.isna()] != "").all() or model != "calibrated"
    alone, _ = predicted(rows, cost_model=model)
    assert times.tail(len(rows)).tolist() == pytest.approx(alone.tolist(), nan_ok=True, rel=1e-9)
