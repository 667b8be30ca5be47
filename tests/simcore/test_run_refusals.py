"""What a run refuses, and the way out that it names."""

import pickle

import pytest

import simcore
from simcore import (
    DoesNotFit,
    PdscopeError,
    Scenario,
    ScenarioError,
    memory_of,
    predicted_events,
    run,
)
from simcore.remedies import told_together


def test_the_default_scenario_has_the_2454_events_of_the_specification_s():
    assert predicted_events(Scenario()) == 2454
    assert run(Scenario()).metrics.events == 2454
    # 64 chunks: 8 passes, 8 handoffs, 7 activations; a step: 8 passes, 7 transfers.
    assert 64 * (8 + 2 * 8 + 2 * 7) + (8 + 2 * 7) == 2454


def test_a_run_that_would_take_too_long_is_refused_beforehand_naming_the_field():
    with pytest.raises(
        ScenarioError, match="2,454 events, more than 2,453; raise chunk_tokens"
    ) as e:
        run(Scenario(), max_events=2453)
    assert e.value.field == "chunk_tokens"
    assert run(Scenario(), max_events=2454).metrics.events == 2454
    with pytest.raises(ScenarioError, match="lower output_tokens") as e:
        run(Scenario(output_tokens=8192), max_events=10_000)
    assert e.value.field == "output_tokens"


def test_a_run_that_takes_longer_than_it_may_is_ended_naming_the_field():
    with pytest.raises(
        ScenarioError, match=r"2,454 events takes longer than the 0 s.*raise chunk_tokens"
    ) as e:
        run(Scenario(), time_limit_s=0)
    assert e.value.field == "chunk_tokens"
    with pytest.raises(ScenarioError, match="lower output_tokens") as e:
        run(Scenario(output_tokens=1000), time_limit_s=0)
    assert e.value.field == "output_tokens"
    assert run(Scenario(), time_limit_s=60).trace.equals(run(Scenario()).trace)
    for wrong in (-1, float("nan")):
        with pytest.raises(ScenarioError, match="is no limit; give seconds"):
            run(Scenario(), time_limit_s=wrong)


def test_a_pool_that_does_not_fit_is_refused_with_need_limit_and_remedies():
    # 141 GB of weights over two stages and 23.5 GB of KV cache over two: 82 of 81.2 GB.
    scenario = Scenario(pp=2, batch_size=9)
    with pytest.raises(DoesNotFit) as caught:
        run(scenario)
    error = caught.value
    memory = memory_of(scenario)[0]
    assert (error.pool, error.field) == ("prefill", "pp")
    assert (error.need, error.limit) == (memory.need, memory.limit)
    assert set(error.remedies) == {"pp", "tp", "batch_size", "prompt_tokens"}
    assert (error.remedies["pp"], error.remedies["tp"]) == (3, 2)
    text = str(error)
    assert "the prefill pool does not fit: NVIDIA H100 stage 0 needs" in text
    assert "pp = 3" in text
    for field, value in error.remedies.items():
        assert run(scenario.replace(**{field: value})).metrics.ttds_s > 0


def test_a_remedy_has_room_on_the_topology():
    # 189 GiB of weights on a GPU of 80: it takes more GPUs than a machine of eight has.
    large = Scenario(
        llm="LLaMA-3.1-405B",
        decode_gpu="NVIDIA H100",
        topology="hgx-rail",
        placement="same node",
        tp=2,
        pp=2,
    )
    with pytest.raises(DoesNotFit, match="with both pools same node has no room; choose") as caught:
        run(large)
    assert caught.value.remedies == {}
    assert "it would with pp = 6 or tp = 8, but" in str(caught.value)
    with pytest.raises(DoesNotFit) as caught:
        run(large.replace(placement="across"))
    assert caught.value.remedies["pp"] == 6
    # Of fewer GPUs there is room for some.
    small = large.replace(llm="LLaMA-3.1-70B", tp=1, pp=1)
    with pytest.raises(DoesNotFit) as caught:
        run(small)
    for change in told_together(caught.value.remedies):
        assert run(small.replace(**change)).metrics.ttds_s > 0


def test_the_decode_pool_is_refused_at_its_own_stages():
    with pytest.raises(DoesNotFit) as caught:
        run(Scenario(decode_pp=1))
    assert (caught.value.pool, caught.value.field) == ("decode", "decode_pp")
    # More prefill stages do not help a decode pool with stages of its own.
    assert set(caught.value.remedies) == {"decode_pp", "tp"}
    with pytest.raises(DoesNotFit) as caught:
        run(Scenario(decode_pp=1, decode_tp=1))
    assert caught.value.remedies == {"decode_pp": 2, "decode_tp": 2}


def test_where_nothing_alone_helps_it_says_so():
    with pytest.raises(DoesNotFit, match="no PP, TP, N or T alone helps") as caught:
        run(Scenario(llm="LLaMA-3.1-405B", pp=1, decode_pp=1, vram_limit_ratio=0.01))
    assert caught.value.remedies == {}


