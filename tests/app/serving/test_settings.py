"""What the rail of the Serving page sets, and what is wrong with it."""

import pytest

from app.serving.answer import answer_to
from app.serving.runs import ServingRuns
from app.serving.settings import (
    AGGREGATED,
    FIELDS,
    Settings,
    cluster_scenario,
    field_of,
    settings_of,
)
from simcore.errors import ScenarioError
from simcore.serving.replica import Role
from simcore.serving.scenario import ClusterScenario, FabricFields, aggregated


def test_the_page_opens_with_the_usual_cluster():
    found, usual = cluster_scenario(Settings()), ClusterScenario()
    assert found == usual.replace(fabric={})
    assert found.fabric == FabricFields()


def test_aggregated_are_the_same_gpus_with_other_roles():
    apart, together = (cluster_scenario(s) for s in (Settings(), Settings(arrangement=AGGREGATED)))
    same = aggregated(apart)
    assert [pool.role for pool in together.pools] == [Role.BOTH, Role.BOTH]
    for one, other in zip(together.pools, same.pools, strict=True):
        assert (one.gpu, one.tp, one.pp, one.replicas) == (
            *(other.gpu, other.tp, other.pp, other.replicas),
        )
    assert together.workload == same.workload


@pytest.mark.parametrize("name", FIELDS)
def test_what_a_control_cannot_hold_is_refused_at_it(name):
    with pytest.raises(ScenarioError) as error:
        settings_of({name: [1]})
    assert field_of(error.value.field) == name


def test_numbers_are_read_as_people_write_them():
    found = settings_of({"requests": "1 200", "rate": "4.50", "tp": "2"})
    assert (found.requests, found.rate, found.tp) == (1200, 4.5, 2)


@pytest.mark.parametrize(
    "values, field, part",
    [
        ({"tp": 3}, "tp", "does not divide the 64 attention heads"),
        ({"decode_tp": 3}, "decode_tp", "does not divide"),
        ({"tp": 1}, "tp", "need 142.8 GB of 77.0 GB"),
        ({"decode_tp": 1}, "decode_tp", "need 142.8 GB of 77.0 GB"),
        ({"arrangement": AGGREGATED, "decode_tp": 1}, "decode_tp", "need"),
        ({"replicas": 32, "tp": 16}, "replicas", "GPUs are more than the 256"),
        ({"rate": 0}, "rate", "Arrival rate = 0 is out of range"),
        ({"nonsense": 1}, None, "a field that the page does not have"),
    ],
)
def test_what_cannot_be_run_is_told_at_the_control_to_blame(values, field, part):
    answer = answer_to({"seq": 3, "values": values, "scheme": "dark"}, ServingRuns())
    assert answer["seq"] == 3
    assert answer["wrong"]["field"] == field
    assert part in answer["wrong"]["message"] or part.capitalize() in answer["wrong"]["message"]
    assert "pools[" not in answer["wrong"]["message"]
