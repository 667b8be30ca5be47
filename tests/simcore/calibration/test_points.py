"""The measured points that ship: whole, quoted by their rule, predicted by every cost model."""

from functools import cache

import numpy as np
import pytest

import gpu_catalog
from simcore.calibration import quote_points
from simcore.calibration.points import (
    FITTED,
    FOLDER,
    PARTS,
    QUANTITIES,
    TABLES,
    UNSEEN,
    USES,
    predicted_points,
    table,
)
from simcore.calibration.predict import MODELS
from simcore.costs.constants import GpuConstants, shipped


@pytest.fixture(scope="module", params=MODELS)
def cost_model(request):
    return request.param


@pytest.fixture(scope="module")
def points(cost_model):
    return known(cost_model)


@cache
def known(cost_model):
    """The points, predicted once for all tests that only look at them."""
    return predicted_points(cost_model)


def test_every_table_says_above_its_header_whose_measurements_these_are():
    files = {path.stem: path.read_text("utf-8") for path in FOLDER.glob("*.csv")}
    assert set(files) == set(TABLES) == set(quote_points.QUOTED)
    readme = (FOLDER / "README.md").read_text("utf-8")
    for name, text in files.items():
        head = [line for line in text.splitlines() if line.startswith("#")]
        assert any(" @" in line and ("Apache-2.0" in line or "MIT" in line) for line in head), name
        assert f"`{name}.csv`" in readme


def test_a_few_hundred_points_cover_every_quantity(points):
    assert 300 <= len(points) <= 900
    assert set(points["quantity"]) == set(QUANTITIES)
    assert points.groupby("quantity").size().min() >= 10


def test_every_point_is_a_time_on_known_hardware_with_its_source(points):
    assert (points["measured_s"] > 0).all() and np.isfinite(points["measured_s"]).all()
    assert set(points["gpu"]) <= {gpu.name for gpu in gpu_catalog.gpus()}
    for name in ("gpu", "what"):
        assert (points[name].str.len() > 0).all(), name
    assert points["source"].str.contains(r"\w+/[\w-]+ @[0-9a-f]{7}").all()


def test_what_is_predicted_is_a_time_and_what_is_not_has_a_reason(points):
    predicted = points["predicted_s"].notna()
    assert (points["predicted_s"][predicted] > 0).all()
    assert (points["note"][~predicted].str.len() > 0).all()
    steps = ~points["quantity"].isin(["TPOT", "TTFT"])
    assert predicted[steps].all()


def test_only_constants_can_have_been_fitted(points, cost_model):
    assert set(points["use"]) <= set(USES)
    if cost_model != "calibrated":
        assert set(points["use"]) == {UNSEEN}
        return
    assert {FITTED, PARTS} <= set(points["use"])
    own = {constants.gpu for constants in shipped(GpuConstants, "gpus").values()}
    composed = points[points["quantity"].isin(["prefill step", "decode step"])]
    assert set(composed["gpu"][composed["use"] == PARTS]) <= own


def test_a_roofline_of_steps_is_a_lower_bound():
    """No kernel exceeds both peaks of the hardware; measurement errors allow a few per cent."""
    points = known("physical")
    steps = points[points["quantity"].str.contains("step")]
    assert (steps["predicted_s"] <= 1.05 * steps["measured_s"]).all()


def test_calibration_brings_every_quantity_closer():
    error = {}
    for model in ("calibrated", "physical"):
        points = known(model)
        miss = (points["predicted_s"] / points["measured_s"] - 1).abs()
        error[model] = miss.groupby(points["quantity"]).median()
    assert (error["calibrated"] < 0.5 * error["physical"]).all()


def test_the_same_points_come_again(points, cost_model):
    assert predicted_points(cost_model).equals(points)


def test_the_points_are_those_that_the_rule_chooses(repository, tmp_path):
    data = repository.parent / "shared" / "data"
    if not data.exists():
        pytest.skip("the tables that the points are quoted from are not on this machine")
    quote_points.main([str(data), "--out", str(tmp_path)])
    for name in TABLES:
        assert (tmp_path / f"{name}.csv").read_bytes() == (FOLDER / f"{name}.csv").read_bytes()


def test_lines_above_a_header_are_no_rows():
    for name in TABLES:
        assert not table(name).columns.str.startswith("#").any()
        assert len(table(name)) >= 10
