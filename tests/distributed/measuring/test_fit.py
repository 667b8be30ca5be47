"""Fits of measured times: what is known is found, and what is not there is not."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simcore.distributed.measuring.fitting import fit_operation
from simcore.distributed.measuring.lines import Points, fit_line, predicted_seconds
from simcore.distributed.measuring.shapes import OPERATIONS, SHAPES, shape_of
from simcore.errors import PdscopeError

SIZES = [2**k for k in range(27)]
latencies = st.floats(1e-7, 1e-1)
bandwidths = st.floats(1e5, 1e12)


def samples_of(seconds, *, operation="send", ranks=(2,), sizes=SIZES, rounds=4, noise=0.0, seed=0):
    """A table of `rounds` times each: seconds(size, ranks), times 1 ± noise."""
    rng = np.random.default_rng(seed)
    rows = [
        (operation, n, size, number, seconds(size, n) * np.exp(noise * rng.standard_normal()))
        for number in range(rounds)
        for n in ranks
        for size in sizes
    ]
    return pd.DataFrame(rows, columns=["operation", "ranks", "nbytes", "round", "seconds"])


def straight(operation, collectives, latency, bandwidth):
    shape = shape_of(collectives, operation)
    return lambda size, n: latency * shape.startups(n) + shape.copies(n) * size / bandwidth


@pytest.mark.parametrize("collectives", SHAPES)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_latency_and_bandwidth_are_found_again_among_several_numbers_of_ranks(
    operation, collectives
):
    law = straight(operation, collectives, 3e-5, 1.25e9)
    rows = samples_of(law, operation=operation, ranks=(2, 3, 4, 8))
    fit = fit_operation(rows, operation, collectives)
    assert fit.line.latency_s == pytest.approx(3e-5, rel=1e-3)
    assert 1 / fit.line.seconds_per_byte == pytest.approx(1.25e9, rel=1e-3)
    assert fit.lines == (fit.line,)
    assert fit.knee_bytes is None
    assert fit.mape < 1e-3
    assert fit.r2 == pytest.approx(1, abs=1e-5)
    assert fit.repeatability == 0


@settings(max_examples=60, deadline=None)
@given(latency=latencies, bandwidth=bandwidths)
def test_what_is_predicted_is_what_was_measured_whatever_the_constants(latency, bandwidth):
    """The ridge decides only what the rows leave open: the times are right all the same."""
    law = straight("send", "portable", latency, bandwidth)
    fit = fit_operation(samples_of(law, rounds=2), "send", "portable")
    assert fit.mape < 1e-3
    assert len(fit.lines) == 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(1e-9, 1e3), min_size=3, max_size=12), st.integers(0, 2**32 - 1))
def test_neither_constant_is_below_zero_whatever_was_measured(times, seed):
    sizes = np.cumsum(np.random.default_rng(seed).integers(1, 2**20, len(times))).astype(float)
    points = Points(sizes, np.ones(len(times)), sizes, np.array(times))
    line = fit_line(points)
    assert line.latency_s >= 0
    assert line.seconds_per_byte >= 0
    assert np.isfinite(predicted_seconds((line,), points)).all()


def test_no_line_has_a_smaller_sum_of_squared_relative_errors():
    rows = samples_of(straight("send", "portable", 2e-5, 1e9), noise=0.3, rounds=2, seed=3)
    medians = rows.groupby("nbytes")["seconds"].median()
    sizes = medians.index.to_numpy(float)
    points = Points(sizes, np.ones(len(sizes)), sizes, medians.to_numpy())
    line = fit_line(points)

    def miss(latency, per_byte):
        return (((latency + per_byte * sizes) / points.seconds - 1) ** 2).sum()

    least = miss(line.latency_s, line.seconds_per_byte)
    for up in (0.98, 1.02):
        assert miss(line.latency_s * up, line.seconds_per_byte) > least
        assert miss(line.latency_s, line.seconds_per_byte * up) > least


def two_protocols(size, ranks):
    """Quick and narrow to 8 KiB, slower to start and twenty times as wide beyond."""
    return 1e-5 + size / 1e8 if size <= 8192 else 3e-4 + size / 2e9


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_a_knee_is_found_where_there_is_one(noise):
    fit = fit_operation(samples_of(two_protocols, noise=noise, rounds=9), "send", "portable")
    assert fit.knee_bytes == 8192
    small, large = fit.lines
    assert small.latency_s == pytest.approx(1e-5, rel=0.01 + 2 * noise)
    assert 1 / small.seconds_per_byte == pytest.approx(1e8, rel=0.01 + 2 * noise)
    assert large.latency_s == pytest.approx(3e-4, rel=0.01 + 2 * noise)
    assert 1 / large.seconds_per_byte == pytest.approx(2e9, rel=0.01 + 2 * noise)
    assert fit.held_out_mape < fit.held_out_mape_of_line


def test_noise_alone_makes_no_knee():
    """One standard error lets chance make a knee now and then, in few of 40 tables."""
    law = straight("send", "portable", 3e-5, 1e9)
    knees = [
        fit_operation(
            samples_of(law, noise=0.3, rounds=6, seed=seed), "send", "portable"
        ).knee_bytes
        for seed in range(40)
    ]
    assert sum(knee is not None for knee in knees) <= 4


def test_errors_are_plain_means_of_relative_errors():
    """Three sizes on a line and one that took twice as long: what a line misses can be counted."""
    law = straight("send", "portable", 1e-4, 1e9)
    rows = samples_of(law, sizes=[100, 5000, 70_000, 2_000_000], rounds=2)
    rows.loc[rows["nbytes"] == 70_000, "seconds"] *= 2
    fit = fit_operation(rows, "send", "portable")
    medians = rows.groupby("nbytes")["seconds"].median()
    fitted = fit.line.latency_s + fit.line.seconds_per_byte * medians.index.to_numpy(float)
    errors = np.abs(fitted - medians.to_numpy()) / medians.to_numpy()
    assert fit.mape == pytest.approx(errors.mean())
    assert [bucket.mape for bucket in fit.buckets] == pytest.approx(list(errors))
    assert [bucket.to_bytes for bucket in fit.buckets] == [100, 5000, 70_000, 2_000_000]
    left = ((fitted - medians) ** 2).sum() / ((medians - medians.mean()) ** 2).sum()
    assert fit.r2 == pytest.approx(1 - left)


def test_the_floor_is_one_half_of_the_rounds_against_the_other():
    law = straight("send", "portable", 1e-4, 1e9)
    rows = samples_of(law, rounds=6)
    rows.loc[rows["round"] % 2 == 0, "seconds"] *= 1.25
    fit = fit_operation(rows, "send", "portable")
    assert fit.repeatability == pytest.approx(0.25)
    assert all(bucket.repeatability == pytest.approx(0.25) for bucket in fit.buckets)


def test_a_late_round_does_not_count_more_than_its_half():
    """Medians: one round a hundred times as slow changes nothing."""
    rows = samples_of(straight("send", "portable", 1e-4, 1e9), rounds=6)
    rows.loc[rows["round"] == 3, "seconds"] *= 100
    fit = fit_operation(rows, "send", "portable")
    assert fit.mape < 1e-3
    assert fit.repeatability == 0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda rows: rows[rows["nbytes"] < 4], "at 2 sizes; measure 3"),
        (lambda rows: rows[rows["round"] == 0], "in 1 rounds; measure 2"),
        (lambda rows: rows.assign(seconds=0.0), "not above zero"),
        (lambda rows: rows.assign(seconds=np.nan), "not above zero"),
    ],
)
def test_too_little_to_fit_is_refused(change, says):
    rows = samples_of(straight("send", "portable", 1e-4, 1e9))
    with pytest.raises(PdscopeError, match=says):
        fit_operation(change(rows), "send", "portable")


def test_what_has_no_shape_is_refused():
    rows = samples_of(straight("send", "portable", 1e-4, 1e9))
    with pytest.raises(PdscopeError, match="use one of portable, gloo, nccl-ring"):
        fit_operation(rows, "send", "mine")
    with pytest.raises(PdscopeError, match="use one of send, broadcast"):
        shape_of("portable", "scatter")
