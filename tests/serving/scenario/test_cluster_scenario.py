"""Clusters as files: there and back, what they mean, and what is wrong with some of them."""

import dataclasses

import pytest

from simcore.errors import DoesNotFit, ScenarioError
from simcore.serving.replica import Role, Victim
from simcore.serving.scenario import ClusterScenario, aggregated, cluster_of
from simcore.topologies import Place

FULL = """
model: Llama 3.1 70B
cost_model: physical
pools:
  - {name: near, role: prefill, replicas: 2, gpu: H100, tp: 4, settings: {max_num_seqs: 64}}
  - name: far
    role: decode
    replicas: 3
    gpu: NVIDIA H200
    tp: 2
    pp: 2
    layer_split: 41,39
    engine: vllm 0.18
    settings: {victim: least urgent, prefix_caching: false, draft_tokens: 3, acceptance_rate: 0.7}
    scaling: {policy: {policy: hpa, target: 5.0}, least: 1, most: 4}
fabric: {topology: hgx-fat-tree, nics: 4, oversubscription: 2}
workload:
  requests: 50
  arrivals: {law: gamma, rate_per_s: 3, cv: 2}
  prompt: 500
  output: {law: uniform, low: 1, high: 9}
policies:
  {routing: round-robin, admission: {policy: queue-depth, most_in_flight: 9}, scheduling: sjf}
signals: {delay_s: 0.5}
kv_transfer: layer-wise
faults: [{pool: near, replica: 1, at_s: 4.0, back_s: 9.0}, {part: node 0 NIC 1, at_s: 2.0}]
bounds: {most_in_flight: 500}
retries: 1
seed: 7
"""


def test_there_and_back():
    scenario = ClusterScenario.from_text(FULL)
    assert ClusterScenario.from_text(scenario.to_yaml()) == scenario
    assert ClusterScenario.from_text(scenario.to_json()) == scenario
    assert scenario.pools[1].settings.victim is Victim.LEAST_URGENT
    assert scenario.pools[1].gpu == "NVIDIA H200"
    assert ClusterScenario.from_dict({}) == ClusterScenario()


def test_what_it_means():
    spec = cluster_of(ClusterScenario.from_text(FULL))
    near, far = spec.pools
    assert near.plan.pool.gpus == 4 and far.plan.pool.gpus == 4
    assert far.plan.pool.layer_counts == (41, 39)
    assert far.plan.onward is not None and near.plan.onward is None
    assert near.plan.joining.nodes == 1
    # There are GPUs for as many replicas as there may be.
    assert max(place.rank for place in spec.topology.places if place.pool == "decode") == 15
    assert spec.policies.admission.parameters == {"most_in_flight": 9}
    assert spec.signals.delay_s == 0.5 and spec.retries == 1


def test_replicas_follow_one_another_in_the_topology():
    pools = [
        {"name": "a", "role": "prefill", "tp": 4, "replicas": 2},
        {"name": "b", "role": "decode", "tp": 4},
        {"name": "c", "role": "both", "tp": 4, "replicas": 3},
    ]
    spec = cluster_of(ClusterScenario.from_dict({"pools": pools}))
    where = [(pool.place, pool.first_gpu) for pool in spec.pools]
    assert where == [("prefill", 0), ("decode", 0), ("decode", 4)]
    assert Place("decode", 15) in spec.topology.places


def test_aggregated_is_the_same_gpus_and_steps_without_pools_of_their_own():
    scenario = ClusterScenario()
    one = aggregated(scenario)
    assert {pool.role for pool in one.pools} == {Role.BOTH}
    before, after = cluster_of(scenario), cluster_of(one)
    for a, b in zip(before.pools, after.pools, strict=True):
        assert (a.plan.pool, a.replicas, a.plan.joining) == (
            b.plan.pool,
            b.replicas,
            b.plan.joining,
        )


def test_replicas_that_move_nothing_need_no_fabric():
    pools = [{"name": "all", "gpu": "NVIDIA RTX 4090"}]
    spec = cluster_of(ClusterScenario.from_dict({"model": "Llama 3.1 8B", "pools": pools}))
    assert spec.topology is None


def test_the_first_requests_and_a_trace_take_the_place_of_the_workload():
    scenario = ClusterScenario()
    assert scenario.asking(requests=3).workload.requests == 3
    [load] = scenario.asking(trace="mine.csv").workload.clients
    assert load.trace.file == "mine.csv" and load.ttft_s == 1.0
    closed = {"arrivals": {"law": "closed-loop"}, "prompt": 10, "output": 10, "requests": 9}
    loop = ClusterScenario.from_dict({"workload": closed}).asking(requests=4)
    assert len(list(loop.workload.source(0))) == 4


ALL = {"name": "a"}
SET = "pools[0].settings"


