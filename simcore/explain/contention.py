"""Which channels were contended for, by whom, and how much time that cost.

A transfer that is alone moves at the speed of the slowest channel of its path. Beside others it is
held to less, at each moment by one channel: its bottleneck in the max-min fair allocation. In dt it
falls behind by (1 - rate / rate alone)·dt, which is put down to that channel. So the costs of all
channels together are what all transfers took longer than alone.

Where one transfer of the graph stands for several that are alike, each of those counts; channels
that carry the same as another are told of with that one.
"""

from functools import cached_property

import numpy as np

from simcore.engine import CommChannel
from simcore.engine.graph import TaskGraph
from simcore.engine.rates import mean_shares, moving, route_rates
from simcore.engine.trace import SHARDS
from simcore.explain.channel_use import ChannelUse, Crossing, Flow, Sharer
from simcore.explain.shares import alone_of, copies_on, crossings_of, delays_of, sharing_of
from simcore.result import Result

PLACES = ("stage", "to_stage", "rank", "to_rank")


class Contention:
    """Who shared the channels of a run.

    Parameters
    ----------
    graph, start_s, end_s : what was executed, and when each of its tasks began and ended [s]
    critical : tasks on the critical path
    """

    def __init__(self, graph: TaskGraph, start_s, end_s, critical=()):
        self.graph = graph
        self.end_s = float(np.max(end_s))
        self._moved = moving(graph, start_s, end_s)
        self._route = np.array(graph.route)[self._moved.tasks]
        self._rates = route_rates(graph, self._moved)
        self._flows, self._flow = _flows(graph, self._moved.tasks)
        self._critical = np.isin(self._moved.tasks, critical)

    @classmethod
    def of(cls, result: Result) -> "Contention":
        """Of a scenario's run."""
        critical = result.task_of_row[result.critical_path.rows]
        return cls(result.graph, result.start_s, result.end_s, critical)

    @cached_property
    def channels(self) -> tuple[ChannelUse, ...]:
        """Every channel in use: what cost most first, then what was shared and busy for longest."""
        moved, flows = self._moved, len(self._flows)
        crossed = crossings_of(self.graph.routes, self._route)
        begin, end = moved.begin_s[crossed.transfer], moved.end_s[crossed.transfer]
        shared = sharing_of(crossed, begin, end)
        late = delays_of(self.graph.routes, moved, self._route, self._rates, crossed)

        key = crossed.channel * flows + self._flow[crossed.transfer]
        pairs, pair = np.unique(key, return_inverse=True)
        late_pair = np.searchsorted(pairs, late.channel * flows + self._flow[late.transfer])
        size = np.array(self.graph.amount)[moved.tasks][crossed.transfer]
        of_pairs = zip(
            pairs.tolist(),
            np.bincount(pair, crossed.copies, len(pairs)).astype(int).tolist(),
            *(
                np.bincount(index, weights, len(pairs)).tolist()
                for index, weights in (
                    (pair, crossed.copies * size),
                    (pair, crossed.copies * (end - begin)),
                    (pair, crossed.copies * shared.of_row),
                    (late_pair, late.seconds),
                )
            ),
            strict=True,
        )
        sharers: list[list[Sharer]] = [[] for _ in crossed.channels]
        for code, *sums in of_pairs:
            sharers[code // flows].append(Sharer(self._flows[code % flows], *sums))

        alike: dict[CommChannel, tuple[CommChannel, ...]] = {}
        for channel, other in self.graph.stands_for.items():
            alike[other] = (*alike.get(other, ()), channel)
        count = len(crossed.channels)
        delay = np.bincount(late.channel, late.seconds, count).tolist()
        critical = self._critical[late.transfer]
        critical = np.bincount(late.channel, late.seconds * critical, count).tolist()
        found = [
            ChannelUse(
                channel,
                alike.get(channel, ()),
                float(shared.busy_s[n]),
                float(shared.shared_s[n]),
                int(shared.most[n]),
                delay[n],
                critical[n],
                tuple(sorted(sharers[n], key=lambda one: (-one.delay_s, -one.moving_s))),
            )
            for n, channel in enumerate(crossed.channels)
        ]
        return tuple(sorted(found, key=lambda use: (-use.delay_s, -use.shared_s, -use.busy_s)))

    @property
    def delay_s(self) -> float:
        """What all transfers together took longer than alone [s]."""
        return float(sum(use.delay_s * (1 + len(use.alike)) for use in self.channels))

    @property
    def critical_s(self) -> float:
        """Of that, what transfers on the critical path did [s]."""
        return float(sum(use.critical_s * (1 + len(use.alike)) for use in self.channels))

    def use_of(self, channel: CommChannel) -> ChannelUse | None:
        """The use of a channel, or of the one whose use is the same; None if it is never used."""
        return self._use_of.get(self.graph.stands_for.get(channel, channel))

    @cached_property
    def _use_of(self):
        return {use.channel: use for use in self.channels}

    def mean_shares(self, edges: np.ndarray) -> dict[CommChannel, np.ndarray]:
        """Of each channel in use, its mean share of bandwidth between each two moments [s]."""
        return mean_shares(self.graph, self._rates, edges)

    def fullest(self, channel: CommChannel, from_s: float, to_s: float) -> float:
        """The first moment [s] of a time at which most transfers move over a channel."""
        mine = np.isin(self._route, self._routes_over(channel))
        begin, end = np.sort(self._moved.begin_s[mine]), np.sort(self._moved.end_s[mine])
        moments = np.append(from_s, begin[(begin > from_s) & (begin < to_s)])
        moving = np.searchsorted(begin, moments, side="right")
        moving -= np.searchsorted(end, moments, side="right")
        return float(moments[np.argmax(moving)])

    def crossing(self, channel: CommChannel, at_s: float) -> list[Crossing]:
        """The transfers that move over a channel at a moment [s], the fastest first."""
        table = self.graph.routes
        over = self._routes_over(channel)
        channel = self.graph.stands_for.get(channel, channel)
        now = (self._moved.begin_s <= at_s) & (at_s < self._moved.end_s)
        found = []
        for place in np.flatnonzero(now & np.isin(self._route, over)).tolist():
            number = int(self._route[place])
            route = self._rates[number]
            step = int(np.searchsorted(route.moments, at_s, side="right")) - 1
            found.append(
                Crossing(
                    int(self._moved.tasks[place]),
                    self._flows[self._flow[place]],
                    copies_on(table, number)[channel],
                    float(route.rate[step]),
                    alone_of(table, number),
                    route.bound_by[step],
                )
            )
        return sorted(found, key=lambda crossing: (-crossing.rate, crossing.task))

    def _routes_over(self, channel):
        channel = self.graph.stands_for.get(channel, channel)
        paths = self.graph.routes.one
        return [number for number in self._rates if channel in paths[number]]


def _flows(graph: TaskGraph, tasks: np.ndarray) -> tuple[list[Flow], np.ndarray]:
    """The flows that some transfers belong to, and of each transfer the place of its own."""
    absent = np.full(len(tasks), -1)
    facts = [graph.facts[name][tasks] if name in graph.facts else absent for name in PLACES]
    shards = graph.facts[SHARDS][tasks] if SHARDS in graph.facts else absent
    told = np.stack([graph.kind[tasks], *facts, np.maximum(shards, 1)], axis=1)
    rows, flow = np.unique(told, axis=0, return_inverse=True)
    kinds = [kind.kind for kind in graph.kinds]
    return [Flow(kinds[kind], *rest) for kind, *rest in rows.tolist()], flow.reshape(-1)
