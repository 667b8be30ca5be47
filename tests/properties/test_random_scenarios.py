"""Random scenarios never crash: each runs and obeys every law, or is refused with a reason."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import gpu_catalog
from simcore import DoesNotFit, Scenario, ScenarioError, memory_of, run
from simcore.costs import COST_MODELS
from simcore.costs.degrees import tp_degrees
from simcore.costs.serving_engines import engine_names
from simcore.remedies import told_together
from tests.contracts.laws import assert_lawful

LLMS = tuple(llm.name for llm in gpu_catalog.llms())
GPUS = tuple(gpu.name for gpu in gpu_catalog.gpus())
# The specification knows these alone.
KNOWN_LLMS = tuple(llm.name for llm in gpu_catalog.llms() if llm.reference)
KNOWN_GPUS = tuple(gpu.name for gpu in gpu_catalog.gpus() if gpu.reference)
MOST_EVENTS = 8_000

SIZES = st.integers(1, 600) | st.sampled_from([1, 2, 127, 128, 129, 1024])


@st.composite
def scenarios(draw):
    cost_model = draw(st.sampled_from(COST_MODELS.names()))
    reference = cost_model == "reference"
    gpus = st.sampled_from(KNOWN_GPUS if reference else GPUS)
    llm = draw(st.sampled_from(KNOWN_LLMS if reference else LLMS))
    stages = st.integers(1, gpu_catalog.llm(llm).layers) | st.integers(4, 16)
    return Scenario(
        llm=llm,
        prefill_gpu=draw(gpus),
        decode_gpu=draw(gpus),
        pp=draw(stages),
        decode_pp=draw(st.none() | stages),
        batch_size=draw(st.integers(1, 40)),
        prompt_tokens=draw(SIZES | st.integers(1, 20_000)),
        chunk_tokens=draw(SIZES),
        output_tokens=draw(st.integers(1, 5)),
        prefill_nics=draw(st.integers(1, 10)),
        vram_limit_ratio=draw(st.floats(0.3, 1.0)),
        cost_model=cost_model,
        engine=draw(st.sampled_from(engine_names())),
    )


@given(scenarios())
@settings(max_examples=200)
def test_a_scenario_runs_by_the_laws_or_is_refused_with_a_reason(scenario):
    try:
        result = run(scenario, max_events=MOST_EVENTS)
    except ScenarioError as error:
        assert error.field in scenario.to_dict()
        assert str(error)
        assert "\n" not in str(error)
    else:
        assert_lawful(result)


def nearer_value(scenario, field, value):
    """The value of a remedy's field before the one that it names."""
    if field.endswith("tp"):
        degrees = tp_degrees(gpu_catalog.llm(scenario.llm))
        return degrees[degrees.index(value) - 1]
    # More stages, but fewer requests and tokens.
    return value + (-1 if field.endswith("pp") else 1)


@given(scenarios())
@settings(max_examples=150)
def test_each_remedy_fits_and_its_neighbour_does_not(scenario):
    assume(scenario.cost_model != "reference" or scenario.decode_stages == scenario.pp)
    assume(not all(pool.fits for pool in memory_of(scenario)))
    with pytest.raises(DoesNotFit) as caught:
        run(scenario, max_events=10**9)
    refused = caught.value
    # With a PP or TP in each pool, either one of them helps, or only both together.
    for change in told_together(refused.remedies):
        right = scenario.replace(**change)
        assert all(pool.fits for pool in memory_of(right)), change
        nearer = {field: nearer_value(scenario, field, value) for field, value in change.items()}
        pools = memory_of(scenario.replace(**nearer))
        assert not all(pool.fits for pool in pools), change
        assert " and ".join(f"{name} = {value:,}" for name, value in change.items()) in str(refused)
    assert {"pp", "decode_pp", "tp", "decode_tp", "batch_size", "prompt_tokens"} >= set(
        refused.remedies
    )
    assert refused.need > refused.limit


@pytest.mark.parametrize("name", COST_MODELS.names())
@pytest.mark.parametrize("llm", LLMS)
def test_the_far_ends_of_every_range_are_answered_at_once(name, llm):
    """A run that would take too long, or fits nowhere, is refused before any of it is done."""
    far = {
        "prompt_tokens": 2**20,
        "chunk_tokens": 1,
        "output_tokens": 8192,
        "batch_size": 4096,
        "pp": gpu_catalog.llm(llm).layers,
        "prefill_nics": 256,
    }
    base = Scenario(llm=llm, cost_model=name)
    for changes in ({field: value} for field, value in far.items()):
        try:
            run(base.replace(**changes), max_events=MOST_EVENTS)
        except ScenarioError as error:
            assert error.field
    with pytest.raises(ScenarioError):
        run(base.replace(**far))
