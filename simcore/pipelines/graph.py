"""A plan as a task graph: every pass, collective, handoff and activation, and what each waits for.

This is where the semantics of a pipeline are stated, once; whoever runs the graph adds nothing.
"""

from itertools import pairwise

import numpy as np

from simcore.engine.graph import TaskGraph
from simcore.pipelines.blocks import Blocks
from simcore.pipelines.plan import PipelinePlan
from simcore.pipelines.tags import (
    Activations,
    Background,
    DecodeActivations,
    DecodeCollective,
    DecodePass,
    Handoff,
    PrefillCollective,
    PrefillPass,
)


def pipeline_graph(plan: PipelinePlan) -> TaskGraph:
    """The task graph of a plan.

    Stage 0 prefills one chunk after the other. At the end of a chunk a stage hands its KV cache
    over, sends its activations to the next stage, and goes on to its next chunk. A stage starts a
    chunk when its activations are there; where devices are exclusive, also not before the chunk
    before it has ended (a short last chunk could overtake, but attention looks back). What else a
    stage and the first decode step wait for is said by `plan.semantics`. A pass is cut into parts
    where its GPUs exchange data, or where KV cache is handed over layer by layer: each part
    computes, then its GPUs exchange data, then it hands over. Exchanges that are flows go round by
    round, the next when all of the one before has arrived.

    Decode works on its micro-batches in turn: at each stage in the order of steps, then of
    micro-batches. A micro-batch starts a step when the one before has left the last stage: sampled
    tokens are a few bytes and return at no cost.
    """
    blocks = Blocks(plan.routes)
    prefill = _Prefill(blocks, plan)
    decode = _Decode(blocks, plan, first_device=len(plan.prefill_devices))
    prefill.connect(decode.first)
    decode.connect()
    for flood in plan.floods:
        blocks.released((flood.channel,), flood.bytes, flood.start_s, Background)
    return blocks.graph((*plan.prefill_devices, *plan.decode_devices), plan.stands_for)


class _Prefill:
    """Passes of the prefill pool, and what they hand over and send on."""

    def __init__(self, blocks, plan):
        self.blocks = blocks
        self.plan = plan
        chunks = np.arange(plan.chunks)
        self.passes = [
            _Pass(
                blocks, parts, seconds, PrefillPass, PrefillCollective,
                device=stage, stage=stage, chunk=chunks,
            )
            for stage, (parts, seconds) in enumerate(
                zip(plan.prefill_parts, plan.prefill_seconds, strict=True)
            )
        ]  # fmt: skip
        at = plan.chunks - 1 if plan.at_the_end else chunks
        self.handoffs = [
            [
                [
                    blocks.transfers(
                        Handoff, route.sending,
                        stage=stage, to_stage=route.receiver, chunk=at,
                        part=number if len(parts) > 1 else -1,
                    )
                    for route in part.handoffs
                ]
                for number, part in enumerate(parts)
            ]
            for stage, parts in enumerate(plan.prefill_parts)
        ]  # fmt: skip
        self.activations = [
            [
                blocks.transfers(
                    Activations, sending, stage=stage, to_stage=stage + 1, chunk=chunks
                )
                for sending in sendings
            ]
            for stage, sendings in enumerate(plan.activations)
        ]

    def connect(self, first_decode):
        """Who waits for whom; `first_decode` is the first decode pass."""
        semantics, blocks = self.plan.semantics, self.blocks
        last = len(self.passes) - 1
        for stage, run in enumerate(self.passes):
            following = []
            if stage < last:
                following = self.activations[stage]
                first = self.passes[stage + 1].first
                for block in following:
                    blocks.each(block, [first])
                if semantics.stage_waits_for_handoff:
                    for block in self._handed(stage):
                        blocks.each(block, [first])
            in_turn = stage == 0 or semantics.exclusive_devices
            run.connect(self._at_each_part(stage), following, in_turn=in_turn)
            if self.plan.at_the_end:
                for block in self._handed(stage):
                    for tail in run.tails[-1]:
                        blocks.all_before(tail[-1:], block[0])
            if semantics.decode_waits_for_all or stage == last:
                for block in self._handed(stage):
                    blocks.all_before(block, first_decode)

    def _handed(self, stage):
        return [block for part in self.handoffs[stage] for block in part]

    def _at_each_part(self, stage):
        """What starts at the end of each part of each chunk."""
        if self.plan.at_the_end:
            return [[]] * len(self.handoffs[stage])
        return self.handoffs[stage]


