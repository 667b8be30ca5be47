"""Products: with ideal constants a roofline, with real ones never below it, and monotone."""

from dataclasses import replace

import numpy as np
import pytest

from simcore.costs.constants import GpuConstants, shipped
from simcore.costs.hardware import chip_of
from simcore.costs.operators.chip import BF16, FP8, Format
from simcore.costs.operators.gemm import gemm_seconds
from tests.costs.operators.chips import CHIP, IDEAL_GEMM


def seconds(m, n, k, weights=BF16, **changes):
    constants = replace(IDEAL_GEMM, **changes)
    return gemm_seconds(m=m, n=n, k=k, weights=weights, chip=CHIP, constants=constants)


def test_with_ideal_constants_it_is_the_roofline():
    """A large square product computes; a product with one row reads its weights."""
    assert seconds(8192, 8192, 8192) == pytest.approx(2 * 8192**3 / 1e15, rel=1e-3)
    read = 2 * (8192 * 8192 + 2 * 8192)
    assert seconds(1, 8192, 8192) == pytest.approx(read / 1e12, rel=1e-3)


def test_narrow_weights_are_read_faster_and_multiplied_in_their_format():
    assert seconds(1, 8192, 8192, FP8) / seconds(1, 8192, 8192) == pytest.approx(0.5, rel=1e-3)
    assert seconds(8192, 8192, 8192, FP8) / seconds(8192, 8192, 8192) == pytest.approx(
        0.5, rel=1e-3
    )


def test_weights_alone_in_their_format_are_multiplied_as_bf16():
    int4 = Format(gemm="bf16", weight_bytes=0.5)
    assert seconds(8192, 8192, 8192, int4) == pytest.approx(seconds(8192, 8192, 8192), rel=1e-3)
    assert seconds(1, 8192, 8192, int4) / seconds(1, 8192, 8192) == pytest.approx(0.25, rel=1e-3)


def test_a_format_that_the_hardware_lacks_runs_in_the_next_wider():
    fp4 = Format(gemm="fp4", weight_bytes=0.5)
    assert CHIP.runs("fp4") == "fp8"
    assert seconds(8192, 8192, 8192, fp4) == pytest.approx(seconds(8192, 8192, 8192, FP8), rel=1e-3)


def test_a_last_wave_that_is_almost_empty_costs_a_wave():
    """101 tiles on 100 multiprocessors take as long as 200 where waves are charged in full."""
    one_more = seconds(128, 128 * 101, 65536, waves=1.0, memory=1e9)
    assert one_more == pytest.approx(2 * 128 * 128 * 200 * 65536 / 1e15, rel=1e-6)


@pytest.mark.parametrize("name", sorted(shipped(GpuConstants, "gpus")))
def test_no_gpu_beats_its_roofline_and_more_work_takes_no_less(name):
    import gpu_catalog

    constants = shipped(GpuConstants, "gpus")[name]
    chip = chip_of(gpu_catalog.gpu(constants.gpu), constants)
    for gemm, fitted in constants.gemm.items():
        weights = Format(gemm=gemm, weight_bytes={"bf16": 2.0, "fp8": 1.0}.get(gemm, 0.5625))
        sizes = 2.0 ** np.arange(0, 15)
        times = gemm_seconds(m=sizes, n=8192, k=8192, weights=weights, chip=chip, constants=fitted)
        reading = 8192 * 8192 * weights.weight_bytes / chip.bandwidth
        computing = 2 * sizes * 8192**2 / chip.peak(gemm)
        # Weights that stay in a large cache are read faster than memory allows, by a little.
        assert (times >= 0.95 * np.maximum(reading, computing)).all(), (name, gemm)
        # Tiles come in whole waves: a product of twice the rows may fill them better.
        assert (np.diff(times) >= -0.05 * times[:-1]).all(), (name, gemm)
