"""Degrees that cannot be run are refused with the field and what can."""

import pytest

import gpu_catalog
from simcore import Scenario, ScenarioError
from simcore.costs import COST_MODELS
from simcore.costs.degrees import divisors, tp_degrees
from simcore.run import cost_model_of

SPARSE = {"llm": "Mixtral-8x22B", "pp": 7}

REFUSED = [
    ({"tp": 3}, "tp", "does not divide the 64 attention heads", "use one of 1, 2, 4, 8, 16, 32"),
    ({"decode_tp": 128}, "decode_tp", "does not divide the 64 attention heads", "64"),
    ({"llm": "Qwen3-14B", "tp": 5}, "tp", "nor is a multiple", "use one of 1, 2, 4, 8, 40"),
    ({"ep": 2}, "ep", "EP needs a mixture of experts", "use ep = 1"),
    ({"decode_ep": 2}, "decode_ep", "EP needs a mixture of experts", "use decode_ep = 1"),
    ({"dp": 2}, "dp", "they would be replicas of it", "use dp = 1"),
    (SPARSE | {"tp": 4, "ep": 3}, "ep", "does not divide the 4 GPUs of a stage", "1, 2, 4"),
    (SPARSE | {"tp": 8, "dp": 2, "ep": 16}, "ep", "exceeds the 8 experts", "1, 2, 4, 8"),
    ({"layer_split": "40,40"}, "layer_split", "lists 2 stages, but pp is 8", "even split"),
    (
        {"pp": 2, "layer_split": "40,39"},
        "layer_split",
        "adds up to 79 layers, but LLaMA-3.1-70B has 80",
        "make it 80",
    ),
    (
        {"decode_pp": 3, "decode_layer_split": "30,30,30"},
        "decode_layer_split",
        "adds up to 90",
        "make it 80",
    ),
    ({"cp": 2}, "cp", "context parallelism is not modelled", "use cp = 1"),
    (
        {"batch_size": 12, "decode_microbatches": 5},
        "decode_microbatches",
        "does not divide the 12 requests",
        "use one of 1, 2, 3, 4, 6, 12",
    ),
]


@pytest.mark.parametrize("model", ["physical", "calibrated"])
@pytest.mark.parametrize(("changes", "field", "problem", "remedy"), REFUSED)
def test_what_cannot_be_run_is_refused_with_what_can(model, changes, field, problem, remedy):
    with pytest.raises(ScenarioError) as caught:
        cost_model_of(Scenario(cost_model=model, **changes))
    assert caught.value.field == field
    message = str(caught.value)
    assert message.startswith(field)
    assert problem in message and remedy in message


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"tp": 2}, "tp"),
        ({"decode_tp": 2}, "decode_tp"),
        ({"llm": "Mixtral-8x22B", "pp": 7, "tp": 2, "ep": 2}, "tp"),
        ({"layer_split": "10,10,10,10,10,10,10,10"}, "layer_split"),
        ({"decode_microbatches": 2, "batch_size": 2}, "decode_microbatches"),
        ({"cp": 2}, "cp"),
    ],
)
def test_the_reference_model_has_one_gpu_a_stage(changes, field):
    with pytest.raises(ScenarioError, match="choose the physical model") as caught:
        cost_model_of(Scenario(cost_model="reference", **changes))
    assert caught.value.field == field


@pytest.mark.parametrize("llm", gpu_catalog.llms(), ids=lambda llm: llm.name)
@pytest.mark.parametrize("model", [name for name in COST_MODELS.names() if name != "reference"])
def test_every_degree_that_is_named_can_be_run(llm, model):
    degrees = tp_degrees(llm)
    assert degrees[0] == 1 and degrees[-1] == llm.attention.query_heads
    for tp in degrees:
        costs = cost_model_of(Scenario(llm=llm.name, tp=tp, pp=2, decode_pp=2, cost_model=model))
        assert (costs.prefill_passes(1).seconds > 0).all()
        assert (costs.decode_passes(1).seconds > 0).all()


def test_divisors():
    assert divisors(12) == [1, 2, 3, 4, 6, 12]
    assert divisors(1) == [1]


def test_an_uneven_split_is_what_its_stages_hold():
    scenario = Scenario(pp=3, layer_split="20,50,10", cost_model="physical")
    uneven = cost_model_of(scenario)
    weights = [uneven.weight_bytes(scenario.prefill_pool, stage) for stage in range(3)]
    llm = gpu_catalog.llm("LLaMA-3.1-70B")
    table = llm.vocabulary * llm.hidden * 2
    assert (weights[0] - table) / 20 == pytest.approx(weights[1] / 50)
    assert (weights[2] - table) / 10 == pytest.approx(weights[1] / 50)
