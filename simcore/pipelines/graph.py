"""A plan as a task graph: every pass, handoff and activation, and what each waits for.

This is where the semantics of a pipeline are stated, once; whoever runs the graph adds nothing.
"""

from collections.abc import Sequence

import numpy as np

from simcore.engine.graph import COMPUTE, TaskGraph
from simcore.pipelines.plan import PipelinePlan
from simcore.pipelines.tags import (
    Activations,
    DecodeActivations,
    DecodePass,
    Handoff,
    PrefillPass,
)

KINDS = (PrefillPass, Handoff, Activations, DecodePass, DecodeActivations)
FACTS = ("stage", "to_stage", "chunk", "step")


def pipeline_graph(plan: PipelinePlan) -> TaskGraph:
    """The task graph of a plan.

    Stage 0 prefills one chunk after the other. At the end of a chunk a stage hands its KV cache
    over, sends its activations to the next stage, and goes on to its next chunk. A stage starts a
    chunk when its activations are there; where devices are exclusive, also not before the chunk
    before it has ended (a short last chunk could overtake, but attention looks back). What else a
    stage and the first decode step wait for is said by `plan.semantics`. A decode step starts when
    the one before has left the last stage: sampled tokens are a few bytes and return at no cost.
    """
    tasks = _Tasks(plan)
    chunks, steps = plan.chunks, plan.steps
    last, last_decode = len(plan.prefill_seconds) - 1, len(plan.decode_seconds) - 1
    semantics = plan.semantics

    passes = [
        tasks.jobs(PrefillPass, seconds, device=stage, stage=stage, chunk=np.arange(chunks))
        for stage, seconds in enumerate(plan.prefill_seconds)
    ]
    handoffs = [
        [
            tasks.transfers(
                Handoff, r.bytes, r.path, stage=stage, to_stage=r.receiver, chunk=np.arange(chunks)
            )
            for r in routes
        ]
        for stage, routes in enumerate(plan.handoffs)
    ]
    activations = [
        tasks.transfers(
            Activations, plan.activation_bytes, path,
            stage=stage, to_stage=stage + 1, chunk=np.arange(chunks),
        )
        for stage, path in enumerate(plan.activation_paths)
    ]  # fmt: skip
    decodes = [
        tasks.jobs(DecodePass, seconds, device=last + 1 + stage, stage=stage, step=np.arange(steps))
        for stage, seconds in enumerate(plan.decode_seconds)
    ]
    decode_activations = [
        tasks.transfers(
            DecodeActivations, [plan.decode_activation_bytes] * steps, path,
            stage=stage, to_stage=stage + 1, step=np.arange(steps),
        )
        for stage, path in enumerate(plan.decode_activation_paths)
    ]  # fmt: skip

    for stage in range(last + 1):
        # At the end of a chunk, in this order.
        followers = [*handoffs[stage]]
        if stage < last:
            followers.append(activations[stage])
            tasks.each(activations[stage], [passes[stage + 1]])
            if semantics.stage_waits_for_handoff:
                for handoff in handoffs[stage]:
                    tasks.each(handoff, [passes[stage + 1]])
        in_turn = stage == 0 or semantics.exclusive_devices
        tasks.each(passes[stage], followers, in_turn=in_turn)
        if semantics.decode_waits_for_all or stage == last:
            for handoff in handoffs[stage]:
                tasks.all_before(handoff, decodes[0][0])
    for stage in range(last_decode):
        tasks.each(decodes[stage], [decode_activations[stage]])
        tasks.each(decode_activations[stage], [decodes[stage + 1]])
    for step in range(steps - 1):
        tasks.before(decodes[last_decode][step], decodes[0][step + 1])
    return tasks.graph()


class _Tasks:
    """Blocks of like tasks, each a range of numbers."""

    def __init__(self, plan):
        self.plan = plan
        self.amount: list[float] = []
        self.route: list[int] = []
        self.successors: list[Sequence[int]] = []
        self.waits_for: list[int] = []
        self.blocks = []  # (slice of the tasks, kind, device, facts)

    def jobs(self, kind, seconds, *, device, **facts) -> range:
        return self._block(kind, seconds, COMPUTE, device, facts)

    def transfers(self, kind, sizes, path, **facts) -> range:
        return self._block(kind, sizes, self.plan.routes.number(path), -1, facts)

    def _block(self, kind, amounts, route, device, facts):
        first, count = len(self.amount), len(amounts)
        self.amount += amounts
        self.route += [route] * count
        self.successors += [()] * count
        self.waits_for += [0] * count
        self.blocks.append((slice(first, first + count), kind, device, facts))
        return range(first, first + count)

    def each(self, tasks, followers, *, in_turn=False):
        """The n-th task is waited for by the n-th of each follower; `in_turn`, by its own next."""
        if in_turn:
            self._extend(tasks[:-1], [*[follower[:-1] for follower in followers], tasks[1:]])
            self._extend(tasks[-1:], [follower[-1:] for follower in followers])
        else:
            self._extend(tasks, followers)

    def all_before(self, tasks, waiting):
        """One task waits for all of `tasks`."""
        self._append(tasks, [(waiting,)] * len(tasks))
        self.waits_for[waiting] += len(tasks)

    def before(self, task, waiting):
        """One task waits for one other."""
        self.all_before(range(task, task + 1), waiting)

    def _extend(self, tasks, followers):
        self._append(tasks, list(zip(*followers, strict=True)) or [()] * len(tasks))
        for follower in followers:
            block = slice(follower.start, follower.stop)
            self.waits_for[block] = [count + 1 for count in self.waits_for[block]]

    def _append(self, tasks, added):
        block = slice(tasks.start, tasks.stop)
        old = self.successors[block]
        self.successors[block] = (
            [a + b for a, b in zip(old, added, strict=True)] if any(old) else added
        )

    def graph(self) -> TaskGraph:
        facts = {name: np.full(len(self.amount), -1) for name in FACTS}
        kind = np.empty(len(self.amount), dtype=int)
        device = np.empty(len(self.amount), dtype=int)
        for place, block_kind, block_device, block_facts in self.blocks:
            kind[place] = KINDS.index(block_kind)
            device[place] = block_device
            for name, values in block_facts.items():
                facts[name][place] = values
        return TaskGraph(
            amount=self.amount,
            route=self.route,
            successors=self.successors,
            waits_for=self.waits_for,
            routes=self.plan.routes,
            device=device,
            devices=(*self.plan.prefill_devices, *self.plan.decode_devices),
            kind=kind,
            kinds=KINDS,
            facts=facts,
        )
