"""A run may take so much processor time, and is partial where it would take more."""

import pytest

from simcore.serving.results import as_json, simulate
from simcore.serving.scenario import ClusterScenario, aggregated

TIMES = ("wall_s", "cpu_s")


def scenario(**changes):
    return ClusterScenario().replace(**changes).asking(requests=300)


def told(result):
    return {name: value for name, value in as_json(result).items() if name not in TIMES}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"bounds": {"until_s": 20.0}},
        {"faults": [{"pool": "decode", "replica": 0, "at_s": 5.0, "back_s": 9.0}]},
    ],
    ids=["to the end", "to a bound", "with a fault"],
)
def test_a_limit_that_is_not_reached_changes_nothing(changes):
    asked = scenario(**changes)
    without, within = simulate(asked), simulate(asked, time_limit_s=1e6)
    assert told(without) == told(within)
    for name in ("number", "ended_s", "ttft_s"):
        assert without.columns[name].tobytes() == within.columns[name].tobytes()


@pytest.mark.parametrize("of", [lambda s: s, aggregated], ids=["disaggregated", "aggregated"])
def test_out_of_time_there_is_what_there_is_and_nothing_vanishes(of):
    result = simulate(of(scenario()), time_limit_s=0.0)
    assert result.partial.startswith("0 s of work")
    ledger = result.ledger
    assert 0 < ledger["in_flight"] < ledger["arrived"] < 300
    assert ledger["arrived"] == sum(ledger[n] for n in ledger if n != "arrived")
    assert ledger["completed"] == len(result.columns["status"])
