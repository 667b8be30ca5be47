"""A folder is a registry: its modules, by the names they register."""

import pytest

from simcore import ScenarioError
from simcore.costs import COST_MODELS
from simcore.registry import Registry


def test_the_cost_models_are_those_of_their_folder():
    assert COST_MODELS.names() == ("calibrated", "physical", "reference")


def test_an_unknown_name_gets_the_closest_known_one():
    with pytest.raises(
        ScenarioError, match=r"unknown cost model 'phisical'; did you mean 'physical'"
    ):
        COST_MODELS["phisical"]
    with pytest.raises(
        ScenarioError, match=r"unknown cost model 'zzz'; use one of calibrated, phys"
    ):
        COST_MODELS["zzz"]


def test_a_name_stands_for_one_thing():
    registry = Registry("thing", "simcore.costs.models")
    registry.register("a")(int)
    with pytest.raises(ValueError, match="two entries of the thing registry are called 'a'"):
        registry.register("a")(str)
    assert registry["a"] is int
