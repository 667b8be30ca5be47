"""The laws over stages of several GPUs, on every kind of machine, in every form of transfers."""

import numpy as np
import pytest

from simcore import Scenario, predicted_events, run
from simcore.costs.plan import HandoffIn
from simcore.engine.graph import COMPUTE
from simcore.run import cost_model_of
from tests.contracts import laws

H200 = {"prefill_gpu": "NVIDIA H200", "decode_gpu": "NVIDIA H200"}
MI300X = {"prefill_gpu": "AMD Instinct MI300X", "decode_gpu": "AMD Instinct MI300X"}
CARDS = {"prefill_gpu": "NVIDIA RTX PRO 6000", "decode_gpu": "NVIDIA RTX PRO 6000"}
SMALL = {"llm": "Mistral-Small-24B", "prompt_tokens": 900, "chunk_tokens": 250, "batch_size": 4}
SHAPES = {
    "rails": {**H200, **SMALL, "topology": "hgx-rail", "pp": 2, "tp": 4, "prefill_nics": 4},
    "one to eight": {**H200, **SMALL, "topology": "hgx-rail", "pp": 3, "decode_pp": 1,
                     "decode_tp": 8, "prefill_nics": 8},
    "eight to one": {**H200, **SMALL, "topology": "hgx-fat-tree", "pp": 1, "tp": 8,
                     "decode_pp": 4, "decode_tp": 1, "oversubscription": 2},
    "flows": {**H200, **SMALL, "topology": "reference", "pp": 2, "tp": 2, "collectives": "flows"},
    "flows in others' way": {**CARDS, **SMALL, "topology": "pcie-host", "pp": 2, "tp": 2},
    "layer groups": {**H200, **SMALL, "topology": "hgx-rail", "pp": 2, "tp": 2,
                     "handoff": "per layer group", "handoff_layers": 7},
    "layer groups, flows": {**CARDS, **SMALL, "topology": "pcie-p2p", "pp": 2, "tp": 2,
                            "handoff": "per layer group", "collectives": "flows"},
    "at the end, asked for": {**H200, **SMALL, "topology": "hgx-rail", "pp": 2, "tp": 2,
                              "handoff": "at the end", "handoff_by": "pull"},
    "striped": {**H200, **SMALL, "topology": "hgx-rail", "pp": 2, "tp": 2, "prefill_nics": 4,
                "nic_mapping": "striped"},
    "micro-batches": {**MI300X, **SMALL, "topology": "mi300x", "pp": 2, "tp": 2, "decode_pp": 4,
                      "decode_microbatches": 4, "output_tokens": 3},
    "experts": {**H200, **SMALL, "topology": "hgx-rail", "llm": "Mixtral-8x7B", "pp": 2, "tp": 2,
                "dp": 2, "ep": 4, "routing": "power law"},
    "latent": {**H200, **SMALL, "topology": "hgx-rail", "llm": "DeepSeek-V3", "pp": 4, "tp": 8,
               "decode_tp": 4, "decode_dp": 2, "decode_ep": 8, "prefill_nics": 8},
    "uneven layers": {**H200, **SMALL, "topology": "hgx-rail", "pp": 3, "tp": 2,
                      "layer_split": "20,15,5"},
}  # fmt: skip


@pytest.fixture(scope="module", params=SHAPES)
def result(request):
    return run(Scenario(**SHAPES[request.param]))


def test_a_task_starts_when_the_last_it_waits_for_has_ended(result):
    ready = np.zeros(len(result.graph))
    for task, following in enumerate(result.graph.successors):
        for after in following:
            ready[after] = max(ready[after], result.end_s[task])
    assert np.array_equal(result.start_s, ready)


def test_every_stage_does_all_of_each_pass_once(result):
    """Parts of passes, in order, take together what the pass costs."""
    s, costs, table = result.scenario, cost_model_of(result.scenario), result.trace
    for kind, passes_of, stages, keys, number in (
        ("prefill", costs.prefill_passes, s.pp, ["chunk"], s.workload.chunks),
        ("decode", costs.decode_passes, s.decode_stages, ["step", "microbatch"],
         s.output_tokens * s.decode_microbatches),
    ):  # fmt: skip
        rows = table[table.kind == kind]
        assert not rows.duplicated(["stage", *keys, "part"]).any()
        assert rows.stage.nunique() == stages
        for stage, of_stage in rows.groupby("stage"):
            passes = of_stage.groupby(keys)
            assert len(passes) == number
            took = (of_stage.end_s - of_stage.start_s).groupby(of_stage[keys[0]]).sum()
            cost = passes_of(stage).seconds * (s.decode_microbatches if kind == "decode" else 1)
            assert took.to_numpy() == pytest.approx(cost, rel=1e-9)
            for _, parts in passes:
                assert parts.sort_values("start_s").part.is_monotonic_increasing


def test_each_gpu_gets_the_kv_cache_that_it_will_hold_and_stages_all_activations(result):
    s, costs, table = result.scenario, cost_model_of(result.scenario), result.trace
    handed = table[table.kind == "handoff"].groupby(["stage", "to_stage"]).bytes.sum()
    for (stage, receiver), size in handed.items():
        shares = costs.handoff_shares(stage, receiver)
        assert size == pytest.approx(sum(float(each.bytes.sum()) for each in shares), rel=1e-9)
    expected = sum(
        bool(costs.handoff_shares(stage, receiver))
        for stage in range(s.pp)
        for receiver in range(s.decode_stages)
    )
    assert len(handed) == expected
    passed = table[table.kind == "activations"].groupby("stage").bytes.sum()
    whole = float(costs.prefill_activation_bytes().sum()) * s.prefill_pool.dp
    assert passed.tolist() == pytest.approx([whole] * (s.pp - 1), rel=1e-9)
    if s.handoff == HandoffIn.WHOLE.value:
        assert set(table[table.kind == "handoff"].chunk) == {s.workload.chunks - 1}


def test_no_transfer_beats_its_path_and_no_channel_its_bandwidth(result):
    graph = result.graph
    alone = np.array([*graph.routes.alone, np.inf])
    route = np.array(graph.route)
    least = np.array(graph.latency_s) + np.array(graph.amount) / alone[route]
    moves = route != COMPUTE
    took = result.end_s - result.start_s
    assert (took[moves] >= least[moves] * (1 - 1e-9) - 1e-12 * result.end_s[moves]).all()
    assert (result.metrics.channel_use.utilisation <= 1 + 1e-9).all()


def test_channels_carried_what_was_sent_over_them(result):
    """Each transfer of a bundle crosses what its path has, divided by how many there are."""
    table, crossed = result.table, result.table.crossed
    each = table.bytes / np.maximum(table.facts["shards"], 1)
    sent = sum(each[table.path.codes == code].sum() * len(names)
               for code, names in enumerate(crossed))  # fmt: skip
    use = result.metrics.channel_use.set_index("channel").bytes
    twins = {channel.name for channel in result.graph.stands_for}
    assert use[[name for name in use.index if name not in twins]].sum() == pytest.approx(sent)
    for channel, other in result.graph.stands_for.items():
        assert use[channel.name] == use[other.name]


def test_the_other_laws(result):
    laws.devices_run_one_job_at_a_time(result)
    laws.memory_is_never_exceeded(result)
    laws.the_critical_path_is_all_of_the_time_to_the_first_token(result)
    assert predicted_events(result.scenario) == result.metrics.events == result.plan.events


def test_it_is_the_same_each_time(result):
    again = run(result.scenario)
    assert np.array_equal(again.end_s, result.end_s)
    assert again.trace.equals(result.trace)
