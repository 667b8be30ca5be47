"""Serving engines on the measurements themselves, where these are at hand."""

import numpy as np
import pandas as pd
import pytest

from simcore.calibration.accuracy import accuracy
from simcore.calibration.fit_releases import FAMILIES, read_served
from simcore.calibration.predict import predict_file
from simcore.calibration.serving_splits import unseen
from simcore.costs.constants import shipped
from simcore.costs.releases import ReleaseConstants


@pytest.fixture(scope="module")
def table(repository):
    path = repository.parent / "shared" / "data" / "e2e_silicon.csv"
    if not path.is_file():
        pytest.skip(f"the table of serving runs is not at {path}")
    return path


@pytest.fixture(scope="module")
def served(table):
    return read_served(table.parent)


def test_a_release_on_loads_that_its_fit_had_not_seen(served):
    """Goals: TPOT of a dense model within 8 %, R² 0.97; TTFT of few requests within 15 %."""
    of_release = (served.rows["engine"] == "vllm") & served.rows["engine_version"].isna()
    rows = unseen(served.where(of_release), "a third of the loads at a time")
    dense = rows[rows["dense"]]
    tpot = accuracy(dense["predicted_tpot_s"], dense["tpot_ms"] * 1e-3)
    assert tpot.rows > 200
    assert tpot.mape <= 0.08
    assert tpot.r2 >= 0.97
    few = rows[rows["hopper"] & (rows["concurrency"] <= 8)]
    assert accuracy(few["predicted_ttft_s"], few["ttft_ms"] * 1e-3).mape <= 0.15


def test_every_row_has_a_prediction_or_a_reason(table):
    rows = predict_file(table)
    empty = rows["predicted_tpot_ms"].isna()
    assert (empty == rows["predicted_ttft_ms"].isna()).all()
    assert (rows["prediction_note"].str.len() > 0).all()
    assert not rows["prediction_note"][empty].str.startswith("calibrated").any()
    sound = rows[~empty & rows["suspect"].isna()]
    assert len(sound) > 1800
    error = np.abs(sound["predicted_tpot_ms"] / sound["tpot_ms"] - 1)
    roofline = predict_file(table, cost_model="physical")["predicted_tpot_ms"][sound.index]
    assert error.mean() < np.abs(roofline / sound["tpot_ms"] - 1).mean() / 4


def test_the_same_measurement_under_another_label_is_predicted_alike(table):
    """Degrees multiplied twice: duplicates show what is meant."""
    rows = predict_file(table)
    rows = rows[rows["predicted_tpot_ms"].notna() & (rows["mode"] == "agg")]
    same = ["origin", "engine", "engine_version", "gpu", "precision", "isl", "osl", "concurrency"]
    alike = rows.groupby([*same, "ttft_ms", "tpot_ms"], dropna=False)
    labels = alike[["tp", "attn_dp", "moe_tp", "moe_ep"]].nunique().max(axis=1)
    spread = alike["predicted_tpot_ms"].max() / alike["predicted_tpot_ms"].min()
    twice = labels > 1
    assert twice.sum() > 30
    assert spread[twice].to_numpy() == pytest.approx(1, abs=1e-9)


def test_every_release_of_the_table_belongs_to_a_family_or_takes_a_neighbour_s(table):
    rows = pd.read_csv(table, low_memory=False)
    known = {(engine, v) for engine, versions in FAMILIES.values() for v in versions}
    shipping = {
        (c.engine, v) for c in shipped(ReleaseConstants, "releases").values() for v in c.versions
    }
    assert shipping <= known
    seen = set(zip(rows["engine"], rows["engine_version"].fillna(""), strict=True))
    assert seen - known == {("trtllm", "1.3.0rc5")}