class _Decode:
    """Passes of the decode pool."""

    def __init__(self, blocks, plan, first_device):
        self.blocks = blocks
        self.plan = plan
        steps = np.arange(plan.steps)
        last = len(plan.decode_parts) - 1
        self.passes = [
            [
                _Pass(
                    blocks, parts, seconds, DecodePass, DecodeCollective,
                    device=first_device + stage, stage=stage, step=steps, microbatch=batch,
                )
                for batch in range(plan.microbatches)
            ]
            for stage, (parts, seconds) in enumerate(
                zip(plan.decode_parts, plan.decode_seconds, strict=True)
            )
        ]  # fmt: skip
        self.activations = [
            [
                [
                    blocks.transfers(
                        DecodeActivations, sending,
                        stage=stage, to_stage=stage + 1, step=steps, microbatch=batch,
                    )
                    for sending in plan.decode_activations[stage]
                ]
                for batch in range(plan.microbatches)
            ]
            for stage in range(last)
        ]  # fmt: skip
        self.first = self.passes[0][0].first[0]

    def connect(self):
        """Who waits for whom."""
        blocks = self.blocks
        last = len(self.passes) - 1
        for stage, runs in enumerate(self.passes):
            for batch, run in enumerate(runs):
                following = self.activations[stage][batch] if stage < last else []
                run.connect([[]] * len(run.tails), following, in_turn=False)
                for block in following:
                    blocks.each(block, [self.passes[stage + 1][batch].first])
                if len(runs) > 1:
                    # A stage takes the micro-batches of a step in turn, then those of the next.
                    for tail in run.tails[-1]:
                        if batch + 1 < len(runs):
                            blocks.each(tail, [runs[batch + 1].first])
                        else:
                            blocks.next(tail, runs[0].first)
                # With one stage and several micro-batches that order says it already.
                if stage == last and not (last == 0 and len(runs) > 1):
                    for tail in run.tails[-1]:
                        blocks.next(tail, self.passes[0][batch].first)


class _Pass:
    """The passes of a stage, one for each chunk or step, in parts.

    Attributes
    ----------
    first : the jobs that begin a pass
    tails : of each part, what ends it: a job, or the transfers of the last round
    """

    def __init__(self, blocks, parts, seconds, kind, collective, *, device, **facts):
        self.blocks = blocks
        self.chains = []  # of each part, groups of blocks, one after the other
        for number, part in enumerate(parts):
            here = facts | ({"part": number} if len(parts) > 1 else {})
            times = seconds if part.share == 1.0 else [part.share * s for s in seconds]
            chain = [[blocks.jobs(kind, times, device=device, **here)]]
            if part.collective_s is not None:
                chain.append([blocks.jobs(collective, part.collective_s, device=device, **here)])
            for sendings in part.rounds:
                chain.append([blocks.transfers(collective, each, **here) for each in sendings])
            self.chains.append(chain)
        self.first = self.chains[0][0][0]
        self.tails = [chain[-1] for chain in self.chains]

    def connect(self, at_each_part, following, *, in_turn):
        """Connect the parts with each other and with what starts when they end.

        Parameters
        ----------
        at_each_part : blocks that start at the end of each part
        following : blocks that start at the end of the pass
        in_turn : whether the first part of the next pass waits for the last of this
        """
        blocks = self.blocks
        for number, chain in enumerate(self.chains):
            for before, after in pairwise(chain):
                for block in before:
                    blocks.each(block, after)
            last = number + 1 == len(self.chains)
            starting = [*at_each_part[number], *(following if last else self.chains[number + 1][0])]
            for block in chain[-1]:
                blocks.each(block, starting, then=self.first if last and in_turn else None)
