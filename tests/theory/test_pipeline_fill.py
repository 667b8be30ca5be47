"""What a pipeline and a lone transfer take, in closed form."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gpu_catalog
from simcore import (
    CommChannel,
    CommNetworkSimulator,
    DataBatch,
    DisaggregatedPDSystemPP,
    SilentSystem,
)
from simcore.costs import HandoffShare, PassCosts, Pool, Semantics, Workload
from simcore.pipelines import make_plan
from simcore.topologies import ReferenceFabric

PREFILL_S, DECODE_S = 0.25, 0.0625


class FreeTransfers:
    """Every pass takes the same time; there is nothing to send."""

    def __init__(self, workload, semantics):
        self.workload = workload
        self.semantics = semantics

    def prefill_passes(self, stage):
        return self._passes(self.workload.chunks, PREFILL_S)

    def decode_passes(self, stage):
        return self._passes(self.workload.output_tokens, DECODE_S)

    def prefill_activation_bytes(self):
        return np.zeros(self.workload.chunks)

    def decode_activation_bytes(self):
        return 0.0

    def handoff_shares(self, sender, receiver, layers=None):
        sizes = np.zeros(self.workload.chunks)
        return (HandoffShare(sender=0, receiver=0, bytes=sizes),) if sender == receiver else ()

    def _passes(self, n, seconds):
        flop = np.full(n, seconds)
        zero = np.zeros(n)
        return PassCosts.roofline(
            flop=flop, attention=zero, traffic=zero, weights=zero, flops=1.0, bandwidth=1.0
        )


class FreeWire:
    bandwidth = 1.0
    latency = 0.0


@pytest.mark.parametrize("chunks", [1, 2, 7, 30])
@pytest.mark.parametrize("stages", [1, 2, 5, 16])
@pytest.mark.parametrize("reference", [False, True])
def test_a_pipeline_fills_and_then_yields_a_chunk_at_a_time(chunks, stages, reference):
    """Makespan of equal passes and free transfers: (chunks + stages - 1) t. Then a step a token."""
    semantics = Semantics(
        stage_waits_for_handoff=reference,
        decode_waits_for_all=not reference,
        exclusive_devices=not reference,
        full_duplex=not reference,
    )
    steps = 3
    workload = Workload(batch_size=1, prompt_tokens=chunks, chunk_tokens=1, output_tokens=steps)
    gpu = gpu_catalog.gpus()[0]
    pools = {name: Pool(name=name, gpu=gpu, pp=stages) for name in ("prefill", "decode")}
    fabric = ReferenceFabric(
        prefill_gpus=stages,
        decode_gpus=stages,
        prefill_nics=1,
        link=lambda name: FreeWire,
        full_duplex=semantics.full_duplex,
    )
    costs = FreeTransfers(workload, semantics)
    simulator = CommNetworkSimulator()
    plan = make_plan(costs, fabric, workload=workload, **pools)
    system = DisaggregatedPDSystemPP(simulator, plan)
    system.start()
    simulator.run(system)
    prefill = [job for job in simulator.completed_compute if job.tag.kind == "prefill"]
    decode = [job for job in simulator.completed_compute if job.tag.kind == "decode"]
    # Sums of powers of two: exact.
    fill_s = (chunks + stages - 1) * PREFILL_S
    assert max(job.end_time for job in prefill) == fill_s
    assert min(job.start_time for job in decode) == fill_s
    assert max(job.end_time for job in decode) == fill_s + steps * stages * DECODE_S
    for job in prefill:
        assert job.start_time == (job.tag.stage + job.tag.chunk) * PREFILL_S


CHANNELS = st.tuples(st.floats(1.0, 1e12), st.floats(0.0, 10.0))


@given(st.lists(CHANNELS, min_size=1, max_size=8), st.floats(0.0, 1e12))
def test_a_lone_transfer_takes_its_latencies_and_size_over_the_least_bandwidth(channels, size):
    path = [CommChannel(str(i), b, latency) for i, (b, latency) in enumerate(channels)]
    batch = DataBatch("lone", size, path)
    simulator = CommNetworkSimulator()
    simulator.add_batch(batch)
    simulator.run(SilentSystem())
    latency, bandwidth = sum(la for _, la in channels), min(b for b, _ in channels)
    assert batch.end_time == pytest.approx(latency + size / bandwidth, rel=1e-12)
