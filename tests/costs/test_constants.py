"""Constants: written and read again, refused where wrong, a relative's where there are none."""

import pytest

import gpu_catalog
from simcore.costs.constants import (
    FabricConstants,
    GpuConstants,
    from_table,
    read_file,
    shipped,
    to_table,
    toml_text,
)
from simcore.costs.engines import EngineConstants, engine_of
from simcore.costs.hardware import chip_of, fabric_of, kernels_of, relative_of
from simcore.costs.operators.transfer import TransferConstants
from simcore.errors import PdscopeError

KINDS = {
    "gpus": GpuConstants,
    "fabrics": FabricConstants,
    "steps": EngineConstants,
    "transfers": TransferConstants,
}


def every_shipped():
    return [(kind, name) for kind, cls in KINDS.items() for name in shipped(cls, kind)]


@pytest.mark.parametrize(("kind", "name"), every_shipped())
def test_shipped_constants_say_what_they_were_fitted_to(kind, name):
    provenance = shipped(KINDS[kind], kind)[name].provenance
    assert provenance.measurements and provenance.rows > 0
    assert provenance.fitted.count("-") == 2
    assert all(0 <= error < 1.5 for error in provenance.error.values())


@pytest.mark.parametrize(("kind", "name"), every_shipped())
def test_what_is_written_is_read_again(kind, name, tmp_path):
    constants = shipped(KINDS[kind], kind)[name]
    path = tmp_path / "constants.toml"
    path.write_text(toml_text(constants, head="two\nlines"), encoding="utf-8")
    again = read_file(KINDS[kind], path)
    assert toml_text(again) == toml_text(constants)
    assert from_table(KINDS[kind], to_table(constants), "here") == constants


@pytest.mark.parametrize("gpu", gpu_catalog.gpus(), ids=lambda gpu: gpu.name)
def test_every_gpu_has_constants_or_those_of_a_relative(gpu):
    constants = kernels_of(gpu)
    assert constants.gpu == gpu.name
    own = {each.gpu for each in shipped(GpuConstants, "gpus").values()}
    assert constants.calibrated == (gpu.name in own)
    assert relative_of(gpu) in own
    assert chip_of(gpu, constants).multiprocessors >= 1
    if gpu.fabric or gpu.pcie:
        assert fabric_of(gpu).bandwidth > 0


def test_a_relative_s_multiprocessors_go_with_its_peak():
    h20 = gpu_catalog.gpu("NVIDIA H20-3e")
    h100 = gpu_catalog.gpu("NVIDIA H100")
    share = kernels_of(h20).multiprocessors / kernels_of(h100).multiprocessors
    assert share == pytest.approx(h20.flops / h100.flops, rel=0.05)


def test_engines_are_found_by_name_release_and_gpu():
    found = engine_of("vllm(2023)", "unknown", "NVIDIA H100")
    assert found.gpus == ("NVIDIA H100",)
    assert engine_of("vLLM(2023)", "unknown", "NVIDIA L4") is None
    assert engine_of("nothing", None, "NVIDIA H100") is None


def broken(change):
    table = to_table(next(iter(shipped(TransferConstants, "transfers").values())))
    change(table)
    return table


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.pop("share"), r"mine\.share is missing"),
        (lambda t: t.update(shares=1), r"mine\.shares: unknown key"),
        (lambda t: t.update(share="much"), r"mine\.share = 'much'; use a number from 0 up"),
        (lambda t: t.update(share=-1), r"mine\.share = -1"),
        (lambda t: t.update(share=float("nan")), r"mine\.share = nan"),
        (lambda t: t.update(share=True), r"mine\.share = True"),
        (lambda t: t.update(links="one"), r"mine\.links = 'one'; use a list"),
        (lambda t: t.update(provenance=3), r"mine\.provenance: use a table"),
    ],
)
def test_broken_constants_are_refused(change, message):
    with pytest.raises(PdscopeError, match=message):
        from_table(TransferConstants, broken(change), "mine")


def test_a_file_that_is_no_toml_is_named(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("share = ", encoding="utf-8")
    with pytest.raises(PdscopeError, match=r"mine\.toml: this is not TOML"):
        read_file(GpuConstants, path)
    with pytest.raises(PdscopeError, match=r"none\.toml: cannot be read"):
        read_file(GpuConstants, tmp_path / "none.toml")
