"""Every shipped algorithm, simulated, takes what its closed form says; none is its formula."""

from dataclasses import replace

import pytest

import gpu_catalog
from simcore.distributed import Declared, simulate, star
from simcore.distributed.algorithms import ALGORITHMS, Settings, program_for
from simcore.distributed.models import Device
from simcore.errors import ScenarioError

SLOW = star(12.5e6, 10e-3)
FAST = star(1e9, 50e-6)
EXACT = [name for name in ALGORITHMS.names() if getattr(ALGORITHMS[name].formula, "exact", False)]


def _measured_and_formula(name, settings, network):
    formula = ALGORITHMS[name].formula
    run = simulate(program_for(name, settings), settings.ranks, network=network)
    return formula.measured(run), formula.seconds(settings, network)


@pytest.mark.parametrize("network", [SLOW, FAST], ids=["100 Mbit/s", "8 Gbit/s"])
@pytest.mark.parametrize("ranks", [1, 2, 4, 8])
@pytest.mark.parametrize("name", EXACT)
def test_the_simulation_takes_what_the_closed_form_says(name, ranks, network):
    """With all things dealt out evenly."""
    settings = replace(ALGORITHMS[name].defaults, ranks=ranks, tokens=64, batch=8, micro_batches=4)
    measured, formula = _measured_and_formula(name, settings, network)
    assert measured == pytest.approx(formula, rel=1e-9)


@pytest.mark.parametrize("name", EXACT)
def test_uneven_pieces_take_no_longer_than_the_largest_would(name):
    """67 positions, 5 sequences, 3 ranks: the closed form takes every piece for the largest."""
    settings = replace(ALGORITHMS[name].defaults, ranks=3, tokens=67, batch=5, micro_batches=2)
    measured, formula = _measured_and_formula(name, settings, SLOW)
    # All-reduces cut whole bytes, and experts whole tokens: a little more than an even share.
    whole = {"tensor-parallel": 1e-6, "expert-parallel": 1e-3}.get(name, 1e-9)
    assert 0.8 * formula < measured <= formula * (1 + whole)


def test_transfers_that_share_a_wire_with_all_reduces_take_longer_than_the_formula():
    settings = replace(ALGORITHMS["tensor-pipeline"].defaults, ranks=4, tp=2)
    measured, formula = _measured_and_formula("tensor-pipeline", settings, SLOW)
    assert formula < measured < 1.05 * formula


def test_one_stage_of_several_ranks_is_tensor_parallel():
    settings = Settings(ranks=2, tp=2, batch=4, micro_batches=1)
    measured, formula = _measured_and_formula("tensor-pipeline", settings, SLOW)
    assert measured == pytest.approx(formula, rel=1e-9)
    alone, _ = _measured_and_formula("tensor-parallel", settings, SLOW)
    assert measured - alone == pytest.approx(2 * (10e-3 + 24 / 12.5e6), rel=1e-6)


@pytest.mark.parametrize("name", ALGORITHMS.names())
def test_every_algorithm_says_what_it_is(name):
    algorithm = ALGORITHMS[name]
    assert algorithm.name == name
    assert algorithm.label and algorithm.text.endswith(".")
    assert "ranks" in algorithm.uses
    assert set(algorithm.uses) <= set(Settings.__dataclass_fields__)
    algorithm.check(algorithm.defaults)


@pytest.mark.parametrize(
    ("name", "changes", "field"),
    [
        ("tensor-parallel", {"ranks": 16}, "ranks"),
        ("tensor-parallel", {"model": "small mixture of experts"}, "model"),
        ("pipeline-parallel", {"ranks": 17}, "ranks"),
        ("pipeline-parallel", {"micro_batches": 9}, "micro_batches"),
        ("tensor-pipeline", {"ranks": 6, "tp": 4}, "tp"),
        ("voltage", {"tokens": 3}, "ranks"),
        ("expert-parallel", {"model": "Llama-3.2-1B"}, "model"),
        ("expert-parallel", {"batch": 2}, "ranks"),
    ],
)
def test_what_cannot_be_run_is_refused_beside_the_field_to_change(name, changes, field):
    with pytest.raises(ScenarioError) as refused:
        program_for(name, replace(ALGORITHMS[name].defaults, **changes))
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"ranks": 0}, "ranks"),
        ({"ranks": True}, "ranks"),
        ({"tokens": 2.5}, "tokens"),
        ({"layers": 10**6}, "layers"),
        ({"rate_per_s": float("nan")}, "rate_per_s"),
        ({"rate_per_s": float("inf")}, "rate_per_s"),
        ({"seed": -1}, "seed"),
        ({"model": "Lama-3.2-1B"}, "model"),
    ],
)
def test_settings_out_of_bounds_are_refused(changes, field):
    with pytest.raises(ScenarioError) as refused:
        Settings(**changes)
    assert refused.value.field == field


@pytest.mark.parametrize("name", ALGORITHMS.names())
def test_a_closed_form_needs_a_device_and_says_so(name):
    """A run without one is told by its timing what a GPU takes, which no formula knows."""
    settings = replace(ALGORITHMS[name].defaults, device=None)
    with pytest.raises(ScenarioError, match="name a device"):
        ALGORITHMS[name].formula.seconds(settings, SLOW)


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan"), float("inf")])
def test_a_device_has_a_speed(speed):
    with pytest.raises(ScenarioError, match="finite speed above 0"):
        Device(flops_per_s=speed, bytes_per_s=1e9)
    with pytest.raises(ScenarioError, match="finite speed above 0"):
        Device(flops_per_s=1e9, bytes_per_s=speed)


def test_without_a_device_the_timing_s_gpu_computes():
    settings = Settings(ranks=1, device=None, layers=2)
    gpu = gpu_catalog.gpu("NVIDIA H100")
    device = Device(flops_per_s=gpu.flops, bytes_per_s=gpu.bandwidth)
    run = simulate(program_for("voltage", settings), 1, timing=Declared(gpu="NVIDIA H100"))
    same = simulate(program_for("voltage", replace(settings, device=device)), 1)
    assert run.seconds == pytest.approx(same.seconds, rel=1e-9)


def test_an_unknown_model_gets_the_closest_name():
    with pytest.raises(ScenarioError, match=r"did you mean 'Llama-3\.2-1B'"):
        Settings(model="Lama-3.2-1B")


def test_models_of_the_catalog_are_known():
    shape = Settings(model="LLaMA-3.1-8B", layers=2).shape
    assert (shape.layers, shape.hidden, shape.kv_heads, shape.value_bytes) == (2, 4096, 8, 2)
