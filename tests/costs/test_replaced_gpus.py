"""Constants belong to the GPU that they were fitted on, whatever somebody calls by its name."""

from dataclasses import replace

import gpu_catalog
from gpu_catalog import Overlay, overlay
from gpu_catalog.parse import Entry
from simcore import Scenario, run
from simcore.costs.hardware import kernels_of

H100 = gpu_catalog.gpu("NVIDIA H100")
CUT = replace(H100, flops=H100.flops / 2, bandwidth=H100.bandwidth / 2)


def test_a_gpu_with_other_peaks_is_not_calibrated_whatever_its_name():
    assert kernels_of(H100).calibrated
    assert kernels_of(replace(H100, notes="mine", power=300.0)).calibrated
    cut = kernels_of(CUT)
    assert not cut.calibrated
    assert cut.multiprocessors == round(kernels_of(H100).multiprocessors / 2)


def test_relatives_are_measured_by_what_ships():
    """What one session replaces changes no time of another's, nor of its own other GPUs."""
    h20 = gpu_catalog.gpu("NVIDIA H20-3e")
    plain = kernels_of(h20)
    scenario = Scenario(cost_model="calibrated", prefill_gpu=h20.name, prompt_tokens=640)
    with overlay(Overlay([Entry(CUT, "mine.toml", replaces=True)])):
        assert kernels_of(h20) == plain
        within = run(scenario).metrics.ttds_s
    assert run(scenario).metrics.ttds_s == within
