"""Profiles name an algorithm of the registries for each collective."""

from dataclasses import fields

import pytest

from simcore.distributed import Virtual, simulate
from simcore.distributed.collectives import PROFILES
from simcore.errors import ScenarioError
from tests.distributed.collectives.running import REGISTRIES


def test_the_profiles_are_those_of_the_documentation():
    assert PROFILES.names() == ("gloo", "nccl-ring", "portable")


@pytest.mark.parametrize("name", PROFILES.names())
def test_a_profile_takes_its_algorithms_from_the_registries(name):
    profile = PROFILES[name]
    assert profile.name == name
    kinds = {field.name for field in fields(profile)} - {"name"}
    assert kinds == set(REGISTRIES)
    for kind in kinds:
        assert getattr(profile, kind) in REGISTRIES[kind].registered.values()


def test_a_run_takes_the_algorithms_of_the_profile_that_it_is_given():
    def program(comm):
        comm.broadcast(Virtual(10**6))

    seconds = {name: simulate(program, 8, profile=name).seconds for name in PROFILES.names()}
    assert len(set(seconds.values())) == 3


def test_an_unknown_profile_is_told_with_the_closest():
    with pytest.raises(ScenarioError, match="did you mean 'portable'"):
        simulate(lambda comm: None, 2, profile="portabel")