def test_memory_can_be_asked_for_whether_it_fits_or_not():
    prefill, decode = memory_of(Scenario(pp=1))
    assert (prefill.pool, decode.pool) == ("prefill", "decode")
    assert not prefill.fits
    assert prefill.need == prefill.weights + prefill.kv > prefill.limit


@pytest.mark.parametrize("bad", [{"decode_pp": 1}, {"pp": 100}])
def test_refusals_survive_the_way_between_processes(bad):
    with pytest.raises(ScenarioError) as caught:
        run(Scenario(**bad))
    error = caught.value
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


def test_every_refusal_can_be_caught_as_one():
    assert issubclass(DoesNotFit, ScenarioError)
    assert issubclass(ScenarioError, PdscopeError)
    assert issubclass(simcore.LimitReached, PdscopeError)


@pytest.mark.parametrize("name", simcore.__all__)
def test_what_the_package_offers_is_there(name):
    assert getattr(simcore, name) is not None


def test_the_specification_s_names_are_offered():
    assert {
        "CommChannel", "DataBatch", "ComputeJob", "SimulatedSystem", "SilentSystem",
        "CommNetworkSimulator", "DisaggregatedPDSystemPP", "Scenario", "run", "sweep",
    } <= set(simcore.__all__)  # fmt: skip


def test_two_pools_that_are_both_too_small_are_told_what_fits_both():
    """70B weighs 131.4 GiB: two stages hold it, or two GPUs of one stage, in either pool."""
    scenario = Scenario(pp=1, decode_pp=1, tp=1, decode_tp=1)
    told = r"it fits with pp = 2 and decode_pp = 2 or tp = 2 and decode_tp = 2$"
    with pytest.raises(DoesNotFit, match=told) as caught:
        run(scenario)
    assert caught.value.remedies == {"pp": 2, "decode_pp": 2, "tp": 2, "decode_tp": 2}
    changes = told_together(caught.value.remedies)
    assert changes == [{"pp": 2, "decode_pp": 2}, {"tp": 2, "decode_tp": 2}]
    for change in changes:
        assert all(pool.fits for pool in memory_of(scenario.replace(**change)))


def test_the_change_that_needs_the_fewest_gpus_is_named_first():
    """One more stage of eight GPUs, or sixteen GPUs in each of two stages in place of eight."""
    scenario = Scenario(llm="LLaMA-3.1-405B", prefill_gpu="NVIDIA H100", decode_gpu="NVIDIA H200",
                        tp=4, pp=2)  # fmt: skip
    with pytest.raises(DoesNotFit) as caught:
        run(scenario)
    assert list(caught.value.remedies)[:2] == ["pp", "tp"]
    assert caught.value.remedies["pp"] == 3 and caught.value.remedies["tp"] == 8


def test_micro_batches_stay_equal_when_there_are_fewer_requests():
    scenario = Scenario(pp=2, batch_size=12, decode_microbatches=4)
    with pytest.raises(DoesNotFit) as caught:
        run(scenario)
    fewer = caught.value.remedies["batch_size"]
    assert fewer % 4 == 0
    assert all(pool.fits for pool in memory_of(scenario.replace(batch_size=fewer)))
    assert not all(pool.fits for pool in memory_of(scenario.replace(batch_size=fewer + 4)))


def test_buffers_need_memory_only_where_the_reserve_does_not_hold_them():
    small = memory_of(Scenario())[0]
    assert 0 < small.buffers < small.reserve
    assert (small.excess, small.need) == (0, small.weights + small.kv)
    large = memory_of(Scenario(batch_size=32, chunk_tokens=8192, prompt_tokens=8192))[0]
    assert large.buffers > large.reserve == large.capacity - large.limit
    assert large.need == large.weights + large.kv + large.buffers - large.reserve
    with pytest.raises(DoesNotFit, match="activations and buffers beyond the reserve"):
        run(Scenario(batch_size=32, chunk_tokens=8192, prompt_tokens=8192, pp=4))


def test_layer_groups_without_end_are_refused_before_they_are_planned():
    scenario = Scenario(
        llm="Mistral-Small-24B", pp=1, prompt_tokens=2**19, chunk_tokens=8, handoff_layers=1,
        handoff="per layer group", prefill_gpu="NVIDIA B200", decode_gpu="NVIDIA B200",
    )  # fmt: skip
    with pytest.raises(ScenarioError, match=r"would take 7,[\d,]+ events") as refused:
        run(scenario)
    assert refused.value.field == "chunk_tokens"


@pytest.mark.parametrize("handoff", ["per layer group", "at the end"])
def test_reference_hands_over_after_every_chunk(handoff):
    with pytest.raises(ScenarioError, match="use 'per chunk', or other costs") as refused:
        run(Scenario(cost_model="reference", handoff=handoff))
    assert refused.value.field == "handoff"
