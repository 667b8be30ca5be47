"""The sentence about what bounds a configuration says what the critical path and real runs say."""

import re

import pytest
from hypothesis import assume, given, settings

import gpu_catalog
from simcore import Scenario, ScenarioError, run
from simcore.explain import Trial, bound_of, trials
from simcore.explain.numbers import percent
from simcore.explain.trials import SETTINGS, worth_saying
from simcore.pipelines.critical_path import PathKind
from tests.properties.test_random_scenarios import scenarios

ROOMY = {"prefill_gpu": "AMD Instinct MI300X", "decode_gpu": "AMD Instinct MI300X"}
# A scenario for each kind that can be the largest.
BOUND_BY = {
    PathKind.PREFILL_MEMORY: Scenario(),
    PathKind.PREFILL_COMPUTE: Scenario(chunk_tokens=512),
    PathKind.PIPELINE_FILL: Scenario(chunk_tokens=4096),
}


@pytest.mark.parametrize("kind", BOUND_BY)
def test_the_largest_part_of_the_critical_path_is_named_with_its_share(kind):
    result = run(BOUND_BY[kind])
    bound = bound_of(result, try_remedy=False)
    assert bound.kind is kind
    assert bound.share == result.critical_path.seconds("ttds")[kind] / result.metrics.ttds_s
    assert f"{100 * bound.share:.1f} % of TTDS" in bound.text
    assert (bound.tried, bound.remedy, bound.saved) == (False, None, 0.0)


def test_prefill_bound_by_memory_is_told_by_the_weights_of_a_chunk():
    """Ten of 80 layers of LLaMA-3.1-70B, 2 bytes a weight."""
    layer = 2 * 8192 * 64 * 128 + 2 * 8192 * 8 * 128 + 3 * 8192 * 28672
    streamed = f"{2 * 10 * layer / 1e9:.1f} GB of weights per chunk"
    assert streamed in bound_of(run(Scenario()), try_remedy=False).text


@pytest.mark.parametrize("cost_model", ["calibrated", "physical"])
def test_prefill_bound_by_compute_is_told_by_its_operations_their_rate_and_the_peak(cost_model):
    result = run(Scenario(chunk_tokens=512, cost_model=cost_model))
    text = bound_of(result, try_remedy=False).text
    rate = float(re.search(r"at (\d+) TFLOP/s", text)[1]) * 1e12
    costs = result.plan.prefill_costs[0]
    if cost_model == "physical":
        # A roofline computes at the peak.
        assert "at 989 TFLOP/s:" in text
    else:
        assert "TFLOP/s of 989 TFLOP/s:" in text
    assert min(costs.flop / costs.seconds) * 0.99 <= rate <= max(costs.flop / costs.seconds) * 1.01
    stated = float(re.search(r"computes ([\d.]+) TFLOP", text)[1]) * 1e12
    flop = result.plan.prefill_costs[0].flop
    assert flop.min() * 0.99 <= stated <= flop.max() * 1.01


@pytest.mark.parametrize("kind", BOUND_BY)
def test_the_remedy_is_a_real_run_and_the_best_of_those_tried(kind):
    result = run(BOUND_BY[kind])
    bound = bound_of(result)
    again = run(result.scenario.replace(**{bound.remedy.field: bound.remedy.value}))
    assert again.metrics.ttds_s == bound.remedy.ttds_s
    tried = list(trials(result, bound.kind))
    assert {trial.field for trial in tried} == {
        field for field, values in SETTINGS[kind] if list(values(result.scenario))
    }
    assert bound.remedy.ttds_s == min(trial.ttds_s for trial in tried)
    saved = 1 - again.metrics.ttds_s / result.metrics.ttds_s
    assert bound.text.endswith(f"{bound.remedy.label} would save {100 * saved:.1f} %.")


