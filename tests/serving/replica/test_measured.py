"""Real engines, replayed: where measurements are at hand."""

import numpy as np
import pytest

from benchmarks import serving_closed_loop, serving_requests

LIMITS = {"ttft_s": 0.05, "tpot_s": 0.06, "e2e_s": 0.05}
"""Errors of means that the calibrated model may have. Goals, not records."""


def test_the_means_of_a_real_run_are_met(repository):
    path = repository.parent / "shared" / "data" / "e2e_requests_llmservingsim.csv"
    if not path.is_file():
        pytest.skip(f"the timestamps of requests are not at {path}")
    for rows in serving_requests.read(path).values():
        truth = serving_requests.measured(rows)
        ours = serving_requests.simulated(rows, "calibrated")
        for what, limit in LIMITS.items():
            measured, simulated = (np.nanmean(getattr(times, what)) for times in (truth, ours))
            assert simulated == pytest.approx(measured, rel=limit), what


def test_closed_loops_of_many_models_and_gpus_are_met(repository):
    path = repository.parent / "shared" / "data" / "e2e_silicon.csv"
    if not path.is_file():
        pytest.skip(f"the end-to-end measurements are not at {path}")
    rows = serving_closed_loop.compared(path, 30)
    assert len(rows) > 20
    errors = serving_closed_loop.errors(rows)
    assert errors.loc["tpot simulated", "mean"] < 0.08
    assert errors.loc["ttft simulated", "mean"] < 0.25
