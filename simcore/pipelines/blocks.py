"""Blocks of like tasks, one for each chunk or step, from which a task graph is put together."""

from collections.abc import Sequence

import numpy as np

from simcore.engine.graph import COMPUTE, TaskGraph
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

KINDS = (
    PrefillPass,
    PrefillCollective,
    Handoff,
    Activations,
    DecodePass,
    DecodeCollective,
    DecodeActivations,
    Background,
)
FACTS = (
    "stage", "to_stage", "chunk", "step", "microbatch", "part", "rank", "to_rank", "shards",
)  # fmt: skip


class Blocks:
    """Tasks of a graph in the making; each block is a range of their numbers.

    Parameters
    ----------
    routes : paths by number
    """

    def __init__(self, routes):
        self.routes = routes
        self.amount: list[float] = []
        self.route: list[int] = []
        self.latency_s: list[float] = []
        self.successors: list[Sequence[int]] = []
        self.waits_for: list[int] = []
        self.release: dict[int, float] = {}
        self.blocks = []  # (slice of the tasks, kind, device, facts)

    def jobs(self, kind, seconds, *, device, **facts) -> range:
        """Jobs of such durations [s] on a device."""
        none = [0.0] * len(seconds)
        return self._block(kind, seconds, none, COMPUTE, device, facts)

    def transfers(self, kind, sending, **facts) -> range:
        """A transfer for each chunk or step."""
        facts |= {"rank": sending.rank, "to_rank": sending.to_rank, "shards": sending.shards}
        route = self.routes.number(sending.path)
        return self._block(kind, sending.bytes, sending.latency_s, route, -1, facts)

    def released(self, path, size, start_s, kind):
        """A transfer that waits for none, and starts at `start_s` [s]."""
        latency = sum(channel.latency_s for channel in path)
        block = self._block(kind, [size], [latency], self.routes.number(path), -1, {})
        self.release[block[0]] = start_s

    def _block(self, kind, amounts, latency_s, route, device, facts):
        first, count = len(self.amount), len(amounts)
        self.amount += amounts
        self.latency_s += latency_s
        self.route += [route] * count
        self.successors += [()] * count
        self.waits_for += [0] * count
        self.blocks.append((slice(first, first + count), kind, device, facts))
        return range(first, first + count)

    def each(self, tasks, followers, *, then=None):
        """The n-th task is waited for by the n-th of each follower, and by the next of `then`."""
        if then is None:
            self._extend(tasks, followers)
        else:
            self._extend(tasks[:-1], [*[follower[:-1] for follower in followers], then[1:]])
            self._extend(tasks[-1:], [follower[-1:] for follower in followers])

    def next(self, tasks, followers):
        """The n-th task is waited for by the one after the n-th of the followers."""
        self._extend(tasks[:-1], [followers[1:]])

    def all_before(self, tasks, waiting):
        """One task waits for all of `tasks`."""
        self._append(tasks, [(waiting,)] * len(tasks))
        self.waits_for[waiting] += len(tasks)

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

    def graph(self, devices, stands_for) -> TaskGraph:
        """The graph of all that was put in."""
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
            latency_s=self.latency_s,
            successors=self.successors,
            waits_for=self.waits_for,
            routes=self.routes,
            device=device,
            devices=devices,
            kind=kind,
            kinds=KINDS,
            facts=facts,
            release=self.release,
            stands_for=stands_for,
        )
