"""Planning of many GPUs ends in time, and says what to do."""

import pytest

from simcore import Scenario, ScenarioError, run

MANY = Scenario(
    pp=4, tp=16, topology="hgx-rail", decode_gpu="NVIDIA H200", prompt_tokens=1024, chunk_tokens=256
)


def test_a_machine_that_takes_too_long_to_plan_is_refused_with_a_remedy():
    with pytest.raises(ScenarioError, match=r"to plan what 128 GPUs .*; lower tp or pp") as refused:
        run(MANY, time_limit_s=0.0)
    assert refused.value.field == "tp"


def test_a_limit_that_is_not_reached_changes_nothing():
    assert run(MANY, time_limit_s=600.0).trace.equals(run(MANY).trace)