@pytest.mark.parametrize(
    ("values", "field", "says"),
    [
        ({"modle": 1}, "modle", "did you mean 'model'"),
        ({"model": "Lama 3.1 70B"}, "model", "did you mean"),
        ([], None, "begin with model"),
        ({"pools": []}, "pools", "give one or more"),
        ({"pools": {}}, "pools", "must be a list"),
        ({"pools": [ALL, ALL]}, "pools[1].name", "change one"),
        ({"pools": [{"rôle": "both"}]}, "pools[0].rôle", "did you mean 'role'"),
        ({"pools": [{"role": "encode"}]}, "pools[0].role", "use one of both, prefill, decode"),
        ({"pools": [{"tp": 0}]}, "pools[0].tp", "from 1 to 256"),
        ({"pools": [{"gpu": "H1000"}]}, "pools[0].gpu", "did you mean"),
        ({"pools": [{"settings": {"seqs": 1}}]}, "pools[0].settings.seqs", "max_num_seqs"),
        ({"pools": [{"settings": {"max_num_seqs": 0}}]}, "pools[0].settings.max_num_seqs", "whole"),
        ({"pools": [{"settings": {"chunked_prefill": 1}}]}, f"{SET}.chunked_prefill", "true"),
        ({"pools": [{"scaling": {"most": 0}}]}, "pools[0].scaling.most", "whole number"),
        ({"pools": [{"scaling": {"policy": "hpb"}}]}, "pools[0].scaling.policy", "hpa"),
        ({"fabric": {"nics": 0}}, "fabric.nics", "from 1 to 64"),
        ({"workload": {"requests": 5}}, "workload.clients", "no client"),
        ({"policies": {"routing": "robin"}}, "policies.routing", "round-robin"),
        ({"policies": {"routing": 3}}, "policies.routing", "must name a policy"),
        ({"policies": {"routing": {"policy": "random", "x": 1}}}, "policies.routing.x", "has none"),
        ({"signals": {"delay_s": -1}}, "signals.delay_s", "from 0"),
        ({"bounds": {"until_s": "soon"}}, "bounds.until_s", "number"),
        ({"faults": {}}, "faults", "must be a list"),
        ({"faults": [{"at_s": 1}]}, "faults[0]", "one of replica"),
        ({"faults": [{"part": "x"}]}, "faults[0].at_s", "give it"),
        ({"faults": [{"part": 3, "at_s": 1}]}, "faults[0].part", "a name"),
        ({"faults": [{"replica": 0.5, "pool": "a", "at_s": 1}]}, "faults[0].replica", "whole"),
        ({"kv_transfer": "sometimes"}, "kv_transfer", "layer-wise"),
        ({"seed": float("nan")}, "seed", "out of range"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place_and_a_remedy(values, field, says):
    with pytest.raises(ScenarioError, match=says) as caught:
        ClusterScenario.from_dict(values)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("values", "field", "says"),
    [
        ({"pools": [{"tp": 3}]}, "pools[0].tp", "does not divide"),
        ({"pools": [{"role": "decode", "tp": 4}]}, "pools", "nothing prefills"),
        (
            {"pools": [{"dp": 64, "settings": {"max_num_seqs": 4096}}]},
            f"{SET}.max_num_seqs", "use 512 or less",
        ),
        ({"fabric": {"nics": 9}}, "fabric.nics", "^fabric: nics = 9.*use 8 or less"),
        (
            {"fabric": {"placement": "same rack", "topology": "two-sites"}},
            "fabric.placement", "use across",
        ),
        ({"faults": [{"part": "node 0 NIC 77", "at_s": 1}]}, "faults", "^faults: no NIC"),
        ({"faults": [{"pool": "prefill", "replica": 9, "at_s": 1}]}, "faults", "no replica 9"),
        (
            {"pools": [{"name": "p", "role": "prefill"}, {"name": "q", "role": "prefill", "tp": 2},
                       {"name": "d", "role": "decode"}]},
            "pools", "make them alike",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_built_is_said_with_its_place(values, field, says):
    with pytest.raises(ScenarioError, match=says) as caught:
        cluster_of(ClusterScenario.from_dict(values))
    assert caught.value.field == field


def test_a_gpu_that_is_too_small_names_its_pool():
    scenario = ClusterScenario.from_dict({"pools": [{"name": "small", "gpu": "L4"}]})
    with pytest.raises(DoesNotFit, match=r"pools\[0\] \(small\)") as caught:
        cluster_of(scenario)
    assert caught.value.need > caught.value.limit


def test_files_are_named_in_errors(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("pools: [{gpu: H1000}]")
    with pytest.raises(ScenarioError, match=r"mine.yaml: pools\[0\].gpu"):
        ClusterScenario.load(path)
    path.write_text("a: &x [1]\nb: *x")
    with pytest.raises(ScenarioError, match="aliases are not allowed"):
        ClusterScenario.load(path)


def test_a_scenario_is_a_frozen_value():
    with pytest.raises(dataclasses.FrozenInstanceError):
        ClusterScenario().seed = 3
    assert ClusterScenario().replace(seed=4).seed == 4
