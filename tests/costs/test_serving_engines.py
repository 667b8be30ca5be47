"""The engines that a scenario may name."""

import pytest

from simcore import Scenario, ScenarioError
from simcore.costs.constants import shipped
from simcore.costs.releases import ReleaseConstants, release_number
from simcore.costs.serving_engines import (
    KERNELS_ALONE,
    engine_name,
    engine_names,
    nearest_engine,
    serving_engine,
)
from simcore.errors import PdscopeError


@pytest.mark.parametrize("name", engine_names())
def test_an_engine_runs_as_engines_do_by_default(name):
    """With CUDA graphs and without speculation: other constants tell how it was told to run."""
    assert serving_engine(name).release.plain


def test_the_usual_engine_is_the_newest_calibrated_release_of_vllm():
    usual = serving_engine(Scenario().engine).release
    assert usual.engine == "vllm" and usual.calibrated
    known = shipped(ReleaseConstants, "releases").values()
    numbers = [
        release_number(version) or 0.0
        for release in known
        if release.engine == "vllm"
        for version in release.versions
    ]
    assert max(numbers) == release_number(usual.versions[0])
    assert engine_names()[0] == Scenario().engine


@pytest.mark.parametrize(
    "spelling", ["vLLM 0.19", "vllm-0.19", "VLLM 0.19", "vllm 0.19.0", "vllm_0.19"]
)
def test_spellings_of_an_engine(spelling):
    assert engine_name(spelling) == "vLLM 0.19"
    assert Scenario(engine=spelling) == Scenario()


def test_no_engine_is_an_engine_too():
    assert engine_names()[-1] == KERNELS_ALONE.engine
    assert Scenario(engine="none").engine == KERNELS_ALONE.engine


def test_an_unknown_engine_gets_the_nearest():
    assert engine_name("vLLM 0.1") is None
    assert nearest_engine("vLM 0.18") == "vLLM 0.18"
    with pytest.raises(ScenarioError, match=r"engine = 'vLM 0.18' is unknown; did you mean 'vLLM"):
        Scenario(engine="vLM 0.18")
    with pytest.raises(PdscopeError, match=r"unknown engine 'x'; use one of vLLM"):
        serving_engine("x")


def test_those_who_are_no_release_say_so():
    assert not serving_engine("another engine").release.calibrated
