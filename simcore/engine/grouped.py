"""A network of many transfers: their rates are kept in groups by bottleneck."""

from collections import Counter
from heapq import heappush

from simcore.engine.crowd import Crowd
from simcore.engine.groups import NOWHERE, Groups
from simcore.engine.work import check_path

FINISH = 1

# Idle paths are forgotten when there are more paths than this, and more than twice the busy ones.
MOST_IDLE_PATHS = 512


class Passage:
    """The transfers that are moving over one path.

    Attributes
    ----------
    path : the channels it crosses
    latency : sum of theirs [s]
    groups, number : what keeps its transfers, and its number there
    """

    __slots__ = ("groups", "latency", "number", "path")

    def __init__(self, path):
        self.path = path
        self.latency = sum(channel.latency_s for channel in path)
        self.groups = self.number = None

    @property
    def idle(self) -> bool:
        return self.groups.bound[self.number] == NOWHERE

    @property
    def rate(self) -> float:
        """Of each of its transfers [byte/s]."""
        return self.groups.rate[self.groups.bound[self.number]]

    def served(self, now) -> float:
        """Bytes each transfer has been served on this path's clock at time `now` [byte]."""
        return self.groups.served(self.number, now)


class SparseGroups(Crowd):
    """Groups whose ends are events of the simulator."""

    def _announce(self, due, task):
        heappush(self._events, (due, FINISH, task, self))


class GroupedNetwork:
    """The paths in use, and the max-min fair rates of the transfers over them.

    Parameters
    ----------
    events : the simulator's, to which the ends of transfers go
    rebound : called with a path, its new bottleneck and the time [s] whenever that is another one

    Attributes
    ----------
    touched : the groups whose transfers changed since rates were last settled
    """

    swamped = False

    def __init__(self, events, rebound=None):
        self._rebound = rebound
        self._passages = {}
        self._batches = {}  # those that move, by their order of adding
        self._room = MOST_IDLE_PATHS
        self._sparse = SparseGroups(events, None, rebound and self._on_rebound(rebound))
        self.touched = {}

    def latency(self, path) -> float:
        """Time that a transfer over `path` is in flight before its payload moves [s]."""
        return self._passage(path).latency

    def join(self, batch, now):
        """`batch` begins to move its payload; settling tells when it ends."""
        self.resume(batch, batch.total_size, now)

    def resume(self, batch, size, now):
        """`size` [byte] of `batch` are still to move, from `now` [s] on."""
        passage = self._passage(batch.path)
        groups = passage.groups
        self._batches[batch._seq] = batch
        batch._route = passage
        batch._target = groups.join(passage.number, batch._seq, size, now)
        self.touched[groups] = None

    def ends(self, event) -> bool:
        """Whether a transfer ends at this event, or the event is out of date."""
        now, _, seq, groups = event
        batch = self._batches.get(seq)
        if batch is None or batch._route.groups is not groups:
            return False
        return groups.ends(batch._route.number, seq, now)

    def outdated(self, event) -> bool:
        """Whether this is the end of a transfer as it was expected once."""
        now, _, seq, groups = event
        if not isinstance(groups, Groups):
            return False
        batch = self._batches.get(seq)
        return (
            batch is None
            or batch._route.groups is not groups
            or not groups.expects(batch._route.number, now)
        )

    def leave(self, event):
        """The transfer of an event that `ends` has ended; returns it."""
        now, _, seq, groups = event
        batch = self._batches.pop(seq)
        groups.leave(batch._route.number, now)
        self.touched[groups] = None
        return batch

    def settle(self, now, events):
        """Bring rates up to date at `now` [s]; new ends go to the simulator's events."""
        for groups in self.touched:
            groups.settle(now)
        self.touched.clear()

    def _passage(self, path) -> Passage:
        passage = self._passages.get(path)
        if passage is None:
            check_path(path)
            if len(self._passages) >= self._room:
                self._forget_idle_paths()
            passage = self._passages[path] = Passage(path)
            passage.groups = self._sparse
            passage.number = self._sparse.add(Counter(path), passage)
        return passage

    def _forget_idle_paths(self):
        for path, passage in list(self._passages.items()):
            if passage.idle:
                passage.groups.forget(passage.number)
                del self._passages[path]
        self._room = max(MOST_IDLE_PATHS, 2 * len(self._passages))

    @staticmethod
    def _on_rebound(rebound):
        return lambda passage, channel, now: rebound(passage.path, channel, now)
