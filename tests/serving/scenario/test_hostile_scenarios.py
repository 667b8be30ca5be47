"""Whatever stands in a place: a scenario that goes there and back, or an error of one line."""

import copy
import math

import pytest
import yaml

from simcore.errors import PdscopeError
from simcore.serving.scenario import ClusterScenario, cluster_of
from tests.serving.scenario.test_cluster_scenario import FULL

JUNK = (
    *(None, True, 0, -1, 1, 3.5, 1e308, 2**70, math.nan, math.inf, "", "x", "a" * 500, b"x"),
    *([], {}, [1], [{}], [None], {"a": 1}, {None: 1}, "both", "round-robin", {"law": "poisson"}),
    *({"policy": "hpa"}, {"policy": 3}, {"policy": "weighted", "weights": {"prefix": []}}),
)


def places(value, at=()):
    """Every place in plain data but the whole."""
    children = value.items() if isinstance(value, dict) else ()
    children = enumerate(value) if isinstance(value, list) else children
    for key, child in children:
        yield (*at, key)
        yield from places(child, (*at, key))


def with_junk(values, place, junk):
    changed = copy.deepcopy(values)
    inner = changed
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = junk
    return changed


@pytest.mark.parametrize("junk", JUNK, ids=lambda junk: repr(junk)[:20])
def test_junk_is_refused_or_means_something(junk):
    values = yaml.safe_load(FULL)
    for place in places(values):
        try:
            scenario = ClusterScenario.from_dict(with_junk(values, place, junk))
            assert ClusterScenario.from_dict(scenario.to_dict()) == scenario
            if place[0] != "workload":
                cluster_of(scenario)
        except PdscopeError as error:
            assert "\n" not in str(error) and len(str(error)) < 2000
