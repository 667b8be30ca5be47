"""What ran before in a process leaves no trace in what runs after."""

import pytest

import gpu_catalog
from simcore import Scenario, run
from simcore.engine import execute
from simcore.engine.crowd import Crowd
from simcore.machine import _fabric

UNEVEN = Scenario(pp=7, decode_pp=3, batch_size=16, prompt_tokens=2000, chunk_tokens=90)
# Handoffs queue up, so that rates come to be kept by bottleneck, as soon in a run that finds what
# others remembered as in one that does not.
QUEUEING = Scenario(pp=32, decode_pp=20, batch_size=20, prompt_tokens=4096, chunk_tokens=32)
# Hardly a state comes back, with the same effect.
RESTLESS = Scenario(
    pp=24, batch_size=100, prompt_tokens=2000, chunk_tokens=30, cost_model="reference"
)


def result_and_routes(scenario):
    result = run(scenario)
    paths = result.graph.routes.paths
    return result.trace.to_csv(), [[channel.name for channel in path] for path in paths]


@pytest.mark.parametrize("scenario", [UNEVEN, QUEUEING, RESTLESS])
def test_a_result_does_not_depend_on_earlier_runs(scenario):
    """Nor do the numbers of its routes, by which ties break and sums are ordered."""
    _fabric.cache_clear()
    alone = result_and_routes(scenario)
    _fabric.cache_clear()
    for llm in ("GPT-OSS-20B", "Mistral-Small-24B", "Qwen2.5-72B"):
        if scenario.pp <= gpu_catalog.llm(llm).layers:
            run(scenario.replace(llm=llm))
    run(scenario.replace(batch_size=3, chunk_tokens=64))
    assert result_and_routes(scenario) == alone
    assert result_and_routes(scenario) == alone


@pytest.mark.parametrize("scenario", [QUEUEING, RESTLESS])
def test_the_two_above_do_come_to_keep_rates_by_bottleneck(scenario, monkeypatch):
    crowds = []

    def counted(*arguments):
        crowds.append(Crowd(*arguments))
        return crowds[-1]

    monkeypatch.setattr(execute, "Crowd", counted)
    run(scenario)
    assert len(crowds) == 1
