"""Collectives as one job for each pass and as flows, and transfers alike as one."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from simcore import DoesNotFit, Scenario, ScenarioError, run
from simcore.collectives import ALGORITHMS, AUTO
from simcore.costs.plan import CollectiveForm
from simcore.pipelines import choosing, exchanges
from simcore.pipelines.collectives_used import Why
from simcore.topologies import TOPOLOGIES
from tests.pipelines.planned import ROOMY, metrics_of, planned, times

AGGREGATED, FLOWS = CollectiveForm.AGGREGATED, CollectiveForm.FLOWS
# A single stage in each pool hands over at the end: nothing is on the wires while GPUs exchange.
CALM = {
    "llm": "Mistral-Small-24B", "pp": 1, "tp": 4, "prompt_tokens": 700, "chunk_tokens": 200,
    "output_tokens": 2, "handoff": "at the end",
}  # fmt: skip
BUSY = {
    "llm": "Mistral-Small-24B", "pp": 2, "tp": 4, "batch_size": 8, "prompt_tokens": 3000,
    "chunk_tokens": 500, "cost_model": "physical",
}  # fmt: skip
MIXED = {"llm": "Mixtral-8x7B", "dp": 2, "tp": 2, "ep": 4, "batch_size": 4}


GPUS = {
    "mi300x": "AMD Instinct MI300X",
    "nvl72": "NVIDIA GB200",
    "pcie-host": "NVIDIA RTX PRO 6000",
    "pcie-p2p": "NVIDIA RTX PRO 6000",
}


def scenario_on(topology, **fields):
    """With GPUs that such machines have."""
    gpu = GPUS.get(topology, "NVIDIA H200")
    return Scenario(topology=topology, prefill_gpu=gpu, decode_gpu=gpu, **fields)


@pytest.mark.parametrize("cost_model", ["physical", "calibrated"])
@pytest.mark.parametrize("topology", TOPOLOGIES.names())
def test_both_forms_take_the_same_where_nothing_else_is_on_the_wires(topology, cost_model):
    scenario = scenario_on(topology, cost_model=cost_model, **CALM)
    one = metrics_of(scenario, collectives=AGGREGATED)
    assert times(metrics_of(scenario, collectives=FLOWS)) == pytest.approx(times(one), rel=1e-9)


@pytest.mark.parametrize("all_reduce", (AUTO, *ALGORITHMS.names()))
@pytest.mark.parametrize("tp", [2, 8])
def test_that_holds_for_every_algorithm(all_reduce, tp):
    scenario = scenario_on("hgx-rail", **CALM | {"tp": tp, "all_reduce": all_reduce})
    one = metrics_of(scenario, collectives=AGGREGATED)
    assert times(metrics_of(scenario, collectives=FLOWS)) == pytest.approx(times(one), rel=1e-9)


@pytest.mark.parametrize("routing", ["balanced", "power law"])
@pytest.mark.parametrize("topology", ["hgx-rail", "reference"])
def test_that_holds_for_experts_spread_over_attention_groups(topology, routing):
    scenario = scenario_on(topology, routing=routing, **CALM | MIXED)
    used = planned(scenario, collectives=FLOWS)[0].collectives
    assert {kind for _, kind, _ in used.algorithms} >= {"alltoall"}
    one = metrics_of(scenario, collectives=AGGREGATED)
    assert times(metrics_of(scenario, collectives=FLOWS)) == pytest.approx(times(one), rel=1e-9)


def test_flows_that_meet_others_take_longer():
    scenario = scenario_on("reference", **BUSY)
    one = metrics_of(scenario, collectives=AGGREGATED)
    flows = metrics_of(scenario, collectives=FLOWS)
    assert flows.ttds_s > one.ttds_s * 1.001


@st.composite
def scenarios(draw):
    """Of few events, on machines of all kinds."""
    topology = draw(st.sampled_from(TOPOLOGIES.names()))
    tp, decode_tp = draw(st.sampled_from([1, 2, 4])), draw(st.sampled_from([1, 2, 4, 8]))
    return {
        "topology": topology,
        "llm": draw(st.sampled_from(["Mistral-Small-24B", "GPT-OSS-20B"])),
        "cost_model": draw(st.sampled_from(["physical", "calibrated"])),
        "tp": tp,
        "decode_tp": decode_tp,
        "pp": draw(st.integers(1, 3)),
        "decode_pp": draw(st.integers(1, 3)),
        "prefill_nics": draw(st.sampled_from([1, 2, 3, 8])),
        "nic_mapping": draw(st.sampled_from(["modulo", "nearest", "striped"])),
        "placement": draw(st.sampled_from(["same node", "same rack", "across"])),
        "batch_size": draw(st.sampled_from([1, 4])),
        "prompt_tokens": draw(st.integers(1, 2000)),
        "chunk_tokens": draw(st.integers(400, 900)),
        "output_tokens": draw(st.integers(1, 3)),
        "handoff": draw(st.sampled_from(["per chunk", "per layer group", "at the end"])),
        "handoff_layers": draw(st.sampled_from([3, 8])),
        "handoff_by": draw(st.sampled_from(["push", "pull"])),
        "collectives": draw(st.sampled_from(["aggregated", "auto"])),
    }


@given(scenarios())
@settings(max_examples=40, deadline=None)
def test_transfers_alike_take_as_one_what_they_take_one_by_one(fields):
    """Contended or not: the bundles are found by what shares which channel."""
    try:
        scenario = scenario_on(**fields)
        bundles = metrics_of(scenario)
        single = metrics_of(scenario, one_by_one=True)
    except (DoesNotFit, ScenarioError):
        assume(False)
    if planned(scenario)[0].collectives != planned(scenario, one_by_one=True)[0].collectives:
        # One by one they may be too many for flows.
        assume(False)
    assert times(bundles) == pytest.approx(times(single), rel=1e-9)
    assert bundles.events <= single.events
    for name in ("bytes", "utilisation"):
        ours, theirs = bundles.channel_use[name], single.channel_use[name]
        assert np.allclose(ours, theirs, rtol=1e-9, atol=1e-12), name


def test_the_choice_is_made_by_what_shares_a_wire():
    alone = run(scenario_on("hgx-rail", **BUSY | {"pp": 1, "prefill_nics": 8})).plan.collectives
    assert (alone.form, alone.why, alone.shared) == (AGGREGATED, Why.ALONE, None)
    lane = run(scenario_on("reference", **BUSY)).plan.collectives
    assert (lane.form, lane.why) == (FLOWS, Why.SHARED)
    assert lane.shared and lane.shared in lane.text
    # Many passes: as flows they would take minutes.
    long = scenario_on("reference", **BUSY | {"chunk_tokens": 2, "all_reduce": "ring"})
    many = planned(long)[0].collectives
    assert (many.form, many.why) == (AGGREGATED, Why.TOO_MANY)
    assert many.shared in many.text


@pytest.mark.parametrize("form", [AGGREGATED, FLOWS])
def test_what_is_asked_for_is_done(form):
    used = run(scenario_on("reference", collectives=form.value, **BUSY)).plan.collectives
    assert (used.form, used.why) == (form, Why.ASKED)


def test_several_collectives_in_one_take_as_long_alone(monkeypatch):
    scenario = scenario_on("hgx-rail", **CALM)
    usual = metrics_of(scenario, collectives=FLOWS)
    monkeypatch.setattr(choosing, "MOST_ONE_BY_ONE", 0)
    monkeypatch.setattr(choosing, "MOST_ASKED_FOR", usual.events // 10)
    plan, _ = planned(scenario, collectives=FLOWS)
    assert plan.collectives.merged > 3
    merged = metrics_of(scenario, collectives=FLOWS)
    assert merged.events < usual.events / 3
    assert times(merged) == pytest.approx(times(usual), rel=1e-9)


def test_single_gpus_have_no_collectives():
    assert run(Scenario(**ROOMY)).plan.collectives is None


def test_an_algorithm_that_needs_a_switch_is_refused_without_one():
    with pytest.raises(ScenarioError, match=r"'in-network': no switch .* use auto, ring") as raised:
        run(scenario_on("reference", all_reduce="in-network", **BUSY))
    assert raised.value.field == "all_reduce"


def test_the_fastest_algorithm_depends_on_the_size():
    names = set()
    for tokens in (1, 4000):
        fields = CALM | {"prompt_tokens": tokens, "chunk_tokens": tokens}
        plan, _ = planned(scenario_on("reference", **fields))
        names |= {name for pool, kind, name in plan.collectives.algorithms
                  if pool == "prefill" and kind == "all_reduce"}  # fmt: skip
    assert names == {"one-shot", "ring"} or names == {"one-shot", "halving-doubling"}


WIDE = {"llm": "DeepSeek-V3", "tp": 1, "dp": 256, "ep": 256, "pp": 1, "batch_size": 256,
        "prompt_tokens": 64, "chunk_tokens": 64}  # fmt: skip


@pytest.mark.parametrize("cost_model", ["physical", "calibrated"])
def test_hundreds_of_gpus_from_each_to_each_are_told_by_their_ports(cost_model):
    scenario = scenario_on("hgx-rail", cost_model=cost_model, **WIDE)
    used = run(scenario).plan.collectives
    assert (used.form, used.why) == (AGGREGATED, Why.TOO_MANY)
    with pytest.raises(ScenarioError, match="messages at a time; use 'aggregated'") as raised:
        run(scenario.replace(collectives="flows"))
    assert raised.value.field == "collectives"


def test_ports_tell_what_the_sends_do(monkeypatch):
    scenario = scenario_on("hgx-rail", cost_model="physical", **WIDE | {"dp": 16, "ep": 16})
    listed = metrics_of(scenario, collectives=AGGREGATED)
    monkeypatch.setattr(exchanges, "MOST_SENDS", 0)
    assert times(metrics_of(scenario, collectives=AGGREGATED)) == pytest.approx(
        times(listed), rel=0.05
    )


def test_one_shot_among_hundreds_is_refused_if_named():
    scenario = scenario_on("nvl72", **CALM | {"llm": "LLaMA-3.1-70B", "tp": 64, "pp": 16})
    scenario = scenario.replace(all_reduce="one-shot", prompt_tokens=64)
    with pytest.raises(ScenarioError, match="'one-shot': from each to each") as raised:
        run(scenario)
    assert raised.value.field == "all_reduce"


def test_flows_without_end_are_refused_before_they_are_listed():
    endless = {"pp": 4, "chunk_tokens": 1, "prompt_tokens": 100_000, "all_reduce": "ring"}
    scenario = scenario_on("reference", **BUSY | endless)
    with pytest.raises(ScenarioError, match=r"these would be [\d,]+ events; use 'agg") as raised:
        planned(scenario, collectives=FLOWS)
    assert raised.value.field == "collectives"
