"""What waits for what, on two stages and times that can be added in one's head."""

import numpy as np
import pytest

import gpu_catalog
from simcore import CommNetworkSimulator, DisaggregatedPDSystemPP, Scenario, run
from simcore.costs import HandoffShare, PassCosts, Pool, Semantics, Workload
from simcore.machine import topology_of
from simcore.pipelines import make_plan
from simcore.run import cost_model_of
from simcore.topologies import Place, ReferenceFabric

CALM = {
    "stage_waits_for_handoff": False,
    "decode_waits_for_all": False,
    "exclusive_devices": True,
    "full_duplex": True,
}


class Wire:
    """1 byte/s, at once."""

    bandwidth = 1.0
    latency = 0.0


def passes_that_take(seconds):
    """Passes of such durations, bound by compute of 1 FLOP/s."""
    zero = np.zeros_like(seconds)
    return PassCosts.roofline(
        flop=seconds, attention=zero, traffic=zero, weights=zero, flops=1.0, bandwidth=1.0
    )


class Costs:
    """Two stages whose prefill passes, in seconds, and handoffs, in bytes, are as given."""

    def __init__(self, semantics, passes, handoffs, activations=0.0):
        self.semantics = semantics
        self.passes = passes
        self.handoffs = handoffs
        self.activations = activations

    def prefill_passes(self, stage):
        return passes_that_take(np.array(self.passes[stage]))

    def decode_passes(self, stage):
        return passes_that_take(np.ones(1))

    def prefill_activation_bytes(self):
        return np.full(len(self.passes[0]), self.activations)

    def decode_activation_bytes(self):
        return 0.0

    def handoff_shares(self, sender, receiver, layers=None):
        sizes = np.array(self.handoffs[sender])
        return (HandoffShare(sender=0, receiver=0, bytes=sizes),) if sender == receiver else ()


def starts(semantics, passes, handoffs, activations=0.0):
    """When each job starts [s], by (kind, stage, chunk or step)."""
    costs = Costs(Semantics(**{**CALM, **semantics}), passes, handoffs, activations)
    chunks = len(passes[0])
    workload = Workload(batch_size=1, prompt_tokens=chunks, chunk_tokens=1, output_tokens=1)
    pools = {n: Pool(name=n, gpu=gpu_catalog.gpus()[0], pp=2) for n in ("prefill", "decode")}
    fabric = ReferenceFabric(
        prefill_gpus=2,
        decode_gpus=2,
        prefill_nics=2,
        link=lambda name: Wire,
        full_duplex=costs.semantics.full_duplex,
    )
    simulator = CommNetworkSimulator()
    plan = make_plan(costs, fabric, workload=workload, **pools)
    system = DisaggregatedPDSystemPP(simulator, plan)
    system.start()
    simulator.run(system)
    return {
        (job.tag.kind, job.tag.stage, getattr(job.tag, "chunk", 0)): job.start_time
        for job in simulator.completed_compute
    }


def test_decode_waits_for_every_stage_s_kv_cache_or_for_the_last_stage_s_alone():
    # Both passes take 1 s. Stage 0's KV cache takes 10 s from 1 s on; stage 1's is there at 2 s.
    passes, handoffs = [[1.0], [1.0]], [[10.0], [0.0]]
    assert starts({"decode_waits_for_all": True}, passes, handoffs)["decode", 0, 0] == 11
    assert starts({"decode_waits_for_all": False}, passes, handoffs)["decode", 0, 0] == 2


def test_a_stage_waits_for_the_handoff_before_it_or_for_its_activations_alone():
    passes, handoffs = [[1.0], [1.0]], [[10.0], [0.0]]
    assert starts({"stage_waits_for_handoff": True}, passes, handoffs)["prefill", 1, 0] == 11
    assert starts({"stage_waits_for_handoff": False}, passes, handoffs)["prefill", 1, 0] == 1


@pytest.mark.parametrize(("exclusive", "second"), [(True, 6), (False, 2)])
def test_a_gpu_runs_one_pass_at_a_time_or_lets_them_overlap(exclusive, second):
    # Stage 0 yields a chunk a second; stage 1 takes 5 s for each, from 1 s on.
    passes, handoffs = [[1.0, 1.0], [5.0, 5.0]], [[0.0, 0.0], [0.0, 0.0]]
    found = starts({"exclusive_devices": exclusive}, passes, handoffs)
    assert found["prefill", 1, 0] == 1
    assert found["prefill", 1, 1] == second


def test_stage_0_goes_on_while_what_it_sent_is_on_its_way():
    passes, handoffs = [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]], [[9.0] * 3, [0.0] * 3]
    found = starts({}, passes, handoffs, activations=4.0)
    assert [found["prefill", 0, chunk] for chunk in range(3)] == [0, 1, 2]


@pytest.mark.parametrize("full_duplex", [True, False])
def test_activations_and_kv_cache_share_the_sender_s_lane(full_duplex):
    # 1 B of each leave GPU 0 over its lane of 1 B/s: half a byte a second each, there at 3 s.
    found = starts({"full_duplex": full_duplex}, [[1.0], [1.0]], [[1.0], [0.0]], activations=1.0)
    assert found["prefill", 1, 0] == 3


@pytest.mark.parametrize(("full_duplex", "start"), [(True, 3), (False, 4)])
def test_what_arrives_slows_what_leaves_only_where_wires_are_half_duplex(full_duplex, start):
    # Stage 0's chunks end at 1 and 2 s; each sends 1 B of activations to stage 1 and nothing else.
    # The first is there at 2 s, stage 1 takes no time over it and hands 1 B over from 2 s on,
    # just when the second chunk's activations come in over the same lane: 3 s if they do not
    # share it; if they do, they take half of it each: both are there at 4 s.
    found = starts(
        {"full_duplex": full_duplex}, [[1.0, 1.0], [0.0, 0.0]], [[0.0, 0.0], [1.0, 1.0]], 1.0
    )
    assert found["prefill", 1, 1] == start


@pytest.mark.parametrize("topology", ["reference", "two-sites"])
def test_to_pull_takes_the_latency_of_asking_longer(topology):
    scenario = Scenario(
        llm="LLaMA-3.1-8B",
        topology=topology,
        decode_gpu="NVIDIA H100",
        pp=1,
        prompt_tokens=1024,
        chunk_tokens=1024,
    )
    machine = topology_of(scenario, cost_model_of(scenario))
    back = machine.path(Place("decode", 0), Place("prefill", 0))
    pushed, pulled = (run(scenario.replace(handoff_by=by)).metrics for by in ("push", "pull"))
    asking = sum(channel.latency_s for channel in back)
    assert asking > 0
    assert pulled.ttds_s - pushed.ttds_s == pytest.approx(asking, rel=1e-6)