def test_a_remedy_that_saves_less_than_a_hundredth_is_none():
    bound = bound_of(run(Scenario(prompt_tokens=512)), try_remedy=False)
    barely = Trial(field="chunk_tokens", value=256, ttds_s=bound.ttds_s * 0.995)
    assert bound.after([barely]).remedy is None
    assert bound.after([barely]).text.endswith("; M 256 would not save 1 %.")
    assert bound.after([]).text.endswith("; nothing that could be tried acts on it.")
    others = [Trial(field="pp", value=pp, ttds_s=bound.ttds_s) for pp in (4, 16)]
    text = bound.after([barely, *others]).text
    assert text.endswith("; neither M 256 nor PP 4 or 16 would save 1 %.")
    enough = Trial(field="chunk_tokens", value=256, ttds_s=bound.ttds_s * 0.75)
    assert bound.after([barely, enough]).text.endswith("; M 256 would save 25.0 %.")


def test_a_pipeline_that_takes_long_to_fill_may_need_more_stages():
    """Of twice the stages each has half the layers: a chunk is through as soon, the last sooner."""
    result = run(Scenario(llm="Mixtral-8x22B", chunk_tokens=1024))
    bound = bound_of(result)
    assert bound.kind is PathKind.PIPELINE_FILL
    assert (bound.remedy.field, bound.remedy.value) == ("pp", 16)
    assert bound.saved > 0.1


def test_another_gpu_is_tried_only_where_no_setting_helps():
    """As many stages as layers, and the best M: only another GPU is left, and all compared are."""
    result = run(Scenario(chunk_tokens=288, pp=80))
    tried = list(trials(result, PathKind.PIPELINE_FILL))
    gpus = [trial for trial in tried if trial.field == "prefill_gpu"]
    options = set(gpu_catalog.COMPARED_GPUS) - {result.scenario.prefill_gpu}
    assert {trial.value for trial in gpus} == options
    bound = bound_of(result)
    assert bound.remedy in gpus
    assert all(not worth_saying(t.ttds_s, bound.ttds_s) for t in tried if t not in gpus)


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0 %"), (4e-4, "<0.1 %"), (5.1e-4, "0.1 %"), (0.10163, "10.2 %"), (1.0, "100.0 %")],
)
def test_shares_are_told_in_one_way(share, text):
    assert percent(share) == text


def test_no_trial_takes_more_events_than_allowed():
    result = run(Scenario(prompt_tokens=1024))
    limit = result.metrics.events
    few = list(trials(result, PathKind.PREFILL_MEMORY, max_events=limit))
    assert few
    for trial in few:
        changed = result.scenario.replace(**{trial.field: trial.value})
        assert run(changed).metrics.events <= limit
    assert not list(trials(result, PathKind.PREFILL_MEMORY, max_events=1))
    assert not list(trials(result, PathKind.PREFILL_MEMORY, time_limit_s=0.0))
    assert bound_of(result, time_limit_s=0.0).remedy is None


@pytest.mark.parametrize("llm", ["GPT-OSS-20B", "DeepSeek-V3"])
def test_trials_stay_within_what_the_model_allows(llm):
    result = run(Scenario(llm=llm, pp=20, prompt_tokens=700, chunk_tokens=300, **ROOMY))
    for kind in SETTINGS:
        for trial in trials(result, kind):
            assert trial.value != getattr(result.scenario, trial.field)


@given(scenarios())
@settings(max_examples=60)
def test_every_run_is_bounded_by_something_that_can_be_said(scenario):
    try:
        result = run(scenario, max_events=4000)
    except ScenarioError:
        assume(False)
    bound = bound_of(result, try_remedy=False)
    assert bound.kind in SETTINGS
    assert 0.2 <= bound.share <= 1.0  # the largest of five
    assert "\n" not in bound.text
    assert "nan" not in bound.text.split()


def test_more_nics_are_tried_where_waiting_is_not_the_most_of_it():
    shared = Scenario(
        llm="LLaMA-3.1-8B",
        prefill_gpu="NVIDIA B200",
        prompt_tokens=16384,
        chunk_tokens=512,
        pp=32,
    )
    result = run(shared)
    bound = bound_of(result)
    assert bound.kind is PathKind.PIPELINE_FILL
    assert bound.remedy.field == "prefill_nics"
    alone = run(shared.replace(prefill_nics=32))
    fields = {trial.field for trial in trials(alone, PathKind.PIPELINE_FILL)}
    assert "prefill_nics" not in fields
