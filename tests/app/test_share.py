"""A scenario is the page's address."""

import pytest

from app.share import query_of, scenario_of
from simcore import Scenario, ScenarioError


@pytest.mark.parametrize(
    "scenario",
    [
        Scenario(),
        Scenario(pp=4, decode_pp=6, vram_limit_ratio=0.9, prompt_tokens=4096),
        Scenario(llm="Mixtral-8x22B", prefill_gpu="NVIDIA H200", cost_model="reference"),
    ],
)
def test_there_and_back(scenario):
    assert scenario_of(query_of(scenario)) == scenario


def test_what_is_usual_is_not_said():
    assert query_of(Scenario()) == ""
    assert query_of(Scenario(pp=4)) == "pp=4"


@pytest.mark.parametrize(
    "query", ["pp=0", "pp=x", "pp=", "nothing=1", "llm=%00", "pp=1e400", "x" * 3000, "a&" * 40]
)
def test_an_address_that_names_no_scenario_is_refused(query):
    with pytest.raises(ScenarioError):
        scenario_of(query)
