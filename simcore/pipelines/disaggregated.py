"""Prefill and decode on pools of their own, each a pipeline."""

from simcore.engine import CommNetworkSimulator, ComputeJob, DataBatch, SimulatedSystem
from simcore.pipelines.plan import PipelinePlan
from simcore.pipelines.tags import (
    Activations,
    DecodeActivations,
    DecodePass,
    Handoff,
    PrefillPass,
)


class DisaggregatedPDSystemPP(SimulatedSystem):
    """A batch of prompts is prefilled chunk by chunk, handed over, and decoded token by token.

    Stage 0 prefills one chunk after the other. At the end of a chunk a stage hands its KV cache
    over, sends its activations to the next stage, and goes on. What a stage and the first decode
    step wait for is said by `plan.semantics`. A decode step starts when the one before has left
    the last stage: the sampled tokens are a few bytes and return at no cost.

    Example: `DisaggregatedPDSystemPP(simulator, plan).start()`, then `simulator.run(system)`.
    """

    def __init__(self, simulator: CommNetworkSimulator, plan: PipelinePlan):
        self.simulator = simulator
        self.plan = plan
        stages, chunks = len(plan.prefill_seconds), plan.chunks
        self._last_stage = stages - 1
        self._last_decode_stage = len(plan.decode_seconds) - 1
        waits = plan.semantics.stage_waits_for_handoff
        # By stage and chunk: arrivals still missing before the chunk can be computed.
        self._missing = [
            [1 + waits * len(plan.handoffs[stage - 1])] * chunks if stage else [0] * chunks
            for stage in range(stages)
        ]
        self._next_chunk = [0] * stages
        everyone = plan.semantics.decode_waits_for_all
        senders = plan.handoffs if everyone else plan.handoffs[-1:]
        self._handoffs_missing = chunks * sum(len(routes) for routes in senders)

    def start(self) -> None:
        """The requests arrive: the first chunk starts on the first stage."""
        self._prefill(0)

    def on_compute_complete(self, simulator, job):
        plan = self.plan
        match job.tag:
            case PrefillPass(stage, chunk):
                for route in plan.handoffs[stage]:
                    tag = Handoff(stage, route.receiver, chunk)
                    simulator.add_batch(DataBatch(tag.kind, route.bytes[chunk], route.path, tag))
                if stage < self._last_stage:
                    tag = Activations(stage, stage + 1, chunk)
                    size = plan.activation_bytes[chunk]
                    path = plan.activation_paths[stage]
                    simulator.add_batch(DataBatch(tag.kind, size, path, tag))
                if stage == 0 and chunk + 1 < plan.chunks:
                    self._prefill(0)
            case DecodePass(stage, step) if stage < self._last_decode_stage:
                tag = DecodeActivations(stage, stage + 1, step)
                path = plan.decode_activation_paths[stage]
                size = plan.decode_activation_bytes
                simulator.add_batch(DataBatch(tag.kind, size, path, tag))
            case DecodePass(_, step) if step + 1 < plan.steps:
                self._decode(0, step + 1)

    def on_data_transfer_complete(self, simulator, batch):
        match batch.tag:
            case Activations(_, stage, chunk):
                self._arrived(stage, chunk)
            case Handoff(stage, _, chunk):
                semantics = self.plan.semantics
                last = stage == self._last_stage
                if semantics.stage_waits_for_handoff and not last:
                    self._arrived(stage + 1, chunk)
                if semantics.decode_waits_for_all or last:
                    self._handoffs_missing -= 1
                    if not self._handoffs_missing:
                        self._decode(0, 0)
            case DecodeActivations(_, stage, step):
                self._decode(stage, step)

    def _arrived(self, stage, chunk):
        missing = self._missing[stage]
        missing[chunk] -= 1
        # In order, although a short last chunk may overtake: its attention looks back.
        while self._next_chunk[stage] < len(missing) and not missing[self._next_chunk[stage]]:
            self._prefill(stage)

    def _prefill(self, stage):
        chunk = self._next_chunk[stage]
        self._next_chunk[stage] = chunk + 1
        plan = self.plan
        tag = PrefillPass(stage, chunk)
        self.simulator.add_compute(
            ComputeJob(tag.kind, plan.prefill_seconds[stage][chunk], plan.prefill_devices[stage], tag)
        )

    def _decode(self, stage, step):
        plan = self.plan
        tag = DecodePass(stage, step)
        self.simulator.add_compute(
            ComputeJob(tag.kind, plan.decode_seconds[stage][step], plan.decode_devices[stage], tag)
        )
