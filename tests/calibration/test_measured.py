"""The shipped constants on the measurements themselves, where these are at hand."""

import numpy as np
import pytest

from simcore.calibration.predict import predict_file
from simcore.calibration.tables import shape_of

# Table, rows of it, and the error that the shipped constants may have on it. Goals, not records.
LIMITS = [
    ("steps_composed", "gpu == 'H100-SXM-80GB' and phase == 'decode'", 0.04),
    ("steps_composed", "gpu == 'H100-SXM-80GB' and phase == 'prefill'", 0.05),
    ("steps_composed", "gpu == 'H200-SXM-141GB' and phase == 'decode'", 0.04),
    ("steps_composed", "gpu == 'H200-SXM-141GB' and phase == 'prefill'", 0.05),
    ("steps_composed", "gpu == 'A100-SXM-80GB'", 0.07),
    ("steps_composed", "gpu == 'B200-SXM-180GB'", 0.07),
    ("steps_measured", "phase == 'decode'", 0.08),
    ("steps_measured", "phase == 'prefill'", 0.12),
    ("collectives", "n_nodes == 1 and link.str.startswith('NVLink')", 0.15),
    ("collectives", "n_nodes > 1", 0.15),
    ("kv_transfer", "time_ms == time_ms", 0.05),
]


@pytest.fixture(scope="module")
def data(repository):
    folder = repository.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the tables of measurements are not at {folder}")
    return folder


@pytest.mark.parametrize(("table", "query", "limit"), LIMITS)
def test_the_error_is_within_its_goal(data, table, query, limit):
    rows = predict_file(data / f"{table}.csv")
    if "suspect" in rows:
        rows = rows[rows["suspect"].isna()]
    rows = rows.query(query, engine="python")
    shape = shape_of(rows, table)
    error = np.abs(rows[shape.predicted] / rows[shape.measured] - 1)
    assert len(rows) > 0 and error.notna().all()
    assert error.mean() <= limit


@pytest.mark.parametrize(
    "table", ["kernels_gemm", "kernels_attn_prefill", "kernels_attn_decode", "kernels_moe",
              "kernels_vllm_layers", "kernels_vllm_attention"]
)  # fmt: skip
def test_every_kernel_of_the_tables_has_a_prediction_better_than_the_roofline_s(data, table):
    ours = predict_file(data / f"{table}.csv")
    roofline = predict_file(data / f"{table}.csv", cost_model="physical")
    shape = shape_of(ours, table)
    assert ours[shape.predicted].notna().all()
    errors = [
        np.abs(rows[shape.predicted] / rows[shape.measured] - 1).mean() for rows in (ours, roofline)
    ]
    assert errors[0] < errors[1] / 2
